//! Buffers for camera pictures that go round and round, wiped each time they come back.
//!
//! A picture of a face or an ID therefore stays in memory only while somebody holds its frame, and a running stream asks the
//! system for no memory. Scratch memory inside codecs is not covered.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroize;

/// Newest frame, the one being filled, and those that slow readers still hold. More would only keep memory.
const KEPT: usize = 6;

/// Where wiped buffers wait. All bytes of a waiting buffer are zero.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool(Arc<Mutex<Vec<Vec<u8>>>>);

impl Pool {
    /// An empty buffer, used before if one is free.
    pub(crate) fn take(&self) -> PooledBytes {
        self.take_for(0)
    }

    /// Gives the waiting buffers back to the system: nobody streams any more.
    pub(crate) fn release(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// A buffer of `used` zeros: the smallest free one that holds them without growing, else the largest.
    pub(crate) fn take_zeros(&self, used: usize) -> PooledBytes {
        let mut buffer = self.take_for(used);
        buffer.grow_to(used);
        buffer.used = used;
        buffer
    }

    fn take_for(&self, needed: usize) -> PooledBytes {
        let mut free = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let best = (0..free.len()).min_by_key(|index| {
            let room = free[*index].len();
            if needed > 0 && room >= needed { (false, room) } else { (true, usize::MAX - room) }
        });
        let bytes = best.map(|index| free.swap_remove(index)).unwrap_or_default();
        PooledBytes { bytes, used: 0, home: self.clone() }
    }
}

/// Bytes that are wiped and go home when dropped.
pub(crate) struct PooledBytes {
    /// Everything from `used` on is zero.
    bytes: Vec<u8>,
    used: usize,
    home: Pool,
}

impl PooledBytes {
    /// Appends, growing into a new buffer and wiping the old one: a plain `Vec` would leave a copy behind.
    pub(crate) fn extend(&mut self, more: &[u8]) {
        let needed = self.used + more.len();
        if needed > self.bytes.len() {
            self.grow_to(needed + needed / 4);
        }
        self.bytes[self.used..needed].copy_from_slice(more);
        self.used = needed;
    }

    fn grow_to(&mut self, len: usize) {
        if len > self.bytes.len() {
            let mut larger = vec![0; len];
            larger[..self.used].copy_from_slice(&self.bytes[..self.used]);
            self.bytes[..self.used].zeroize();
            self.bytes = larger;
        }
    }
}

impl Deref for PooledBytes {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes[..self.used]
    }
}

impl DerefMut for PooledBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.used]
    }
}

impl AsRef<[u8]> for PooledBytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for PooledBytes {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "PooledBytes({} bytes)", self.used)
    }
}

impl Drop for PooledBytes {
    fn drop(&mut self) {
        // As a slice: `zeroize` of a `Vec` goes byte by byte, which costs more than decoding the picture did.
        self.bytes[..self.used].zeroize();
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
    fn a_buffer_that_comes_back_is_wiped_and_is_used_again() {
        let pool = Pool::default();
        let mut bytes = pool.take();
        bytes.extend(&[7; 1000]);
        let place = bytes.as_ptr();
        drop(bytes);
        assert!(pool.0.lock().unwrap()[0].iter().all(|byte| *byte == 0), "nothing of the picture before may be left");
        let again = pool.take();
        assert!(again.is_empty());
        assert_eq!(again.as_ptr(), place, "the same memory goes round");
        assert!(pool.take().is_empty(), "a second one is made when the first is out");
    }

    #[test]
    fn growing_wipes_what_it_leaves_and_keeps_what_was_written() {
        let pool = Pool::default();
        let mut bytes = pool.take();
        for n in 0..50u8 {
            bytes.extend(&[n + 1; 100]);
        }
        assert_eq!(bytes.len(), 5_000);
        assert!(bytes.chunks(100).enumerate().all(|(n, part)| part.iter().all(|byte| usize::from(*byte) == n + 1)));
        let zeros = pool.take_zeros(64);
        assert!(zeros.len() == 64 && zeros.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn the_smallest_buffer_that_fits_is_taken() {
        let pool = Pool::default();
        drop([3_000, 1_000, 2_000].map(|len| pool.take_zeros(len)));
        let place = |bytes: &PooledBytes| bytes.bytes.len();
        let (medium, large, small) = (pool.take_zeros(1_500), pool.take(), pool.take_zeros(5));
        assert_eq!((place(&medium), place(&large), place(&small)), (2_000, 3_000, 1_000));
    }

    #[test]
    fn the_pool_does_not_grow_without_bound() {
        let pool = Pool::default();
        let many: Vec<PooledBytes> = (0..40).map(|_| pool.take()).collect();
        drop(many);
        assert!(pool.0.lock().unwrap().len() <= KEPT);
        pool.release();
        assert!(pool.0.lock().unwrap().is_empty());
    }
}
