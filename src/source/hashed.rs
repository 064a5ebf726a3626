//! An input that is hashed while it is read.
//!
//! Promises: the digest is the one that `sha256sum` prints, whatever is packed inside. It does not know what the bytes mean.

use std::io::{self, Read};

use crate::domain::{Digest, Hasher};

/// An input, and the SHA-256 of what was read of it.
#[derive(Debug)]
pub struct Hashed<R> {
    input: R,
    hasher: Hasher,
}

impl<R> Hashed<R> {
    pub(super) fn of(input: R) -> Self {
        Self { input, hasher: Hasher::default() }
    }

    pub(super) fn digest(self) -> Digest {
        self.hasher.finish()
    }
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        // A reader that claims more than the buffer holds must not make us panic.
        let read = self.input.read(into)?.min(into.len());
        self.hasher.update(&into[..read]);
        Ok(read)
    }
}
