//! Texts that people and other programs write: the laws stand in `fuzz/src/words.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_fuzz::words::check(data));
