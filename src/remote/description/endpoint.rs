//! An operation's call, and what its success looks like. Knows neither the file's words nor who calls.

use reqwest::{Method, StatusCode};

use crate::remote::field::FieldPath;

/// One operation's call, and what its success looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its method.
    pub(in crate::remote) method: Method,
    /// Its path, from the base URL's end on; the id's place is [`crate::remote::PLACEHOLDER`].
    pub path: String,
    /// Its body.
    pub sends: Sends,
    /// What is said once for the whole run and travels here: in the form where one is sent, in the query elsewhere.
    pub parameters: Vec<String>,
    /// Every id of the row travels, each in its own seat, and not only the one that is called for.
    pub every_id: bool,
    /// The one status of success.
    pub(in crate::remote) status: StatusCode,
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

/// A request's body. Constants are the pairs of a form, encoded already; key, id and parameters join them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sends {
    /// None.
    Nothing,
    /// A form with these constants.
    Form(String),
    /// This JSON, as it stands.
    Json(String),
    /// The row's fields: an object, nested by the dots of their names.
    FieldsAsJson,
    /// The row's fields, a pair each, after these constants. A list of texts is a repeated pair; a list of pairs and an
    /// object are one pair, a JSON text.
    FieldsAsForm(String),
    /// Which entries of objects are to be taken away, a pair with the key of each.
    Removals {
        /// The name of these pairs.
        name: String,
        /// What stands before them.
        constants: String,
    },
}

impl Sends {
    /// Whether it is a form, which key, id and parameters can join.
    #[must_use]
    pub const fn is_form(&self) -> bool {
        match self {
            Self::Form(_) | Self::FieldsAsForm(_) | Self::Removals { .. } => true,
            Self::Nothing | Self::Json(_) | Self::FieldsAsJson => false,
        }
    }
}

/// What a successful answer's body is.
#[derive(Debug, Clone, PartialEq, Eq)]
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
