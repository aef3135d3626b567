#![cfg(test)]
//! The client against servers that are not ours, not well, or not there.

mod strangers;
