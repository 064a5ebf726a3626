//! Which API the stand-in plays: one that it knows by heart, or one that it is told about.

use crate::domain::{IdFormat, Schema};

/// Which API the stand-in plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Adapty's server-side API, version 2.
    Adapty,
    /// Crafter Profile 4.1.
    Crafter {
        /// Another name of the tenant of those whom it knows from the beginning, besides `sandbox`: a rehearsal's own.
        tenant: Option<String>,
    },
    /// An API that somebody has described.
    Described(Box<Described>),
}

impl Part {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Adapty => "adapty",
            Self::Crafter { .. } => "crafter",
            Self::Described(described) => &described.name,
        }
    }

    /// What its base URL has after the host: empty, or a path without a slash at its end.
    #[must_use]
    pub const fn root(&self) -> &'static str {
        match self {
            Self::Adapty | Self::Described(_) => "",
            Self::Crafter { .. } => super::crafter::ROOT,
        }
    }
}

/// An API that somebody has described, in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// Where the key travels.
    pub key: Seat,
    /// What stands before the key in a header.
    pub key_prefix: String,
    /// By what its profiles are named.
    pub identities: Vec<NamedBy>,
    /// How a profile is read.
    pub look: Route,
    /// How it is deleted.
    pub delete: Route,
    /// How one is made of a name that the caller gives it.
    pub create: Option<Route>,
    /// A creation may name both ids: it then gives the caller's to the profile that has the API's own.
    pub links: bool,
    /// How it is given fields.
    pub update: Option<Route>,
    /// How fields are taken away from it; where there is such a call, a null in a group is stored as a null.
    pub remove: Option<Route>,
    /// Which fields there are; any JSON, and texts in a form, where it names none.
    pub schema: Schema,
    /// Where a look shows a field besides under its own name: the field's name, and a path from the profile on.
    pub returned: Vec<(String, Path)>,
    /// Whether a deletion of what is not there is answered otherwise than one of what is.
    pub delete_tells: bool,
    /// What its errors look like.
    pub errors: Errors,
    /// The header that names an answer, if it has one.
    pub request_id: Option<String>,
}

/// Where an id or the key travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seat {
    /// In a header of this name.
    Header(String),
    /// In the path, in `{id}`'s stead.
    Path,
    /// In the form where one is sent, in the query elsewhere.
    Field {
        /// Its name in the query.
        query: Option<String>,
        /// Its name in a form.
        form: Option<String>,
    },
}

/// One kind of id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedBy {
    /// Its name.
    pub name: String,
    /// Whether the API itself gives these ids out.
    pub own: bool,
    /// Where it travels.
    pub seat: Seat,
    /// How it is written.
    pub format: IdFormat,
    /// Where a look by it shows it.
    pub returned: Option<Path>,
    /// Where a look by any id shows it.
    pub told: Option<Path>,
    /// How a profile is read by an id of this kind, where that is another call.
    pub look: Option<Route>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its method.
    pub method: String,
    /// Its path, perhaps with `{id}` in it.
    pub path: String,
    /// What it must be sent.
    pub takes: Takes,
    /// Names of what must be said besides, in the query or in the body.
    pub parameters: Vec<String>,
    /// The status of success.
    pub status: u16,
    /// The body of success.
    pub gives: Gives,
}

/// What an operation must be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Takes {
    /// No body.
    Nothing,
    /// A form with these constant fields, encoded, among others.
    Form(String),
    /// This JSON.
    Json(String),
    /// Fields of the profile.
    Fields {
        /// How they travel.
        encoding: Encoding,
        /// What stands beside them: a form's constant fields, encoded, or the text of a JSON object; perhaps empty.
        constants: String,
    },
    /// A form that names fields, again and again under one name.
    Names {
        /// That name.
        name: String,
        /// The group that the fields are of; where it is not said, those of any group go, and the profile's own.
        group: Option<String>,
        /// The constant fields among them, encoded.
        constants: String,
    },
}

/// How fields travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As members of a JSON object.
    Json,
    /// As the fields of a form: lists of texts by repetition, objects as JSON texts.
    Form,
}

/// The body of success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gives {
    /// None.
    Nothing,
    /// JSON with these fields.
    Json {
        /// Where the API's own id stands.
        own_id: Option<Path>,
        /// Where the app stands.
        app: Option<Path>,
        /// Where anything stands.
        fields: Vec<Path>,
        /// Where the profile's own fields stand; empty where they are the whole body.
        profile: Path,
    },
}

/// Keys from the outermost object of a body inwards.
pub type Path = Vec<String>;

/// What an error body looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errors {
    /// What stands in each of them.
    pub signature: Vec<Path>,
    /// Where the code stands.
    pub code: Path,
    /// Where the complaints stand.
    pub list: Option<Path>,
    /// Which key of a complaint holds its texts; without it, complaints are plain texts.
    pub texts: Option<String>,
    /// The code of "no such profile".
    pub not_found: String,
    /// The code of "there is one already"; where there is none, creating whoever exists changes them.
    pub exists: Option<String>,
    /// Status and code of a wrong key.
    pub denied: (u16, String),
}
