//! What answers say: the laws stand in `fuzz/src/answers.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_fuzz::answers::check(data));
