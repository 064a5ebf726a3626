//! `Retry-After` beside `Date`: two lines of the input, the second may be missing.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
// The module below is the house's own; it knows `crate::domain`.
use tollgate::domain;

#[path = "../../src/remote/retry_after.rs"]
mod retry_after;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (value, date) = text.split_once('\n').map_or((text, None), |(value, date)| (value, Some(date)));
    let waits = retry_after::wait(value, date, || domain::Moment::from_millis(0));
    if let Ok(seconds) = value.trim().parse::<u32>() {
        let told = value.trim().bytes().all(|byte| byte.is_ascii_digit());
        assert_eq!(waits, told.then(|| Duration::from_secs(u64::from(seconds))));
    }
});
