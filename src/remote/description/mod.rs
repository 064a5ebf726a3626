//! An API as data: what the description file says, parsed strictly.
//!
//! Promises: whatever [`Description::parse`] returns can be compiled into a plan; what it refuses, it refuses with the
//! file's name and line. It does not know the key, and makes no request.

mod calls;
mod check;
mod complaint;
mod endpoint;
mod fields;
mod form;
mod identities;
mod spelling;

use std::fs;

use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderName},
};

pub use endpoint::{Endpoint, Sends, Shape};
pub use fields::Carriage;

use crate::{
    domain::{Action, Destination, FieldKind, Id, IdFormat, IdKind, Operation, Schema, Setting, Value},
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
    /// Where the answer to a look has it, if it is said: an answer that bears another one is about somebody else.
    pub returned: Option<FieldPath>,
    /// Where the answer to a look tells it of whoever was found, by whichever id that was; so does the place above.
    pub told: Option<FieldPath>,
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
    carriages: Vec<Carriage>,
    parameters: Vec<String>,
    given: Vec<(String, String)>,
    identities: Vec<IdentityKind>,
    seats: Vec<Seat>,
    calls: calls::Calls,
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
    /// Codes that say what the key may not do, in any signed refusal.
    pub right_codes: Vec<String>,
    /// Codes that are about what was said once for the run, in any signed refusal.
    pub parameter_codes: Vec<String>,
    /// Codes by which a signed refusal of a creation means "there is one of that name already".
    pub exists: Vec<String>,
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
            ApiName::Embedded(name) => Self::parse(&format!("{name}.toml"), Self::text(name)?),
            ApiName::File(path) => {
                let text = fs::read_to_string(path).map_err(|error| {
                    Error::new(Exit::Config, format!("cannot read the API description {}: {error}", path.display()))
                })?;
                Self::parse(&path.display().to_string(), &text)
            }
        }
    }

    /// Reads and checks a description's text; `file` is how it is called in messages.
    ///
    /// # Errors
    /// 78, naming the file and the line.
    pub fn parse(file: &str, text: &str) -> Result<Self, Error> {
        check::parse(file, text)
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

    /// What was given of the parameters; an empty text is nothing.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        self.given.iter().find(|(given, value)| given == name && !value.is_empty()).map(|(_, value)| &**value)
    }

    /// A parameter that calls for these actions, about ids of these kinds, may need and that was not given. Looks count
    /// in any case: any row may be looked at.
    #[must_use]
    pub fn lacks(&self, actions: &[Action], kinds: &[IdKind]) -> Option<&str> {
        let operations = actions.iter().flat_map(|action| operations(*action)).chain(&[Operation::Look]);
        let endpoints = operations.filter_map(|operation| self.endpoint(*operation));
        let own = kinds.iter().filter_map(|kind| self.own_look(*kind));
        let mut needed = endpoints.chain(own).flat_map(|endpoint| &endpoint.parameters);
        needed.find(|name| self.given(name).is_none()).map(String::as_str)
    }

    /// Whether it has every call that this action may take.
    #[must_use]
    pub fn offers(&self, action: Action) -> bool {
        let optional = |operation: &&Operation| **operation != Operation::Remove;
        operations(action).iter().filter(optional).all(|operation| self.endpoint(*operation).is_some())
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
        self.calls.delete_tells
    }

    /// Whether a found profile names the app that the key belongs to.
    #[must_use]
    pub fn names_apps(&self) -> bool {
        matches!(&self.calls.look.shape, Shape::Json { app: Some(_), .. })
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

    /// Where calls go with the parameters that were given; `base_url` instead of the API's own, if given.
    ///
    /// # Errors
    /// 78 when `base_url` is not a URL, or there is none at all.
    pub fn destination(&self, base_url: Option<&str>) -> Result<Destination, Error> {
        let address = self.address(base_url)?;
        let given = |name: &String| Some((name.clone(), self.given(name)?.to_owned()));
        Ok(Destination {
            api: self.name.clone(),
            host: address.host(),
            base_path: address.path().to_owned(),
            parameters: self.parameters.iter().filter_map(given).collect(),
        })
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

    /// How an operation is called; none for what it has no call for.
    #[must_use]
    pub const fn endpoint(&self, operation: Operation) -> Option<&Endpoint> {
        match operation {
            Operation::Look | Operation::Get | Operation::Compare => Some(&self.calls.look),
            Operation::Delete => Some(&self.calls.delete),
            Operation::Create => self.calls.create.as_ref(),
            Operation::Update => self.calls.update.as_ref(),
            Operation::Remove => self.calls.remove.as_ref(),
        }
    }

    /// How a profile is read.
    #[must_use]
    pub const fn look(&self) -> &Endpoint {
        &self.calls.look
    }

    /// How it is deleted.
    #[must_use]
    pub const fn delete(&self) -> &Endpoint {
        &self.calls.delete
    }

    /// How a profile is looked for by ids of this kind, where that is not the usual look. What is found is called by the
    /// API's own id from then on.
    #[must_use]
    pub fn own_look(&self, kind: IdKind) -> Option<&Endpoint> {
        self.calls.own_looks.get(usize::from(kind.0))?.as_ref()
    }

    /// Whether a profile can be created by an id of this kind.
    pub(super) fn creates_by(&self, id: &Id) -> bool {
        self.identities.get(usize::from(id.kind().0)).is_some_and(|kind| kind.creates)
    }

    /// The first kind of id that the API gives out itself.
    pub(super) fn own_kind(&self) -> Option<(IdKind, IdFormat)> {
        let mut kinds = (0_u8..).map(IdKind).zip(&self.identities);
        let own = |(kind, identity): &(IdKind, &IdentityKind)| {
            identity.owner == Owner::System && self.own_look(*kind).is_none()
        };
        kinds.find(own).map(|(kind, identity)| (kind, identity.format))
    }

    /// How the fields of [`Self::schema`] travel, in its order.
    #[must_use]
    pub fn carriages(&self) -> &[Carriage] {
        &self.carriages
    }

    /// Whether this is an entry of an object that only a call of its own can take away.
    pub(super) fn is_removal(&self, setting: &Setting) -> bool {
        self.calls.remove.is_some() && setting.value == Value::Null && matches!(self.kind(setting), FieldKind::Map)
    }

    /// What may stand in a setting's field; the setting is one that this description's schema knows.
    pub(super) fn kind(&self, setting: &Setting) -> &FieldKind {
        &self.schema.fields[usize::from(setting.field)].kind
    }
}

/// The calls that change something on an action's way, the look before a deletion apart.
const fn operations(action: Action) -> &'static [Operation] {
    match action {
        Action::Delete => &[Operation::Delete],
        Action::Create => &[Operation::Create],
        Action::Update => &[Operation::Update, Operation::Remove],
        Action::Upsert => &[Operation::Update, Operation::Remove, Operation::Create],
        Action::Get | Action::Verify => &[Operation::Look],
    }
}
