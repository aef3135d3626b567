#![cfg(test)]
//! Through the front door only: a camera that is opened, read, lost and closed as the product does it.
