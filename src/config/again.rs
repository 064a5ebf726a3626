//! The same command once more, ready to be pasted: what a dry run ends with, and what "run it again" means.
//!
//! Promises: no proxy's password stands in it, since it is said in logs.

use std::ffi::OsString;

use crate::domain::Digest;

/// Short flags that take a value: what follows them in the same word is no flag.
const VALUED: [char; 2] = ['c', 'j'];

/// Its value may hold a user's name and password.
const PROXY: &str = "--proxy";
/// What stands in their place.
const CREDENTIALS: &str = "CREDENTIALS";

/// The words of a command, the program's name in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Again {
    words: Vec<String>,
    /// Run once more, the command tries failed rows again by itself.
    tries_again: bool,
}

impl Again {
    pub(super) fn new(typed: Vec<OsString>) -> Self {
        let mut is_proxy = false;
        let words = typed.into_iter().map(|word| {
            let word = word.to_string_lossy();
            let was_proxy = std::mem::replace(&mut is_proxy, word == PROXY);
            match word.strip_prefix(PROXY).and_then(|rest| rest.strip_prefix('=')) {
                Some(url) => format!("{PROXY}={}", without_credentials(url)),
                None if was_proxy => without_credentials(&word),
                None => word.into_owned(),
            }
        });
        Self { words: words.collect(), tries_again: false }
    }

    /// As it was typed, but for `--new`, which begins anew.
    #[must_use]
    pub fn same(&self) -> String {
        let (flags, operands) = self.split();
        said(flags.iter().filter(|word| *word != "--new").chain(operands).map(String::as_str))
    }

    /// What stands before `--`, and the rest.
    fn split(&self) -> (&[String], &[String]) {
        self.words.split_at(self.words.iter().position(|word| word == "--").unwrap_or(self.words.len()))
    }

    /// The same command, which tries those again by itself who failed in this part of the run.
    #[must_use]
    pub fn trying_again(self) -> Self {
        Self { tries_again: true, ..self }
    }

    /// What is to be done about failed rows.
    #[must_use]
    pub const fn for_failed_rows(&self) -> &'static str {
        if self.tries_again {
            "the same command tries the failed rows again"
        } else {
            "the same command with --retry-failed tries the failed rows again"
        }
    }

    /// For real: without `--dry-run`, and bound to the rows and the digest of the file that was seen. Stdin cannot be
    /// bound: it is known too late.
    #[must_use]
    pub fn for_real(&self, seen: Option<(u64, &Digest)>) -> String {
        let (flags, operands) = self.split();
        let mut words: Vec<String> = flags.iter().filter_map(|word| without_dry_run(word)).collect();
        let expectations =
            seen.map(|(rows, digest)| [("--expect-rows", rows.to_string()), ("--expect-sha256", digest.to_string())]);
        for (flag, value) in expectations.into_iter().flatten() {
            if !words.iter().any(|word| word == flag || word.starts_with(&format!("{flag}="))) {
                words.extend([flag.to_owned(), value]);
            }
        }
        said(words.iter().chain(operands).map(String::as_str))
    }
}

/// A URL, its scheme left out or not, with no user's name and password in it.
fn without_credentials(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").map_or(("", url), |(scheme, rest)| (&url[..scheme.len() + 3], rest));
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}{CREDENTIALS}@{host}"),
        None => url.to_owned(),
    }
}

/// A word without the flag in it; `None` when nothing is left.
fn without_dry_run(word: &str) -> Option<String> {
    if word == "--dry-run" {
        return None;
    }
    match word.strip_prefix('-') {
        Some(shorts) if !shorts.is_empty() && !shorts.starts_with('-') => {
            let end = shorts.find(VALUED).unwrap_or(shorts.len());
            let (switches, rest) = shorts.split_at(end);
            let left = switches.replace('n', "") + rest;
            (!left.is_empty()).then(|| format!("-{left}"))
        }
        Some(_) | None => Some(word.to_owned()),
    }
}

fn said<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

/// Quoted for a POSIX shell where it must be.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_@%+=:,./-".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
