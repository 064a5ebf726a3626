//! A description's text: the laws stand in `fuzz/src/description.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_fuzz::description::check(data));
