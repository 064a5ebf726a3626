//! Connections: TLS, proxies, pools, and how many clients share the width. Knows neither key nor request.

use std::{cell::Cell, fs, path::Path};

use reqwest::{Certificate, ClientBuilder, Identity, NoProxy, Proxy, redirect::Policy, retry};

use super::{Options, address::Address, transport};
use crate::error::{Error, Exit};

/// Most servers grant 100 streams or somewhat more on an HTTP/2 connection; beyond that, requests would queue inside
/// the client and eat their timeout.
const WIDTH_PER_CLIENT: u32 = 100;

/// Clients used in rotation.
pub(super) struct Wire {
    clients: Box<[reqwest::Client]>,
    next: Cell<usize>,
}

impl Wire {
    /// Makes the clients; connects to nothing yet.
    pub(super) fn build(address: &Address, options: &Options) -> Result<Self, Error> {
        refuse_plain(address, options)?;
        let count = options.width.get().div_ceil(WIDTH_PER_CLIENT);
        let idle = usize::try_from(options.width.get().div_ceil(count)).unwrap_or(usize::MAX);
        let clients = (0..count).map(|_| client(address, options, idle)).collect::<Result<_, _>>()?;
        Ok(Self { clients, next: Cell::new(0) })
    }

    /// The client whose turn it is.
    pub(super) fn turn(&self) -> &reqwest::Client {
        let turn = self.next.get();
        self.next.set((turn + 1) % self.clients.len());
        &self.clients[turn]
    }
}

fn refuse_plain(address: &Address, options: &Options) -> Result<(), Error> {
    if !address.is_plain() || address.is_loopback() || options.allow_http {
        return Ok(());
    }
    Err(Error::new(Exit::Config, format!("{address} is plain HTTP: the key could be read on the way"))
        .hint("use https://, or --allow-http if you accept that"))
}

fn client(address: &Address, options: &Options, idle: usize) -> Result<reqwest::Client, Error> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("tollgate/", env!("CARGO_PKG_VERSION")))
        // One call is one request on the wire: whoever counts attempts must see every one of them.
        .retry(retry::never())
        // A redirect could carry the key to another host.
        .redirect(Policy::none())
        .connect_timeout(options.connect_timeout)
        // Requests share an HTTP/2 connection, and those that time out leave it open: one whose other end is frozen
        // would take all that follow. While somebody waits it must answer a ping in the time that a new one may take.
        .http2_keep_alive_interval(options.connect_timeout)
        .http2_keep_alive_timeout(options.connect_timeout)
        .tcp_nodelay(true)
        .pool_max_idle_per_host(idle);
    let builder = proxies(builder, address, options)?;
    let builder = roots(builder, address, options)?;
    identity(builder, options)?.build().map_err(|error| {
        Error::new(Exit::Config, format!("connections cannot be set up: {}", transport::short(error)))
            .hint("without the system's certificates (the package ca-certificates), name some with --ca-cert")
    })
}

/// Loopback never goes through a proxy; everything else does as `--proxy` says, or as the environment does.
fn proxies(builder: ClientBuilder, address: &Address, options: &Options) -> Result<ClientBuilder, Error> {
    if address.is_loopback() {
        return Ok(builder.no_proxy());
    }
    let Some(text) = &options.proxy else { return Ok(builder) };
    // The text is not quoted: it may hold a password.
    let proxy = Proxy::all(text)
        .map_err(|error| Error::new(Exit::Config, format!("the proxy is not a URL: {}", transport::short(error))))?;
    Ok(builder.proxy(proxy.no_proxy(NoProxy::from_env())))
}

/// The system's roots, and those of `--ca-cert`. Plain HTTP to loopback needs none, so that it also works where the
/// system has none.
fn roots(builder: ClientBuilder, address: &Address, options: &Options) -> Result<ClientBuilder, Error> {
    let extra = match &options.ca_cert {
        Some(path) => certificates(path)?,
        None => Vec::new(),
    };
    if address.is_plain() && address.is_loopback() {
        return Ok(builder.tls_certs_only(extra));
    }
    Ok(builder.tls_certs_merge(extra))
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, Error> {
    let unusable = |why: &str| Error::new(Exit::Config, format!("the certificates in {} {why}", path.display()));
    let certificates = Certificate::from_pem_bundle(&read(path)?).map_err(|_| unusable("are not PEM"))?;
    if certificates.is_empty() { Err(unusable("are none: no PEM certificate stands there")) } else { Ok(certificates) }
}

fn identity(builder: ClientBuilder, options: &Options) -> Result<ClientBuilder, Error> {
    let Some(files) = &options.client_identity else { return Ok(builder) };
    let mut pem = read(&files.certificate)?;
    pem.push(b'\n');
    pem.extend(read(&files.key)?);
    let identity = Identity::from_pem(&pem).map_err(|_| {
        let files = (files.certificate.display(), files.key.display());
        Error::new(Exit::Config, format!("{} and {} are not a PEM certificate and its key", files.0, files.1))
    })?;
    Ok(builder.identity(identity))
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::new(Exit::Config, format!("cannot read {}: {error}", path.display())))
}
