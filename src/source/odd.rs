//! Ids that a program wrote where no id was, or that a program has spoiled.
//!
//! Promises: what looks like a real id of any usual kind (numbers, UUIDs, hex, emails) is never odd. It does not know
//! columns; whether odd ids are sent is decided elsewhere.

/// What databases, scripts and spreadsheets write for "nothing", in lower case.
const NOTHING: [&str; 25] = [
    "null",
    "(null)",
    "<null>",
    "[null]",
    "\\n",
    "nil",
    "<nil>",
    "none",
    "nan",
    "undefined",
    "n/a",
    "na",
    "<na>",
    "-",
    "--",
    "?",
    ".",
    "inf",
    "-inf",
    "infinity",
    "true",
    "false",
    "[object object]",
    "00000000-0000-0000-0000-000000000000",
    "-nan",
];

/// A spreadsheet's error values, in lower case, as Excel, Calc and Sheets write them.
const ERRORS: [&str; 16] = [
    "#n/a",
    "#ref!",
    "#value!",
    "#name?",
    "#div/0!",
    "#null!",
    "#num!",
    "#spill!",
    "#calc!",
    "#getting_data",
    "#field!",
    "#blocked!",
    "#connect!",
    "#unknown!",
    "#busy!",
    "#error!",
];

/// Damaged encoding, and what nobody sees: soft hyphen, zero-width space, word joiner, a byte order mark gone astray.
const SPOILED: [char; 5] = [char::REPLACEMENT_CHARACTER, '\u{ad}', '\u{200b}', '\u{2060}', '\u{feff}'];

/// Whether a trimmed text is hardly an id.
pub(super) fn is_odd(text: &str) -> bool {
    let known = |list: &[&str]| list.iter().any(|word| word.eq_ignore_ascii_case(text));
    known(&NOTHING)
        || (text.starts_with('#') && (known(&ERRORS) || text.bytes().all(|byte| byte == b'#')))
        || (!text.is_ascii() && text.contains(SPOILED))
        || (text.len() >= 2 && text.starts_with('"') && text.ends_with('"'))
        || is_scientific(text)
}

/// `1.23457E+15`: a number that a spreadsheet has rounded. `12e5` may be a piece of hex, so a point or a sign is asked
/// for.
fn is_scientific(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    // Most ids are told by their first byte.
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return false;
    }
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let (whole, part) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, "0"));
    let power = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let marked = whole.len() != mantissa.len() || power.len() != exponent.len();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    marked && digits(whole) && digits(part) && digits(power)
}

#[cfg(test)]
mod tests {
    use super::is_odd;

    #[test]
    fn what_no_id_looks_like() {
        for odd in [
            "1.23457E+15",
            "1,2e+5",
            "1E+15",
            "-1.5e3",
            "#N/A",
            "#ref!",
            "########",
            "NULL",
            "NaN",
            "None",
            "N/A",
            "-",
            "undefined",
            "\\N",
            "\"quoted\"",
            "dam\u{fffd}aged",
            "\u{feff}c-1",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert!(is_odd(odd), "{odd}");
        }
    }

    #[test]
    fn what_ids_look_like() {
        for id in [
            "42",
            "0042",
            "12e5",
            "5e10",
            "e+5",
            "1.5",
            "user-1",
            "a@example.com",
            "#42",
            "nullify",
            "1.2e+",
            "émile",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "\"",
            "E15",
            "1.2.3e+4",
        ] {
            assert!(!is_odd(id), "{id}");
        }
    }
}
