//! How any bytes stand in one field of the results: reversible, on one physical line, harmless to a spreadsheet.
//!
//! Promises: [`restore`] of [`store`] is the identity for any bytes; what is stored is UTF-8 without control characters
//! and never begins like a formula. It does not know columns.

use std::borrow::Cow;

/// Appends `bytes` as they are stored: backslash, control characters and bytes that are not UTF-8 as `\\` and `\xNN`,
/// after a `'` where the first character is one of `= + - @ '` (a spreadsheet would run it).
pub(super) fn store(bytes: &[u8], out: &mut Vec<u8>) {
    if let Some(b'=' | b'+' | b'-' | b'@' | b'\'') = bytes.first() {
        out.push(b'\'');
    }
    if bytes.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'\\') {
        out.extend_from_slice(bytes);
        return;
    }
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            store_character(character, out);
        }
        for byte in chunk.invalid() {
            store_byte(*byte, out);
        }
    }
}

fn store_character(character: char, out: &mut Vec<u8>) {
    let mut room = [0; 4];
    let bytes = character.encode_utf8(&mut room).as_bytes();
    if character == '\\' {
        out.extend_from_slice(b"\\\\");
    } else if character.is_control() {
        for byte in bytes {
            store_byte(*byte, out);
        }
    } else {
        out.extend_from_slice(bytes);
    }
}

fn store_byte(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(&[b'\\', b'x', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}

/// The bytes that were stored; `None` when `stored` is not what [`store`] writes.
pub(super) fn restore(stored: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut rest = stored.strip_prefix(b"'").unwrap_or(stored);
    if memchr::memchr(b'\\', rest).is_none() {
        return Some(Cow::Borrowed(rest));
    }
    let mut out = Vec::with_capacity(rest.len());
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = match rest[at + 1..] {
            [b'\\', ..] => {
                out.push(b'\\');
                &rest[at + 2..]
            }
            [b'x', high, low, ..] => {
                out.push(nibble(high)? << 4 | nibble(low)?);
                &rest[at + 4..]
            }
            _ => return None,
        };
    }
    out.extend_from_slice(rest);
    Some(Cow::Owned(out))
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{restore, store};

    fn stored(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        store(bytes, &mut out);
        out
    }

    #[test]
    fn a_formula_is_defused() {
        for first in ["=", "+", "-", "@", "'"] {
            assert_eq!(stored(format!("{first}1+1").as_bytes()), format!("'{first}1+1").into_bytes());
        }
    }

    #[test]
    fn what_cannot_stand_on_a_line_is_escaped() {
        assert_eq!(stored(b"a\\b\r\n\xff"), b"a\\\\b\\x0d\\x0a\\xff");
        assert_eq!(stored("é\u{85}".as_bytes()), "é\\xc2\\x85".as_bytes());
    }

    #[test]
    fn a_broken_escape_is_not_guessed_at() {
        assert_eq!(restore(b"\\q"), None);
        assert_eq!(restore(b"\\x0"), None);
        assert_eq!(restore(b"\\x0G"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes: Vec<u8>) {
            let stored = stored(&bytes);
            prop_assert_eq!(restore(&stored), Some(bytes.into()));
        }

        #[test]
        fn any_text_comes_back(text in "[-=+@'\\\\,\"\u{0}-\u{20}aé]{0,20}") {
            let stored = stored(text.as_bytes());
            prop_assert!(std::str::from_utf8(&stored).unwrap().chars().all(|character| !character.is_control()));
            prop_assert_eq!(restore(&stored), Some(text.into_bytes().into()));
        }
    }
}
