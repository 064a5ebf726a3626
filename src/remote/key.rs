//! The API key: read, checked, named without being shown.
//!
//! Promises: no message, no `Debug` and no log line holds it. It does not know which request carries it.

use std::{fmt, fs, os::unix::fs::PermissionsExt, path::Path};

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::{KeySource, body::MAX_TEXT, description::KeyRules};
use crate::{
    domain::{Evidence, hmac_fingerprint},
    error::{Error, Exit},
};

/// The public key of the keyed hash that names an API key: it only sets these hashes apart from others.
const FINGERPRINT_LABEL: &[u8] = b"tollgate key fingerprint v1";

/// What stands in the key's stead where an API repeated it.
const STRUCK: &str = "[the key]";

/// A checked key.
#[derive(Clone)]
pub(super) struct Key {
    secret: SecretString,
    header: HeaderValue,
}

impl Key {
    /// Reads the key from where it is and checks it.
    ///
    /// # Errors
    /// 78 when it cannot be read, is empty, is surely not a key, or cannot travel in a header.
    pub(super) fn read(source: &KeySource, rules: &KeyRules) -> Result<Self, Error> {
        match source {
            KeySource::File(path) => {
                let text = fs::read_to_string(path).map(SecretString::from).map_err(|error| {
                    refusal(&format!("the API key file {} cannot be read: {error}", path.display()))
                })?;
                warn_if_readable_by_others(path, "the API key file");
                Self::check(&text, rules, &format!("the API key in {}", path.display()))
            }
            KeySource::Given(text) => Self::check(text, rules, "the API key"),
        }
    }

    fn check(text: &SecretString, rules: &KeyRules, which: &str) -> Result<Self, Error> {
        let bare = text.expose_secret().trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}');
        if bare.is_empty() {
            return Err(refusal(&format!("{which} is empty")));
        }
        if let Some(prefix) = rules.refused_prefixes.iter().find(|prefix| begins_with(bare, prefix)) {
            return Err(refusal(&format!("{which} begins with `{prefix}`"))
                .hint("give the secret key alone: without the header's prefix, and not a public key"));
        }
        let untransportable = || refusal(&format!("{which} has a character that cannot travel in a header"));
        // Stricter than `HeaderValue`, which lets bytes beyond ASCII pass: no key has them.
        if !bare.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            return Err(untransportable());
        }
        let mut header = HeaderValue::from_str(&format!("{}{bare}", rules.prefix)).map_err(|_| untransportable())?;
        header.set_sensitive(true);
        Ok(Self { secret: SecretString::from(bare), header })
    }

    /// The value of the header that carries it; marked as sensitive.
    pub(super) const fn header(&self) -> &HeaderValue {
        &self.header
    }

    /// The key itself, for a query or a form.
    pub(super) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }

    /// Takes the key out of all that an answer said, should an API repeat what it was sent: everything here stands in
    /// the results later on.
    pub(super) fn strike(&self, evidence: &mut Evidence) {
        let Evidence { status: _, code, message, request_id, remote_id, names: _, app, profile } = evidence;
        for said in [code, message, request_id, remote_id, app].into_iter().flatten() {
            self.strike_text(said);
        }
        if let Some(profile) = profile.as_mut().filter(|profile| profile.contains(self.expose())) {
            *profile = profile.replace(self.expose(), STRUCK).into();
        }
    }

    fn strike_text(&self, text: &mut String) {
        let key = self.expose();
        // What is longer was cut, and may end within the key.
        if text.len() + char::MAX_LEN_UTF8 > MAX_TEXT
            && let Some(begun) = (1..key.len()).rev().find(|length| text.ends_with(&key[..*length]))
        {
            text.truncate(text.len() - begun);
        }
        if text.contains(key) {
            *text = text.replace(key, STRUCK);
        }
    }

    /// Names the key without revealing it.
    pub(super) fn fingerprint(&self) -> String {
        let mut hex = hmac_fingerprint(FINGERPRINT_LABEL, &[self.expose().as_bytes()]).to_string();
        hex.truncate(16);
        hex
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.header == other.header
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

fn refusal(what: &str) -> Error {
    Error::new(Exit::Config, what)
}

fn begins_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Warns where a file with a key, called `what`, grants anything to anybody but its owner. A mounted Kubernetes secret is
/// readable by all: worth a word, not a refusal.
pub fn warn_if_readable_by_others(path: &Path, what: &str) {
    if fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0) {
        tracing::warn!(file = %path.display(), "{what} can be read by others than its owner");
    }
}
