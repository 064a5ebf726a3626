//! How long an answer asks to wait. Pure: knows neither clock nor gate, and sets no upper bound of its own.

use std::time::Duration;

use crate::domain::Moment;

/// Reads `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date relative to the answer's own `date`, and without
/// one relative to `now`. A date in the past is no wait; what is neither seconds nor a date says nothing.
pub(super) fn wait(value: &str, date: Option<&str>, now: impl FnOnce() -> Moment) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // Only digits: what does not fit is too large.
        return Some(value.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let until = Moment::parse_http_date(value)?;
    Some(until.since(date.and_then(Moment::parse_http_date).unwrap_or_else(now)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: &str = "Sat, 21 Nov 2026 12:00:00 GMT";

    fn never() -> Moment {
        panic!("the wall clock is not asked")
    }

    #[test]
    fn a_date_counts_from_the_answers_own_date() {
        let later = "Sat, 21 Nov 2026 12:00:42 GMT";
        assert_eq!(wait(later, Some(NOON), never), Some(Duration::from_secs(42)));
        assert_eq!(wait(NOON, Some(later), never), Some(Duration::ZERO), "in the past");
    }

    #[test]
    fn a_date_counts_from_the_wall_clock_only_without_one() {
        let now = Moment::parse_http_date(NOON).unwrap();
        for date in [None, Some("yesterday")] {
            assert_eq!(wait("Sat, 21 Nov 2026 12:01:00 GMT", date, || now), Some(Duration::from_mins(1)));
        }
    }

    #[test]
    fn absurd_values_say_nothing() {
        for value in ["", " ", "-1", "+5", "1.5", "1e3", "soon", "0x10", "12 s", "Sat, 99 Nov 2026 12:00:00 GMT"] {
            assert_eq!(wait(value, Some(NOON), never), None, "{value:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_as_long_as_can_be() {
        assert_eq!(wait("99999999999999999999999", None, never), Some(Duration::MAX));
        assert_eq!(wait(&u64::MAX.to_string(), None, never), Some(Duration::from_secs(u64::MAX)));
    }

    proptest! {
        #[test]
        fn seconds_are_read_back(seconds: u64, before in " {0,3}", after in " {0,3}") {
            prop_assert_eq!(wait(&format!("{before}{seconds}{after}"), None, never), Some(Duration::from_secs(seconds)));
        }

        #[test]
        fn no_text_panics(value in any::<String>(), date in any::<Option<String>>()) {
            wait(&value, date.as_deref(), || Moment::from_millis(0));
        }
    }
}
