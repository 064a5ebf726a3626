//! Where an id or the key sits in a request, and how it is written there. It does not know whose it is, nor who sends it.

use reqwest::header::HeaderName;

/// What stands for the id in a path.
pub const PLACEHOLDER: &str = "{id}";

/// Where an id or the key sits in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seat {
    /// In a header of its own.
    Header(HeaderName),
    /// In the path, in [`PLACEHOLDER`]'s stead.
    Path,
    /// In the body where the operation sends a form, in the query elsewhere; at least one is `Some`.
    Field {
        /// Its name in the query.
        query: Option<String>,
        /// Its name in a form.
        form: Option<String>,
    },
}

/// Where a seat comes to lie in one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot<'a> {
    Header(&'a HeaderName),
    Path,
    Query(&'a str),
    Form(&'a str),
}

impl Seat {
    /// Its place in a request that sends a form or does not; none when there is no such place.
    pub(super) fn spot(&self, is_form: bool) -> Option<Spot<'_>> {
        match self {
            Self::Header(name) => Some(Spot::Header(name)),
            Self::Path => Some(Spot::Path),
            Self::Field { form: Some(name), .. } if is_form => Some(Spot::Form(name)),
            Self::Field { query, .. } => query.as_deref().map(Spot::Query),
        }
    }
}

/// Writes a text so that it is one segment of a path, or one value of a query or a form, whatever stands in it
/// (RFC 3986: everything but the unreserved characters as `%XX`).
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                out.push('%');
                out.extend([byte >> 4, byte & 15].map(hex));
            }
        }
    }
    out
}

const fn hex(digit: u8) -> char {
    (if digit < 10 { b'0' + digit } else { b'A' + digit - 10 }) as char
}

/// `name=value`, appended to the pairs before it.
pub(super) fn append(pairs: &mut String, name: &str, value: &str) {
    if !pairs.is_empty() {
        pairs.push('&');
    }
    pairs.extend([&*escaped(name), "=", &*escaped(value)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_unreserved_is_escaped() {
        assert_eq!(escaped("aZ09-._~"), "aZ09-._~");
        assert_eq!(escaped("a/b?c#d e%+&=é"), "a%2Fb%3Fc%23d%20e%25%2B%26%3D%C3%A9");
    }

    #[test]
    fn pairs_are_joined() {
        let mut pairs = String::new();
        append(&mut pairs, "a", "1 2");
        append(&mut pairs, "b&", "=");
        assert_eq!(pairs, "a=1%202&b%26=%3D");
    }
}
