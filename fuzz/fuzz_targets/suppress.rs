//! The list of those who shall not come back: the laws stand in `fuzz/src/suppress.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_fuzz::suppress::check(data));
