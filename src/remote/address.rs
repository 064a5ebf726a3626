//! Where an API lives: scheme, host, port and path, checked once. Knows no description and makes no connection.

use std::{fmt, str::FromStr};

use reqwest::Url;

/// The base of every URL of an API: `http` or `https`, without credentials, query, fragment or slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    url: Url,
    text: String,
}

impl Address {
    /// As it is written in a message; no slash at the end.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// `host:port`, the scheme's own port included.
    pub(super) fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port_or_known_default().unwrap_or_default();
        format!("{host}:{port}")
    }

    /// The path below which everything is: no slash at its end, but for `/` alone.
    pub(super) fn path(&self) -> &str {
        match self.url.path().trim_end_matches('/') {
            "" => "/",
            path => path,
        }
    }

    /// Whether what is sent there can be read on the way.
    pub(super) fn is_plain(&self) -> bool {
        self.url.scheme() == "http"
    }

    /// Whether it is this very machine.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
    }

    /// The URL of a path, which begins with a slash.
    pub(super) fn join(&self, path: &str) -> Result<Url, String> {
        let text = format!("{}{path}", self.text);
        Url::parse(&text).map_err(|error| format!("`{text}` is not a URL: {error}"))
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().trim_end_matches('/');
        // The text is not quoted: it may hold a password.
        let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
            return Err("not a URL that begins with https:// and a host".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a base URL has no user name or password in it".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("a base URL has no `?` or `#` in it".to_owned());
        }
        Ok(Self { url, text: text.to_owned() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
