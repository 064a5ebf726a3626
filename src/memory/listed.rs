//! The text of a suppression list: a first line that names its key, then for each id its keyed hash and a check.
//!
//! Promises: a check is made with the key from the line's hash and the check before it, so that lines which were changed,
//! exchanged, put in or taken out are found, and named, before anybody relies on one. A last line that lacks nothing but its
//! end is one, as some programs leave it; what a crash tore off otherwise is no line, and neither are zeros at the end, which a power cut leaves where bytes were to come. Whole lines that are
//! missing at the end, and an older copy in the list's stead, it cannot tell: nothing besides the list says how long it
//! was. It does not know where the text stands.

use std::{fs, path::Path, sync::Arc};

use crate::{
    domain::{Digest, HmacKey, Printer, SecretKey},
    error::{Error, Exit},
};

const FORMAT: &str = "tollgate-suppress 2 ";
/// Without checks; no release wrote it.
const UNCHECKED: &str = "tollgate-suppress 1 ";
const HASH_DIGITS: usize = 64;
/// 64 bits: whoever does not have the key guesses one with odds of 5 in 10^20.
const CHECK_DIGITS: usize = 16;
/// The hash, a blank, the check, and a line end.
pub(super) const LINE: usize = HASH_DIGITS + 1 + CHECK_DIGITS + 1;

type Check = [u8; CHECK_DIGITS];

/// The key under which ids are entered, and lines checked.
pub(super) struct Key {
    pub(super) printer: Printer,
    checks: Arc<HmacKey>,
    /// The list's first line.
    header: String,
}

impl Key {
    pub(super) fn new(key: &SecretKey, kinds: &[String]) -> Self {
        let id = key.id("tollgate suppression key id");
        let checks = Arc::new(key.derive("tollgate suppression list's checks"));
        Self { printer: key.printer(kinds), checks, header: format!("{FORMAT}{id}\n") }
    }

    pub(super) fn read(path: &Path, kinds: &[String]) -> Result<Self, Error> {
        let key = SecretKey::of_file(path, fs::read(path), "the suppression list's key file")?;
        Ok(Self::new(&key, kinds))
    }

    pub(super) const fn header(&self) -> &[u8] {
        self.header.as_bytes()
    }

    /// Before the first id's line.
    pub(super) fn chain(&self) -> Chain {
        Chain { key: Arc::clone(&self.checks), last: [b'0'; CHECK_DIGITS] }
    }
}

/// Where the lines stand: the next one follows on the last check.
pub(super) struct Chain {
    key: Arc<HmacKey>,
    last: Check,
}

impl Chain {
    pub(super) fn add_line(&mut self, lines: &mut Vec<u8>, print: &Digest) {
        lines.extend_from_slice(&print.hex());
        lines.push(b' ');
        lines.extend_from_slice(&self.follow(print));
        lines.push(b'\n');
    }

    fn follow(&mut self, print: &Digest) -> Check {
        let mut bytes = [0; CHECK_DIGITS + 32];
        bytes[..CHECK_DIGITS].copy_from_slice(&self.last);
        bytes[CHECK_DIGITS..].copy_from_slice(&print.0);
        self.last.copy_from_slice(&self.key.sign(&bytes).hex()[..CHECK_DIGITS]);
        self.last
    }

    /// A last line without its end; `None` when it is something else.
    fn read_unended(&mut self, line: &[u8]) -> Option<Digest> {
        let before = self.last;
        let read = self.read(&[line, b"\n"].concat()).ok();
        if read.is_none() {
            self.last = before;
        }
        read
    }

    fn read(&mut self, line: &[u8]) -> Result<Digest, &'static str> {
        let (hash, check) = line.split_at(HASH_DIGITS);
        let (print, check) = Digest::parse(hash)
            .zip(check.strip_prefix(b" ").and_then(|check| check.strip_suffix(b"\n")))
            .ok_or("is malformed: it is not 64 hex digits and a check")?;
        if self.follow(&print) == check {
            Ok(print)
        } else {
            Err("does not follow on the line before it: it was changed, or lines were taken out, put in or exchanged")
        }
    }
}

/// What stands in a list.
pub(super) struct Listed {
    pub(super) prints: Vec<Digest>,
    /// Bytes of whole lines; what follows was torn by a crash.
    pub(super) whole: usize,
    /// The last of them lacks its end.
    pub(super) lacks_end: bool,
    /// What the next line follows on.
    pub(super) chain: Chain,
}

impl Listed {
    pub(super) fn parse(bytes: &[u8], key: &Key, path: &Path) -> Result<Self, Error> {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            return Err(malformed(path, 1, "is no suppression list"));
        };
        let (header, rest) = bytes.split_at(end + 1);
        if header != key.header() {
            return Err(other_header(header, key, path));
        }
        let rest = without_zeros(rest);
        let (mut chain, mut prints) = (key.chain(), Vec::with_capacity(rest.len() / LINE));
        let lines = rest.chunks_exact(LINE);
        let torn = lines.remainder();
        for (at, line) in lines.enumerate() {
            prints.push(chain.read(line).map_err(|what| malformed(path, at + 2, what))?);
        }
        if torn.contains(&b'\n') {
            return Err(malformed(path, prints.len() + 2, "is malformed: it is too short"));
        }
        let last = (torn.len() == LINE - 1).then(|| chain.read_unended(torn)).flatten();
        let torn = if last.is_some() { 0 } else { torn.len() };
        prints.extend(last);
        Ok(Self { prints, whole: header.len() + rest.len() - torn, lacks_end: last.is_some(), chain })
    }
}

/// Without the zeros at the end; one alone stands for a line end that was changed.
fn without_zeros(lines: &[u8]) -> &[u8] {
    let end = lines.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    if lines.len() - end == 1 { lines } else { &lines[..end] }
}

fn malformed(path: &Path, line: usize, what: &str) -> Error {
    Error::new(Exit::Data, format!("{}, line {line}: {what}", path.display()))
        .hint("restore the list from a copy, and delete once more whoever was deleted since; till then nobody is sent")
}

fn other_header(header: &[u8], key: &Key, path: &Path) -> Error {
    if header.ends_with(b"\r\n") {
        return malformed(path, 1, "ends with a carriage return, which some program put there");
    }
    let text = std::str::from_utf8(header).unwrap_or_default().trim_end();
    let is_id = |id: &&str| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.strip_prefix(FORMAT).filter(is_id) {
        Some(id) => {
            let ours = key.header[FORMAT.len()..].trim_end();
            Error::new(Exit::Config, format!("{} was made with key {id}; the key given is {ours}", path.display()))
                .hint("give the list's own key with --suppress-key")
        }
        None if text.starts_with(UNCHECKED) => Error::new(
            Exit::Config,
            format!("{} has the format before the first release, without checks", path.display()),
        )
        .hint("make a new list under another name: delete the same rows once more with it"),
        None if text.starts_with("tollgate-suppress ") => {
            Error::new(Exit::Config, format!("{} has a format that this version does not know", path.display()))
                .hint("use the version of tollgate that wrote it, or a newer one")
        }
        None => malformed(path, 1, "is no suppression list"),
    }
}
