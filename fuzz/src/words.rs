//! Texts that people and other programs write: durations, rates, shares, digests, dates.

use tollgate::{
    domain::{Amount, Digest, Id, IdFormat, IdKind, Moment, parse_duration, parse_percent, say_duration},
    flow::Rate,
};

/// The target.
pub fn check(data: &[u8]) {
    if let Some(digest) = Digest::parse(data) {
        assert_eq!(digest.to_string().as_bytes(), data);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(duration) = parse_duration(text) {
        let _ = say_duration(duration);
    }
    if let Ok(rate) = Rate::parse(text) {
        assert!(rate.get().is_finite() && rate.get() > 0.0);
        let _ = rate.default_burst();
    }
    if let Ok(percent) = parse_percent(text) {
        assert!((0.0..=100.0).contains(&percent));
    }
    let _ = Amount::parse(text);
    for moment in [Moment::parse_rfc3339(text), Moment::parse_http_date(text)].into_iter().flatten() {
        let millis = Moment::from_millis(moment.millis());
        assert_eq!(Moment::parse_rfc3339(&millis.rfc3339()), Some(millis));
        let _ = moment.compact();
    }
    if let Ok(id) = Id::parse(IdKind(0), text) {
        assert!(id.text() == text && !text.is_empty() && !text.contains(['\0', '\r', '\n']));
        let _ = (IdFormat::Hex24.check(&id), IdFormat::Uuid.check(&id));
    }
}
