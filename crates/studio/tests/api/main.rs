#![cfg(test)]
//! What the studio promises to those who use it.

mod practice;
mod scenes;
