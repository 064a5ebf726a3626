//! How the API is reached.

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use secrecy::SecretString;

/// Which description is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiName {
    /// One that is built in, by its name.
    Embedded(String),
    /// A description of the user's own.
    File(PathBuf),
}

/// Where the key comes from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// A file, which may be read again when the API refuses the key.
    File(PathBuf),
    /// The environment, or a hidden prompt: read once.
    Given(SecretString),
}

/// A client certificate and its key, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// How the API is reached.
#[derive(Debug, Clone)]
pub struct Options {
    /// The description's own, or the user's `--base-url`; without a slash at its end.
    pub base_url: Option<String>,
    /// Where the key comes from.
    pub key: KeySource,
    /// Further roots to trust, PEM.
    pub ca_cert: Option<PathBuf>,
    /// A client certificate.
    pub client_identity: Option<ClientIdentity>,
    /// A proxy instead of what the environment says.
    pub proxy: Option<String>,
    /// Plain HTTP to other hosts than loopback.
    pub allow_http: bool,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// The most requests on the wire at once: above 100, several HTTP/2 clients are used.
    pub width: NonZeroU32,
}
