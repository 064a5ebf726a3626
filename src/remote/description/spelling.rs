//! How single words of the description file are spelt: from TOML's own types to ours, with what is wrong about them.

use std::{fmt::Display, str::FromStr};

use reqwest::{Method, StatusCode, header::HeaderName};
use serde::{Deserialize, Deserializer, de::Error as _};
use toml::Spanned;

use crate::flow::Rate;

fn from_text<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

pub(super) fn optional<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    from_text(deserializer).map(Some)
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
            status(code)
                .filter(StatusCode::is_client_error)
                .ok_or_else(|| D::Error::custom(format!("{code} is not a status of refusal (4xx)")))
        })
        .collect();
    statuses.map(|statuses| Spanned::new(span, statuses))
}

fn status(code: u16) -> Option<StatusCode> {
    StatusCode::from_u16(code).ok()
}
