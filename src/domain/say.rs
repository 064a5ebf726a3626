//! Counts and durations as people read them: one wording for the bar, the prompt and the summary.

use std::time::Duration;

/// `1,234,567`.
#[must_use]
pub fn say_count(count: u64) -> String {
    let digits = count.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The two largest units, cut, not rounded: `300ms`, `12s`, `2m 30s`, `1h 38m`, `3d 4h`.
#[must_use]
pub fn say_duration(duration: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let seconds = duration.as_secs();
    let Some(largest) = UNITS.iter().position(|(size, _)| seconds >= *size) else {
        return match duration.subsec_millis() {
            0 => "0s".to_owned(),
            millis => format!("{millis}ms"),
        };
    };
    let (size, unit) = UNITS[largest];
    let first = format!("{}{unit}", seconds / size);
    match UNITS.get(largest + 1).map(|(size_below, below)| (seconds % size / size_below, below)) {
        None | Some((0, _)) => first,
        Some((count, below)) => format!("{first} {count}{below}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_threes() {
        let said = [0, 7, 999, 1_000, 12_345, 123_456, 1_234_567, u64::MAX].map(say_count);
        assert_eq!(said, ["0", "7", "999", "1,000", "12,345", "123,456", "1,234,567", "18,446,744,073,709,551,615"]);
    }

    #[test]
    fn durations_show_their_two_largest_units() {
        let millis = [0, 300, 999, 1_000, 12_900, 60_000, 150_000, 3_599_999, 3_600_000, 5_885_000, 273_600_000];
        let said = millis.map(|millis| say_duration(Duration::from_millis(millis)));
        assert_eq!(said, ["0s", "300ms", "999ms", "1s", "12s", "1m", "2m 30s", "59m 59s", "1h", "1h 38m", "3d 4h"]);
    }
}
