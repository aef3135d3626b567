//! The server over real HTTP on a loopback port, with a clock the tests move.
#![cfg(test)]
