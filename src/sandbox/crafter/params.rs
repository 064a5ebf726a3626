//! What a request's parameters say of a profile, checked.

use serde_json::{Map, Value};

use super::answers::bad;
use crate::sandbox::{play::Answer, world::Content, written::is_email};

/// A servlet's parameters: the query's and the form's alike.
pub(super) struct Params(pub(super) Vec<(String, String)>);

impl Params {
    /// The first value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The same, an empty text left out.
    pub(super) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The same, which must be there.
    pub(super) fn needed(&self, name: &str) -> Result<&str, Answer> {
        let missing = || bad("OTHER", &format!("Required parameter '{name}' is not present"));
        self.filled(name).ok_or_else(missing)
    }

    /// All values of a name, empty texts left out.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let of_name = self.0.iter().filter(|(other, value)| other == name && !value.is_empty());
        of_name.map(|(_, value)| value.clone()).collect()
    }

    /// The names of what is said of the profile, those of attributes after `attributes`.
    pub(super) fn fields(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (name, value) in self.0.iter().filter(|(name, _)| FIELDS.contains(&name.as_str())) {
            let inner =
                (name == "attributes").then(|| serde_json::from_str::<Map<String, Value>>(value).ok()).flatten();
            match inner {
                Some(inner) => names.extend(inner.keys().map(|key| format!("attributes.{key}"))),
                None if names.contains(name) => {}
                None => names.push(name.clone()),
            }
        }
        names
    }
}

const FIELDS: [&str; 6] = ["username", "password", "email", "enabled", "role", "attributes"];

/// What a form says of a profile but its username; what it does not say, or says with an empty text, stays.
pub(super) struct Change {
    email: Option<String>,
    enabled: Option<bool>,
    roles: Vec<String>,
    attributes: Map<String, Value>,
    /// It is kept nowhere: nobody can tell whether it is the same as before.
    password: bool,
}

impl Change {
    pub(super) fn read(params: &Params) -> Result<Self, Answer> {
        Ok(Self {
            email: params.filled("email").map(email).transpose()?,
            enabled: params.filled("enabled").map(truth).transpose()?,
            roles: params.all("role"),
            attributes: params.filled("attributes").map(attributes).transpose()?.unwrap_or_default(),
            password: params.filled("password").is_some(),
        })
    }

    /// Whether it says something that nobody can see afterwards.
    pub(super) const fn hides_something(&self) -> bool {
        self.password
    }

    pub(super) fn merge(self, content: &mut Content) {
        let roles = (!self.roles.is_empty()).then(|| Value::from(self.roles));
        let said =
            [("email", self.email.map(Value::from)), ("enabled", self.enabled.map(Value::from)), ("roles", roles)];
        content.extend(said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        merge_attributes(content, self.attributes);
    }
}

/// An attribute of null is an attribute that is null.
pub(super) fn merge_attributes(content: &mut Content, attributes: Map<String, Value>) {
    if attributes.is_empty() {
        return;
    }
    if let Value::Object(kept) = content.entry("attributes").or_insert_with(|| Value::Object(Map::new())) {
        kept.extend(attributes);
    }
}

fn email(text: &str) -> Result<String, Answer> {
    let invalid = || bad("INVALID_EMAIL_ADDRESS", &format!("Invalid email address: {text}"));
    is_email(text).then(|| text.to_owned()).ok_or_else(invalid)
}

/// Spring's words for a boolean.
fn truth(text: &str) -> Result<bool, Answer> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "1" => Ok(true),
        "false" | "off" | "no" | "0" => Ok(false),
        _ => Err(bad("OTHER", "Parameter 'enabled' is not a boolean")),
    }
}

fn attributes(text: &str) -> Result<Map<String, Value>, Answer> {
    let broken = |_| bad("PARAM_DESERIALIZATION_ERROR", "Parameter 'attributes' is not a JSON object");
    serde_json::from_str(text).map_err(broken)
}
