//! How single words of the description file are spelt: from TOML's own types to ours, with what is wrong about them.

use std::{fmt::Display, str::FromStr};

use reqwest::{Method, StatusCode, header::HeaderName};
use serde::{Deserialize, Deserializer, de::Error as _};
use toml::Spanned;

use crate::flow::Rate;

/// They are about the profile, about time or about the pace.
const NOT_ABOUT_THE_KEY: [StatusCode; 4] =
    [StatusCode::NOT_FOUND, StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_EARLY, StatusCode::TOO_MANY_REQUESTS];

/// Headers that say how a message travels (RFC 9110, section 7.6.1; RFC 9112, section 6): the connection's own business,
/// and with a wrong word in one of them no request ends.
const OF_THE_CONNECTION: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

pub(super) fn optional<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    from_text(deserializer).map(Some)
}

/// The name of a header that a description may send something in.
pub(super) fn header(text: &str) -> Result<HeaderName, String> {
    let name: HeaderName = text.parse().map_err(|_| "not a header's name".to_owned())?;
    if OF_THE_CONNECTION.contains(&name.as_str()) {
        return Err(format!("`{name}` belongs to the connection, and cannot be said here"));
    }
    Ok(name)
}

pub(super) fn sent_header<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<HeaderName>, D::Error> {
    header(&String::deserialize(deserializer)?).map(Some).map_err(D::Error::custom)
}

pub(super) fn header_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<HeaderName>, D::Error> {
    let names: Vec<String> = Vec::deserialize(deserializer)?;
    names.iter().map(|name| name.parse().map_err(D::Error::custom)).collect()
}

/// A JSON text, kept as it stands.
pub(super) fn json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(_) => Ok(Some(text)),
        Err(error) => Err(D::Error::custom(format!("this is not JSON: {error}"))),
    }
}

pub(super) fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Rate, D::Error> {
    Rate::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// A name that may become a column, a directory's or a variable's.
pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(D::Error::custom(format!("`{name}` is not a name of letters, digits, `_` and `-`")));
    }
    Ok(name)
}

pub(super) fn method<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Method, D::Error> {
    let text = String::deserialize(deserializer)?;
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE]
        .into_iter()
        .find(|method| method.as_str() == text)
        .ok_or_else(|| D::Error::custom(format!("`{text}` is none of GET, POST, PUT, PATCH and DELETE")))
}

pub(super) fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let path = String::deserialize(deserializer)?;
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'?' && byte != b'#';
    if !path.starts_with('/') || !path.bytes().all(plain) {
        return Err(D::Error::custom(format!(
            "`{path}` is not a path: it begins with `/` and has no `?`, `#` or blank"
        )));
    }
    // What the URL standard (section 4.4) takes for `.` and `..`, and leaves the base URL's path by.
    let is_dots = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if path.split(['/', '\\']).any(is_dots) {
        return Err(D::Error::custom(format!("`{path}` has a segment `.` or `..`, which no URL keeps")));
    }
    Ok(path)
}

pub(super) fn success<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StatusCode, D::Error> {
    status(u16::deserialize(deserializer)?)
        .filter(StatusCode::is_success)
        .ok_or_else(|| D::Error::custom("not a status of success (2xx)"))
}

pub(super) fn statuses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Spanned<Vec<StatusCode>>, D::Error> {
    let codes: Spanned<Vec<u16>> = Spanned::deserialize(deserializer)?;
    let span = codes.span();
    let statuses: Result<_, _> = codes
        .into_inner()
        .into_iter()
        .map(|code| {
            status(code).filter(|status| status.is_client_error() && !NOT_ABOUT_THE_KEY.contains(status)).ok_or_else(
                || D::Error::custom(format!("{code} is not a status of refusal (4xx) that is about the key")),
            )
        })
        .collect();
    statuses.map(|statuses| Spanned::new(span, statuses))
}

fn status(code: u16) -> Option<StatusCode> {
    StatusCode::from_u16(code).ok()
}
