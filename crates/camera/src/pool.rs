//! A few buffers for camera pictures that go round and round, wiped each time they come back.
//!
//! A picture of a face or an ID therefore stays in memory only while somebody holds its frame. Scratch memory inside codecs is not covered.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroize;

/// Newest frame, the one being filled, and those that slow readers still hold. More would only keep memory.
const KEPT: usize = 6;

/// Where wiped buffers wait.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<Vec<Vec<u8>>>>);

impl Pool {
    /// An empty buffer, used before if one is free.
    pub(crate) fn take(&self) -> PooledBytes {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        PooledBytes { bytes, home: self.clone() }
    }
}

/// Bytes that are wiped and go home when dropped.
pub(crate) struct PooledBytes {
    bytes: Vec<u8>,
    home: Pool,
}

impl PooledBytes {
    /// Appends, growing into a new buffer and wiping the old one: a plain `Vec` would leave a copy behind.
    pub(crate) fn extend(&mut self, more: &[u8]) {
        let needed = self.bytes.len() + more.len();
        if needed > self.bytes.capacity() {
            let mut larger = Vec::with_capacity(needed + needed / 4);
            larger.extend_from_slice(&self.bytes);
            self.bytes.zeroize();
            self.bytes = larger;
        }
        self.bytes.extend_from_slice(more);
    }
}

impl Deref for PooledBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<[u8]> for PooledBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for PooledBytes {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "PooledBytes({} bytes)", self.bytes.len())
    }
}

impl Drop for PooledBytes {
    fn drop(&mut self) {
        self.bytes.zeroize(); // wipes the whole capacity and leaves an empty vector
        let mut free = self.home.0.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < KEPT {
            free.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_that_comes_back_is_empty_and_is_used_again() {
        let pool = Pool::default();
        let mut bytes = pool.take();
        bytes.extend(&[7; 1000]);
        let place = bytes.as_ptr();
        drop(bytes);
        let again = pool.take();
        assert!(again.is_empty(), "nothing of the picture before may be readable");
        assert_eq!(again.as_ptr(), place, "the same memory goes round");
        assert!(pool.take().is_empty(), "a second one is made when the first is out");
    }

    #[test]
    fn the_pool_does_not_grow_without_bound() {
        let pool = Pool::default();
        let many: Vec<PooledBytes> = (0..40).map(|_| pool.take()).collect();
        drop(many);
        assert!(pool.0.lock().unwrap().len() <= KEPT);
    }
}
