//! An API as data: what the description file says, parsed strictly.
//!
//! Promises: whatever [`Description::load`] returns can be compiled into a plan; what it refuses, it refuses with the
//! file's name and line. It does not know the key, and makes no request.

mod check;
mod form;

use std::fs;

use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderName},
};

use crate::{
    domain::{Id, Operation},
    error::{Error, Exit},
    flow::Rate,
    remote::{ApiName, address::Address, field::FieldPath},
};

/// The descriptions that are built in, by name.
const EMBEDDED: [(&str, &str); 1] = [("adapty", include_str!("../adapty.toml"))];

/// Who gives out an identity's ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The caller's own system (`--id-column`).
    Caller,
    /// The API (`--profile-id-column`).
    System,
}

/// One kind of identity; its place in the list is its [`crate::domain::IdKind`] and its rank of preference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityKind {
    /// Its name, which is also the default column.
    pub name: String,
    /// Who gives out its ids.
    pub owner: Owner,
}

/// An API as data.
#[derive(Debug, Clone)]
pub struct Description {
    name: String,
    address: Address,
    default_rate: Rate,
    pub(super) key: KeyRules,
    pub(super) headers: HeaderMap,
    identities: Vec<IdentityKind>,
    /// Which header carries the identity at the same place of the list above.
    pub(super) identity_headers: Vec<HeaderName>,
    look: Endpoint,
    delete: Endpoint,
    pub(super) errors: ErrorRules,
    pub(super) request_id: Vec<HeaderName>,
    pub(super) probe: Id,
}

/// How the key travels, and what is surely not one.
#[derive(Debug, Clone)]
pub(super) struct KeyRules {
    /// The environment variable that may hold it.
    pub(super) variable: String,
    /// The header that carries it.
    pub(super) header: HeaderName,
    /// What stands before it there.
    pub(super) prefix: String,
    /// What no key begins with.
    pub(super) refused_prefixes: Vec<String>,
}

/// One operation's call, and what its success looks like.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    /// Its method.
    pub(super) method: Method,
    /// Its path, from the base URL's end on.
    pub(super) path: String,
    /// The one status of success.
    pub(super) status: StatusCode,
    /// The one shape of success.
    pub(super) shape: Shape,
}

/// What a successful answer's body is.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// No byte.
    Empty,
    /// JSON with a text at each of these places.
    Profile {
        /// Where the API's own id of the profile stands.
        remote_id: FieldPath,
        /// Where the app stands that the key belongs to.
        app: FieldPath,
        /// Where the profile itself stands; `None`: the body is the profile.
        profile: Option<FieldPath>,
    },
}

/// How the API's own error body is recognised, and what it says.
#[derive(Debug, Clone)]
pub(super) struct ErrorRules {
    /// Keys that stand in every error body; never empty.
    pub(super) signature: Vec<String>,
    /// Which key holds the error code.
    pub(super) code: String,
    /// Which key holds the list of complaints.
    pub(super) list: String,
    /// Which key of a complaint names the field.
    pub(super) field: String,
    /// Which key of a complaint holds its texts.
    pub(super) texts: String,
    /// Codes by which a signed 404 means "no such profile".
    pub(super) not_found: Vec<String>,
    /// Statuses that are about the key.
    pub(super) credentials: Vec<StatusCode>,
}

impl Description {
    /// Reads and checks an embedded description or a file.
    ///
    /// # Errors
    /// 78, naming the file and the line.
    pub fn load(name: &ApiName) -> Result<Self, Error> {
        match name {
            ApiName::Embedded(name) => check::parse(&format!("{name}.toml"), Self::text(name)?),
            ApiName::File(path) => {
                let text = fs::read_to_string(path).map_err(|error| {
                    Error::new(Exit::Config, format!("cannot read the API description {}: {error}", path.display()))
                })?;
                check::parse(&path.display().to_string(), &text)
            }
        }
    }

    /// The text of an embedded description: a start for one of the user's own.
    ///
    /// # Errors
    /// 78 when there is none of that name, with the names that there are.
    pub fn text(name: &str) -> Result<&'static str, Error> {
        EMBEDDED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text).ok_or_else(|| {
            let known = EMBEDDED.map(|(known, _)| known).join(", ");
            Error::new(Exit::Config, format!("no API named `{name}` is built in"))
                .hint(format!("built in: {known}; for a description of your own, name its file"))
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the API lives unless `--base-url` says otherwise; no slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.address.text()
    }

    /// The environment variable that may hold the key.
    #[must_use]
    pub fn key_variable(&self) -> &str {
        &self.key.variable
    }

    /// The pace when none is asked for.
    #[must_use]
    pub fn default_rate(&self) -> Rate {
        self.default_rate
    }

    /// The identities, the preferred one first.
    #[must_use]
    pub fn identities(&self) -> &[IdentityKind] {
        &self.identities
    }

    /// `host:port` of the API, for prompts and run directories; `base_url` instead of its own, if given.
    ///
    /// # Errors
    /// 78 when `base_url` is not a URL.
    pub fn host(&self, base_url: Option<&str>) -> Result<String, Error> {
        self.address(base_url).map(|address| address.host())
    }

    /// Where the API lives; `base_url` instead of its own, if given.
    pub(super) fn address(&self, base_url: Option<&str>) -> Result<Address, Error> {
        let Some(text) = base_url else { return Ok(self.address.clone()) };
        text.parse().map_err(|fault| Error::new(Exit::Config, format!("the base URL cannot be used: {fault}")))
    }

    /// How an operation is called.
    pub(super) fn endpoint(&self, operation: Operation) -> &Endpoint {
        match operation {
            Operation::Look | Operation::Get => &self.look,
            Operation::Delete => &self.delete,
        }
    }
}
