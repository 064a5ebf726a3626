//! To whom requests are sent, and how they are reached: the API itself, or a stand-in.

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use secrecy::SecretString;

use super::{Surroundings, part::part, sandbox};
use crate::{
    cli::{CheckArgs, ConnectionArgs, FaultArgs},
    error::{Error, Exit},
    remote::{self, ClientIdentity, Description, KeySource},
    sandbox::{Faults, Part},
};

/// To whom requests are sent.
#[derive(Debug, Clone)]
pub enum Target {
    /// The API itself.
    Real {
        /// How it is reached.
        connection: Connection,
        /// Where the key comes from.
        key: KeyWish,
    },
    /// A stand-in inside this process.
    Sandbox(Rehearsal),
}

/// A stand-in inside this process.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// Which API it plays.
    pub part: Part,
    /// How it misbehaves.
    pub faults: Faults,
    /// Seeds profile ids and faults.
    pub seed: u64,
    /// How it is reached: without base URL, proxy and certificates.
    pub connection: Connection,
}

/// Where the key comes from. A dry run never asks.
#[derive(Debug, Clone)]
pub enum KeyWish {
    /// A file.
    File(PathBuf),
    /// The API's own environment variable, as it was found.
    Given(SecretString),
    /// A hidden prompt on the terminal.
    Ask,
}

/// [`remote::Options`] before the key is known; meanings as there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    base_url: Option<String>,
    ca_cert: Option<PathBuf>,
    client_identity: Option<ClientIdentity>,
    proxy: Option<String>,
    allow_http: bool,
    connect_timeout: Duration,
    width: NonZeroU32,
}

impl Connection {
    /// Elsewhere: a stand-in's address.
    #[must_use]
    pub fn at(self, base_url: String) -> Self {
        Self { base_url: Some(base_url), ..self }
    }

    /// Where the API lives, if not where its description says.
    #[must_use]
    pub fn base_url(&self) -> Option<&str> {
        self.base_url.as_deref()
    }

    /// Complete, with the key.
    #[must_use]
    pub fn with(self, key: KeySource) -> remote::Options {
        remote::Options {
            base_url: self.base_url,
            key,
            ca_cert: self.ca_cert,
            client_identity: self.client_identity,
            proxy: self.proxy,
            allow_http: self.allow_http,
            connect_timeout: self.connect_timeout,
            width: self.width,
        }
    }
}

/// To whom requests are sent, as it was said.
pub(super) fn target(
    args: ConnectionArgs,
    checks: &CheckArgs,
    width: NonZeroU32,
    api: &Description,
    around: &Surroundings<'_>,
) -> Result<Target, Error> {
    if checks.sandbox {
        let part = part(&args.api.name, api);
        return Ok(Target::Sandbox(rehearsal(part, args.connect_timeout, &checks.sandbox_faults, width)));
    }
    let key = key(args.api_key_file.clone(), api, around);
    Ok(Target::Real { connection: connection(args, width)?, key })
}

/// Nothing of the real connection is left, so that no flag or variable can lead a rehearsal elsewhere.
fn rehearsal(part: Part, connect_timeout: Duration, faults: &FaultArgs, width: NonZeroU32) -> Rehearsal {
    Rehearsal {
        part,
        seed: faults.seed,
        faults: sandbox::faults(faults),
        connection: Connection {
            base_url: None,
            ca_cert: None,
            client_identity: None,
            proxy: None,
            allow_http: false,
            connect_timeout,
            width,
        },
    }
}

fn key(file: Option<PathBuf>, api: &Description, around: &Surroundings<'_>) -> KeyWish {
    match file {
        Some(file) => KeyWish::File(file),
        None => around.variable(api.key_variable()).map_or(KeyWish::Ask, |key| KeyWish::Given(key.into())),
    }
}

fn connection(args: ConnectionArgs, width: NonZeroU32) -> Result<Connection, Error> {
    Ok(Connection {
        base_url: args.base_url.as_deref().map(base_url).transpose()?,
        ca_cert: args.ca_cert,
        client_identity: client_identity(args.client_cert, args.client_key)?,
        proxy: args.proxy,
        allow_http: args.allow_http,
        connect_timeout: args.connect_timeout,
        width,
    })
}

fn base_url(text: &str) -> Result<String, Error> {
    let url = text.trim().trim_end_matches('/');
    if ["https://", "http://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme)) {
        Ok(url.to_owned())
    } else {
        Err(Error::new(Exit::Config, "--base-url is not a URL that begins with https:// or http://")
            .hint("for example --base-url https://api.example.com"))
    }
}

fn client_identity(certificate: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<ClientIdentity>, Error> {
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(ClientIdentity { certificate, key })),
        (Some(_), None) => Err(Error::new(Exit::Usage, "--client-cert needs --client-key, the certificate's key")),
        (None, Some(_)) => Err(Error::new(Exit::Usage, "--client-key needs --client-cert, the key's certificate")),
    }
}
