//! Any input: the laws stand in `fuzz/src/reader.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_fuzz::reader::check(data));
