//! What it means when no whole answer came: the transport's errors in the five words.
//!
//! Promises: neither URL nor key stands in a message, nor what the peer said in its goodbye. It does not know which call failed.

use std::{error::Error as StdError, io};

use rustls::AlertDescription as Alert;

use super::body;
use crate::domain::{Blame, Evidence, Reply, Suspicion, Word, say_quoted};

/// What a server says of a client's certificate (RFC 8446, section 6.2).
const ABOUT_OURS: [Alert; 9] = [
    Alert::NoCertificate,
    Alert::BadCertificate,
    Alert::UnsupportedCertificate,
    Alert::CertificateRevoked,
    Alert::CertificateExpired,
    Alert::CertificateUnknown,
    Alert::UnknownCA,
    Alert::AccessDenied,
    Alert::CertificateRequired,
];

/// What a failed request means.
pub(super) fn judge(error: reqwest::Error) -> Reply {
    let made = !error.is_connect();
    let named = !error.is_dns();
    let suspicion = causes(&error).find_map(|cause| suspicion(cause, named));
    Reply {
        word: suspicion.map_or(Word::Again { after: None, blame: Blame::Row }, Word::Suspect),
        evidence: Evidence { message: Some(short(error)), ..Evidence::default() },
        lost: made,
        resolved: None,
    }
}

/// The innermost cause, in its own words.
pub(super) fn short(error: reqwest::Error) -> String {
    // A reqwest error that has no cause speaks for itself, and names the URL unless told not to.
    let error = error.without_url();
    let words = ours(causes(&error).last().map_or_else(|| error.to_string(), ToString::to_string));
    // A certificate says what it likes.
    body::bounded(say_quoted(&words).into_owned())
}

/// h2 quotes what the peer put into its GOAWAY, which may be anything, the key and ids included.
fn ours(mut words: String) -> String {
    if let Some(quoted) = words.find(" (b\"") {
        words.truncate(quoted);
    }
    words
}

fn suspicion(cause: &(dyn StdError + 'static), named: bool) -> Option<Suspicion> {
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return is_about_certificates(error).then_some(Suspicion::Certificate);
    }
    let words = cause.to_string();
    // The tunnel's own error type is in a private module of hyper-util; its words are all that can be asked.
    if words.ends_with("proxy authorization required") {
        return Some(Suspicion::Proxy);
    }
    // In TLS 1.3 the server judges our certificate after the handshake, and h2 keeps but the words of what it said.
    if ABOUT_OURS.iter().any(|alert| words == rustls::Error::AlertReceived(*alert).to_string()) {
        return Some(Suspicion::Certificate);
    }
    (!named && is_unknown_name(&words)).then_some(Suspicion::HostName)
}

/// The server's certificate does not hold for us, or ours not for the server.
fn is_about_certificates(error: &rustls::Error) -> bool {
    use rustls::Error::{AlertReceived, InvalidCertificate, NoCertificatesPresented, UnsupportedNameType};
    let about_theirs = matches!(error, InvalidCertificate(_) | NoCertificatesPresented | UnsupportedNameType);
    about_theirs || matches!(error, AlertReceived(alert) if ABOUT_OURS.contains(alert))
}

/// The resolver's words for a name that does not exist: glibc, musl, the BSDs and macOS. `std` gives these errors no
/// kind of their own; "temporary failure" and "try again" are not among them.
fn is_unknown_name(words: &str) -> bool {
    [
        "Name or service not known",
        "No address associated with hostname",
        "Name does not resolve",
        "nodename nor servname",
    ]
    .iter()
    .any(|known| words.contains(known))
}

/// An error and its causes, from the outside in. An [`io::Error`] that wraps another one is left out by `source`,
/// hence asked for its content.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&cause| {
        let wrapped = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|inner| inner as &(dyn StdError + 'static)).or_else(|| cause.source())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word_of(words: &str, named: bool) -> Option<Suspicion> {
        suspicion(&io::Error::other(words.to_owned()), named)
    }

    #[test]
    fn a_name_that_does_not_exist_is_told_from_a_resolver_that_is_down() {
        let glibc = "failed to lookup address information: Name or service not known";
        for words in [glibc, "nodename nor servname provided, or not known", "Name does not resolve"] {
            assert_eq!(word_of(words, false), Some(Suspicion::HostName), "{words}");
            assert_eq!(word_of(words, true), None, "only the resolver's own errors count");
        }
        for words in ["Temporary failure in name resolution", "Try again"] {
            assert_eq!(word_of(words, false), None, "{words}");
        }
    }

    #[test]
    fn certificates_are_told_from_other_tls_trouble() {
        let hidden = |error: rustls::Error| {
            let outer = io::Error::new(io::ErrorKind::InvalidData, error);
            causes(&outer).find_map(|cause| suspicion(cause, true))
        };
        let bad = rustls::CertificateError::UnknownIssuer;
        assert_eq!(hidden(rustls::Error::InvalidCertificate(bad)), Some(Suspicion::Certificate));
        assert_eq!(hidden(rustls::Error::AlertReceived(Alert::CertificateRequired)), Some(Suspicion::Certificate));
        assert_eq!(hidden(rustls::Error::AlertReceived(Alert::InternalError)), None);
        assert_eq!(hidden(rustls::Error::DecryptError), None);
    }
}
