//! An answer as it is written down, judged as if it had come: for whoever has no connection.
//!
//! Promises: it means what it would have meant on the wire. It does not know of keys, nor what a connection may do.

use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};

use super::{
    body::most,
    description::Description,
    judge::{self, Answer, Asked},
};
use crate::domain::{Call, Fields, Identity, Moment, Reply};

/// An answer as it is written down.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    /// From 100 to 999.
    pub status: u16,
    /// Names and values.
    pub headers: &'a [(&'a [u8], &'a [u8])],
    /// What lies beyond the most that is read of an answer is not looked at.
    pub body: &'a [u8],
    /// Whether the body broke off on the way.
    pub cut: bool,
    /// When it came: asked only for a `Retry-After` date in an answer without `Date`.
    pub now: Moment,
}

impl Description {
    /// What an answer to this call about this row means; `None` where no answer can have such a status or such headers.
    #[must_use]
    pub fn judge(&self, call: Call, identity: &Identity, fields: &Fields, answer: &Written<'_>) -> Option<Reply> {
        let mut headers = HeaderMap::new();
        for (name, value) in answer.headers {
            headers.append(HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?);
        }
        let body = &answer.body[..answer.body.len().min(most(call.operation))];
        let status = StatusCode::from_u16(answer.status).ok()?;
        let came = Answer { status, headers: &headers, body, cut: answer.cut };
        Some(judge::judge(self, Asked { call, identity, fields }, &came, || answer.now))
    }
}
