//! The description file's form: what may stand in it, and nothing else. Knows the file's words, not their use.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode, header::HeaderName};
use serde::Deserialize;
use toml::Spanned;

use super::{fields, spelling};
use crate::{
    flow::Rate,
    remote::{address::Address, field::FieldPath},
};

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    pub(super) version: Spanned<u32>,
    #[serde(deserialize_with = "spelling::name")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "spelling::optional")]
    pub(super) base_url: Option<Address>,
    #[serde(deserialize_with = "spelling::rate")]
    pub(super) default_rate: Rate,
    pub(super) key: Spanned<Key>,
    #[serde(default)]
    pub(super) headers: BTreeMap<Spanned<String>, Spanned<String>>,
    pub(super) identities: Vec<Spanned<Identity>>,
    #[serde(default)]
    pub(super) parameters: Vec<Spanned<Parameter>>,
    #[serde(default)]
    pub(super) fields: Vec<Spanned<fields::Form>>,
    pub(super) operations: Operations,
    pub(super) errors: Errors,
    pub(super) answers: Answers,
    pub(super) probe: Probe,
}

/// `[key]`: how the key travels.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    #[serde(deserialize_with = "spelling::name")]
    pub(super) variable: String,
    #[serde(default, deserialize_with = "spelling::sent_header")]
    pub(super) header: Option<HeaderName>,
    pub(super) query: Option<String>,
    pub(super) form: Option<String>,
    pub(super) prefix: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) refused_prefixes: Vec<String>,
}

/// `[[identities]]`, the preferred one first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Identity {
    #[serde(deserialize_with = "spelling::name")]
    pub(super) name: String,
    pub(super) owner: Owner,
    #[serde(default)]
    pub(super) format: Format,
    #[serde(default, deserialize_with = "spelling::sent_header")]
    pub(super) header: Option<HeaderName>,
    pub(super) path: Option<Spanned<String>>,
    pub(super) query: Option<String>,
    pub(super) form: Option<String>,
    pub(super) creates: Option<bool>,
    pub(super) returned: Option<FieldPath>,
    pub(super) told: Option<FieldPath>,
    pub(super) look: Option<Spanned<OwnLook>>,
}

/// An identity's own way to be found.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnLook {
    #[serde(deserialize_with = "spelling::path")]
    pub(super) path: String,
    #[serde(default)]
    pub(super) parameters: Vec<String>,
}

/// `[[parameters]]`: what is said once for the whole run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameter {
    #[serde(deserialize_with = "spelling::name")]
    pub(super) name: String,
}

/// How an identity's ids are written.
#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Any,
    Hex24,
    Uuid,
}

/// Who gives out an identity's ids.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Owner {
    Caller,
    System,
}

/// `[operations.*]`: one call each.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operations {
    pub(super) look: Spanned<Operation>,
    pub(super) delete: Spanned<Operation>,
    pub(super) create: Option<Spanned<Operation>>,
    pub(super) update: Option<Spanned<Operation>>,
    pub(super) remove: Option<Spanned<Operation>>,
}

/// One call, and what its success looks like.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation {
    #[serde(deserialize_with = "spelling::method")]
    pub(super) method: Method,
    #[serde(deserialize_with = "spelling::path")]
    pub(super) path: String,
    pub(super) form: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "spelling::json")]
    pub(super) json: Option<String>,
    pub(super) sends: Option<Travel>,
    pub(super) names: Option<String>,
    pub(super) identities: Option<Identities>,
    #[serde(default)]
    pub(super) parameters: Vec<String>,
    #[serde(deserialize_with = "spelling::success")]
    pub(super) status: StatusCode,
    pub(super) body: Body,
    pub(super) found: Option<Found>,
    #[serde(default)]
    pub(super) fields: Vec<FieldPath>,
    pub(super) delete_tells: Option<bool>,
}

/// How a row's fields travel.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Travel {
    Json,
    Form,
}

/// Which of a row's ids travel, where it is not the one called for alone.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Identities {
    All,
}

/// What a successful answer's body is.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Body {
    Empty,
    Json,
    Any,
}

/// Where a profile says who it is: a JSON body without these texts is somebody else's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Found {
    pub(super) remote_id: FieldPath,
    pub(super) app: Option<FieldPath>,
    pub(super) profile: Option<FieldPath>,
}

/// `[errors]`: what the API's own errors mean.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Errors {
    pub(super) not_found: Spanned<Vec<String>>,
    #[serde(deserialize_with = "spelling::statuses")]
    pub(super) credentials: Spanned<Vec<StatusCode>>,
    #[serde(default)]
    pub(super) credential_codes: Vec<String>,
    #[serde(default)]
    pub(super) right_codes: Vec<String>,
    #[serde(default)]
    pub(super) parameter_codes: Vec<String>,
    #[serde(default)]
    pub(super) exists: Vec<String>,
    pub(super) bodies: Spanned<Vec<Spanned<ErrorBody>>>,
}

/// `[[errors.bodies]]`: how the API's own error body is recognised, and what it says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ErrorBody {
    pub(super) signature: Spanned<Vec<FieldPath>>,
    pub(super) code: Option<FieldPath>,
    pub(super) messages: Option<Messages>,
}

/// Where an error body's texts stand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Messages {
    pub(super) list: FieldPath,
    pub(super) field: Option<String>,
    pub(super) texts: Option<String>,
}

/// `[answers]`: what holds for all of them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answers {
    #[serde(deserialize_with = "spelling::header_names")]
    pub(super) request_id: Vec<HeaderName>,
}

/// `[probe]`: an id that cannot exist.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Probe {
    pub(super) identity: Spanned<String>,
    pub(super) id: Spanned<String>,
}
