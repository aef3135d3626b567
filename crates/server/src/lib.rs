//! The reference verification API: library and binary.
