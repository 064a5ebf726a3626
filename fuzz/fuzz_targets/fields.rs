//! Columns and JSON bodies: the laws stand in `fuzz/src/fields.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_fuzz::fields::check(data));
