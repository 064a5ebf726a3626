//! SHA-256 and HMAC, behind one door: the only module that names `aws-lc-rs`.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
};

use aws_lc_rs::{digest, hmac};

/// A SHA-256 digest; displays as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of one piece of bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Self(out)
    }

    fn of_tag(tag: hmac::Tag) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(tag.as_ref());
        Self(out)
    }

    /// As 64 lower-case hex digits, without allocating.
    #[must_use]
    pub fn hex(&self) -> [u8; 64] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut out = [0; 64];
        for (index, byte) in self.0.iter().enumerate() {
            out[index * 2] = DIGITS[usize::from(byte >> 4)];
            out[index * 2 + 1] = DIGITS[usize::from(byte & 15)];
        }
        out
    }

    /// Reads 64 lower-case hex digits.
    #[must_use]
    pub fn parse(hex: &[u8]) -> Option<Self> {
        if hex.len() != 64 {
            return None;
        }
        let mut out = [0; 32];
        for (byte, pair) in out.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Some(Self(out))
    }
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// SHA-256 over a stream.
#[derive(Clone)]
pub struct Hasher(digest::Context);

impl Default for Hasher {
    fn default() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

impl Hasher {
    /// Takes more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest of all bytes so far.
    #[must_use]
    pub fn finish(self) -> Digest {
        let mut out = [0; 32];
        out.copy_from_slice(self.0.finish().as_ref());
        Digest(out)
    }
}

/// HMAC-SHA-256 under one key, which is prepared once: that is half the cost of a short text.
#[derive(Clone)]
pub struct HmacKey(hmac::Key);

impl HmacKey {
    /// Prepares a key of any length.
    #[must_use]
    pub fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// Of bytes that tell their own parts apart; the parts of [`hmac_fingerprint`] do so by their lengths.
    #[must_use]
    pub fn sign(&self, bytes: &[u8]) -> Digest {
        Digest::of_tag(hmac::sign(&self.0, bytes))
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey")
    }
}

/// HMAC-SHA-256, for keyed fingerprints that leave the process: a plain hash of an id is guessed in minutes.
#[must_use]
pub fn hmac_fingerprint(key: &[u8], parts: &[&[u8]]) -> Digest {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    Digest::of_tag(context.sign())
}

/// A key for fingerprints that never leave the process: another one in each.
///
/// It is stretched from the keys of std's hash maps, which are the operating system's randomness: the generator of
/// `aws-lc` gathers jitter first, which costs more than many a run.
#[must_use]
pub fn random_key() -> [u8; 32] {
    let mut hasher = Hasher::default();
    for number in 0_u64..4 {
        hasher.update(&RandomState::new().hash_one(number).to_le_bytes());
    }
    hasher.finish().0
}
