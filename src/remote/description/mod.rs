//! An API as data: what the description file says, parsed strictly.
//!
//! Promises: whatever [`Description::load`] returns can be compiled into a plan; what it refuses, it refuses with the
//! file's name and line. It does not know the key, and makes no request.

mod calls;
mod check;
mod form;

use std::fs;

use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderName},
};

use crate::{
    domain::{Action, Id, IdFormat, Operation, Schema},
    error::{Error, Exit},
    flow::Rate,
    remote::{ApiName, address::Address, field::FieldPath, seat::Seat},
};

/// The descriptions that are built in, by name.
const EMBEDDED: [(&str, &str); 2] =
    [("adapty", include_str!("../adapty.toml")), ("crafter", include_str!("../crafter.toml"))];

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
    /// How its ids are written.
    pub format: IdFormat,
    /// A profile can be created by it: not by an id that only the API gives out.
    pub creates: bool,
}

/// An API as data.
#[derive(Debug, Clone)]
pub struct Description {
    name: String,
    address: Option<Address>,
    default_rate: Rate,
    pub(super) key: KeyRules,
    pub(super) headers: HeaderMap,
    schema: Schema,
    parameters: Vec<String>,
    given: Vec<(String, String)>,
    identities: Vec<IdentityKind>,
    seats: Vec<Seat>,
    look: Endpoint,
    delete: Endpoint,
    delete_tells: bool,
    errors: ErrorRules,
    pub(super) request_id: Vec<HeaderName>,
    pub(super) probe: Id,
}

/// How the key travels, and what is surely not one.
#[derive(Debug, Clone)]
pub(super) struct KeyRules {
    /// The environment variable that may hold it.
    pub(super) variable: String,
    /// Where it travels.
    pub(super) seat: Seat,
    /// What stands before it in a header; empty elsewhere.
    pub(super) prefix: String,
    /// What no key begins with.
    pub(super) refused_prefixes: Vec<String>,
}

/// One operation's call, and what its success looks like.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// Its method.
    pub(super) method: Method,
    /// Its path, from the base URL's end on; the id's place is [`super::PLACEHOLDER`].
    pub path: String,
    /// Its body.
    pub sends: Sends,
    /// The one status of success.
    pub(super) status: StatusCode,
    /// The one shape of success.
    pub shape: Shape,
}

impl Endpoint {
    /// Its method, as it stands on the wire.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The one status of success.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }
}

/// A request's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sends {
    /// None.
    Nothing,
    /// A form with these constant fields, encoded already; the key and the id join them.
    Form(String),
    /// This JSON, as it stands.
    Json(String),
}

/// What a successful answer's body is.
#[derive(Debug, Clone)]
pub enum Shape {
    /// No byte.
    Empty,
    /// JSON with something at each of these places; there is at least one.
    Json {
        /// Where the API's own id of the profile stands, a text.
        remote_id: Option<FieldPath>,
        /// Where the app stands that the key belongs to, a text.
        app: Option<FieldPath>,
        /// Where anything but `null` stands.
        fields: Vec<FieldPath>,
        /// Where the profile itself stands; `None`: the body is the profile.
        profile: Option<FieldPath>,
    },
    /// Whatever it is: the status says it all.
    Any,
}

/// What the API's own errors mean.
#[derive(Debug, Clone)]
pub struct ErrorRules {
    /// The alternatives, in the order in which they are tried; one of them at least has a code.
    pub bodies: Vec<ErrorBodyRules>,
    /// Codes by which a signed 404 means "no such profile".
    pub not_found: Vec<String>,
    /// Statuses that are about the key.
    pub(super) credentials: Vec<StatusCode>,
    /// Codes that are about the key, in any signed refusal.
    pub credential_codes: Vec<String>,
}

impl ErrorRules {
    /// Statuses that are about the key.
    pub fn credentials(&self) -> impl Iterator<Item = u16> {
        self.credentials.iter().map(StatusCode::as_u16)
    }
}

