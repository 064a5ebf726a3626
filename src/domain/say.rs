//! Counts, durations and strangers' words as people read them: one wording for the bar, the prompt and the summary.

use std::{borrow::Cow, time::Duration};

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

/// `1 row`, `2 rows`: so many of what has this name, whose plural ends with an s.
#[must_use]
pub fn say_number(count: u64, one: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{} {one}{end}", say_count(count))
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

/// What a stranger said, on one line: whatever would break it, move the cursor, or hide or turn letters stands as `\u{…}`.
#[must_use]
pub fn say_quoted(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unseen) {
        return text.into();
    }
    let escaped =
        |letter: char| if is_unseen(letter) { letter.escape_unicode().to_string() } else { letter.to_string() };
    text.chars().map(escaped).collect::<String>().into()
}

/// Control characters, line and paragraph separators, and those that format without being seen (Unicode's `Cf`, as far as
/// they turn or hide what stands around them: UAX #9 and UTR #36, section 2.5).
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_grouped_by_threes() {
        assert_eq!([0, 1, 2_000].map(|rows| say_number(rows, "row")), ["0 rows", "1 row", "2,000 rows"]);
        let said = [0, 7, 999, 1_000, 12_345, 123_456, 1_234_567, u64::MAX].map(say_count);
        assert_eq!(said, ["0", "7", "999", "1,000", "12,345", "123,456", "1,234,567", "18,446,744,073,709,551,615"]);
    }

    #[test]
    fn a_stranger_writes_nothing_but_letters() {
        assert_eq!(say_quoted("14c3 – Größe, \u{65e5}"), "14c3 – Größe, \u{65e5}");
        let hostile = "a\r\n\u{1b}[2Jb\u{202e}c\u{9b}\u{2028}\u{200b}";
        assert_eq!(say_quoted(hostile), r"a\u{d}\u{a}\u{1b}[2Jb\u{202e}c\u{9b}\u{2028}\u{200b}");
    }

    #[test]
    fn durations_show_their_two_largest_units() {
        let millis = [0, 300, 999, 1_000, 12_900, 60_000, 150_000, 3_599_999, 3_600_000, 5_885_000, 273_600_000];
        let said = millis.map(|millis| say_duration(Duration::from_millis(millis)));
        assert_eq!(said, ["0s", "300ms", "999ms", "1s", "12s", "1m", "2m 30s", "59m 59s", "1h", "1h 38m", "3d 4h"]);
    }
}
