//! A key for keyed hashes that people keep in a file, as long as what was made with it.
//!
//! Promises: what counts as such a key, and what is said of one that does not, is the same wherever one is asked for. It
//! does not read the file: it is handed what came of reading it.

use std::{fmt, io, path::Path};

use super::{HmacKey, Printer, hmac_fingerprint};
use crate::error::{Error, Exit};

/// An HMAC's key of less is too easily guessed.
const SHORTEST: usize = 16;

/// How many hex digits tell keys apart.
const ID_DIGITS: usize = 16;

/// The key that stands in a file, without the blanks around it.
pub struct SecretKey(Box<[u8]>);

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey")
    }
}

impl SecretKey {
    /// Takes what was read of the file at `path`; `what` names it, as in `the suppression list's key file`.
    ///
    /// # Errors
    /// [`Exit::Config`] when the file is not there, or its key is shorter than 16 bytes; [`Exit::Io`] when it cannot be
    /// read.
    pub fn of_file(path: &Path, read: io::Result<Vec<u8>>, what: &str) -> Result<Self, Error> {
        let bytes = read.map_err(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                return Error::new(Exit::Io, format!("{} cannot be read: {error}", path.display()));
            }
            how_to_make(Error::new(Exit::Config, format!("{what} {} is not there", path.display())), path)
        })?;
        let key = bytes.trim_ascii();
        if key.len() < SHORTEST {
            let what = format!("the key in {} is shorter than {SHORTEST} bytes", path.display());
            return Err(how_to_make(Error::new(Exit::Config, what), path));
        }
        Ok(Self(key.into()))
    }

    /// Tells keys apart without showing one: 16 hex digits. Each use has a label of its own.
    #[must_use]
    pub fn id(&self, label: &str) -> String {
        let mut id = hmac_fingerprint(&self.0, &[label.as_bytes()]).to_string();
        id.truncate(ID_DIGITS);
        id
    }

    /// Another key, made of this one, which it does not betray. Each use has a label of its own.
    #[must_use]
    pub fn derive(&self, label: &str) -> HmacKey {
        HmacKey::new(&hmac_fingerprint(&self.0, &[label.as_bytes()]).0)
    }

    /// Makes prints under it; see [`Printer::new`].
    #[must_use]
    pub fn printer(&self, kinds: &[String]) -> Printer {
        Printer::new(&self.0, kinds.iter().map(String::as_str))
    }
}

fn how_to_make(error: Error, path: &Path) -> Error {
    error.hint(format!(
        "`(umask 077; head -c 32 /dev/urandom | base64 > {})` makes one where none was used yet; what was made with another key needs that one",
        path.display()
    ))
}