/// How one kind of the API's own error body is recognised, and what it says.
#[derive(Debug, Clone)]
pub struct ErrorBodyRules {
    /// What stands in every such body; never empty.
    pub signature: Vec<FieldPath>,
    /// Where the error code stands; a body without one is quoted, and settles no row.
    pub code: Option<FieldPath>,
    /// Where the complaints stand: one text, or a list.
    pub list: Option<FieldPath>,
    /// Which key of a complaint names the field.
    pub field: Option<String>,
    /// Which key of a complaint holds its texts.
    pub texts: Option<String>,
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
            let known = Self::embedded().collect::<Vec<_>>().join(", ");
            Error::new(Exit::Config, format!("no API named `{name}` is built in"))
                .hint(format!("built in: {known}; for a description of your own, name its file"))
        })
    }

    /// Names of the descriptions that are built in.
    pub fn embedded() -> impl Iterator<Item = &'static str> {
        EMBEDDED.iter().map(|(name, _)| *name)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the API lives unless `--base-url` says otherwise; no slash at the end. `None` where everybody has a server
    /// of their own.
    #[must_use]
    pub fn base_url(&self) -> Option<&str> {
        self.address.as_ref().map(Address::text)
    }

    /// The environment variable that may hold the key.
    #[must_use]
    pub fn key_variable(&self) -> &str {
        &self.key.variable
    }

    /// The fields of a profile that can be written; none where profiles are only read and deleted.
    #[must_use]
    pub const fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Names of what must be said once for the whole run, with `--set NAME=VALUE`, as far as a call needs it.
    #[must_use]
    pub fn parameters(&self) -> &[String] {
        &self.parameters
    }

    /// The same API, for these parameters.
    #[must_use]
    pub fn with_parameters(self, given: Vec<(String, String)>) -> Self {
        Self { given, ..self }
    }

    /// Whether it has a call for this action.
    #[must_use]
    pub const fn offers(&self, action: Action) -> bool {
        match action {
            Action::Delete | Action::Get | Action::Verify => true,
            Action::Create | Action::Update | Action::Upsert => false,
        }
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

    /// Where the ids of the identity at the same place of [`Self::identities`] travel.
    #[must_use]
    pub fn seats(&self) -> &[Seat] {
        &self.seats
    }

    /// Where the key travels.
    #[must_use]
    pub fn key_seat(&self) -> &Seat {
        &self.key.seat
    }

    /// What stands before the key in a header; empty elsewhere.
    #[must_use]
    pub fn key_prefix(&self) -> &str {
        &self.key.prefix
    }

    /// Whether the answer to a deletion tells a deleted profile from an absent one; otherwise it is looked for first.
    #[must_use]
    pub fn delete_tells(&self) -> bool {
        self.delete_tells
    }

    /// Whether a found profile names the app that the key belongs to.
    #[must_use]
    pub fn names_apps(&self) -> bool {
        matches!(&self.look.shape, Shape::Json { app: Some(_), .. })
    }

    /// What the API's own errors mean.
    #[must_use]
    pub fn errors(&self) -> &ErrorRules {
        &self.errors
    }

    /// The headers that may name an answer.
    pub fn request_id(&self) -> impl Iterator<Item = &str> {
        self.request_id.iter().map(HeaderName::as_str)
    }

    /// `host:port` of the API, for prompts and run directories; `base_url` instead of its own, if given.
    ///
    /// # Errors
    /// 78 when `base_url` is not a URL, or there is none at all.
    pub fn host(&self, base_url: Option<&str>) -> Result<String, Error> {
        self.address(base_url).map(|address| address.host())
    }

    /// Where the API lives; `base_url` instead of its own, if given.
    pub(super) fn address(&self, base_url: Option<&str>) -> Result<Address, Error> {
        match (base_url, &self.address) {
            (Some(text), _) => {
                text.parse().map_err(|fault| Error::new(Exit::Config, format!("the base URL cannot be used: {fault}")))
            }
            (None, Some(address)) => Ok(address.clone()),
            (None, None) => Err(Error::new(Exit::Config, format!("the API {} has no address of its own", self.name))
                .hint("everybody has a server of their own: say which with --base-url URL")),
        }
    }

    /// How an operation is called.
    #[must_use]
    pub fn endpoint(&self, operation: Operation) -> &Endpoint {
        match operation {
            Operation::Look
            | Operation::Get
            | Operation::Create
            | Operation::Update
            | Operation::Remove
            | Operation::Compare => &self.look,
            Operation::Delete => &self.delete,
        }
    }
}
