//! Dates and durations as people write them: the only module that names `jiff`.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo, Timestamp, fmt::rfc2822};

/// A point on the wall clock, in whole milliseconds; never used to measure how long something took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Timestamp);

impl Moment {
    /// From milliseconds since 1970; beyond jiff's range (year 9999) it is the epoch.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// `2026-11-21T01:39:00.123Z`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        format!("{:.3}", self.0)
    }

    /// Reads what [`Moment::rfc3339`] wrote.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse().ok().map(|stamp: Timestamp| Self::from_millis(stamp.as_millisecond()))
    }

    /// `20261121T013900Z`, for directory names.
    #[must_use]
    pub fn compact(self) -> String {
        self.0.strftime("%Y%m%dT%H%M%SZ").to_string()
    }

    /// Reads an HTTP date (RFC 9110, section 5.6.7; the IMF-fixdate form).
    #[must_use]
    pub fn parse_http_date(text: &str) -> Option<Self> {
        rfc2822::parse(text.trim()).ok().map(|zoned| Self(zoned.timestamp()))
    }

    /// How long after `earlier` this is; zero when it is not after.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.duration_since(earlier.0).try_into().unwrap_or(Duration::ZERO)
    }
}

/// Reads `300ms`, `2m`, `1h 30m`, `30d`, `2w`; a day has 24 hours.
///
/// # Errors
/// One sentence about what is wrong with the text.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration such as 300ms, 2m, 1h or 30d");
    let span: Span = text.trim().parse().map_err(|_| wrong())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    Duration::try_from(duration).map_err(|_| format!("`{text}` is negative"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9]{0,20}[a-zµ. -]{0,8}[0-9]{0,20}[a-z]{0,8}|.{0,40}") {
            let _ = (parse_duration(&text), Moment::parse_http_date(&text));
            if let Some(moment) = Moment::parse_rfc3339(&text) {
                prop_assert_eq!(Moment::parse_rfc3339(&moment.rfc3339()), Some(moment));
            }
        }
    }

    #[test]
    fn durations_read_from_milliseconds_to_weeks() {
        let seconds = |text| parse_duration(text).map(|duration| duration.as_secs_f64());
        let texts = ["300ms", "2m", "1h 30m", "1.5h", "26h", "30d", " 2w 1d ", "0s"];
        let read: Vec<f64> = texts.iter().map(|text| seconds(text).expect("a duration")).collect();
        assert_eq!(read, [0.3, 120.0, 5_400.0, 5_400.0, 93_600.0, 2_592_000.0, 1_296_000.0, 0.0]);
        for text in ["", "5", "soon", "1mo", "1y", "-5s", "-1d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
