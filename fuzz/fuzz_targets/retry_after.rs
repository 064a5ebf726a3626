//! `Retry-After` beside `Date`: the laws stand in `fuzz/src/retry_after.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| tollgate_fuzz::retry_after::check(data));
