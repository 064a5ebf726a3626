//! A run's directory: the laws stand in `fuzz/src/results.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_fuzz::results::check(data));
