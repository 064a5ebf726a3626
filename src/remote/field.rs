//! Where a field stands in a JSON body.

use std::str::FromStr;

use serde::Deserialize;
use serde_json::Value;

/// Keys from the outermost object to a value: `data.profile_id`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct FieldPath(Box<[Box<str>]>);

impl FromStr for FieldPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let keys: Box<[Box<str>]> = text.split('.').map(Into::into).collect();
        if keys.iter().any(|key| key.is_empty()) {
            return Err(format!("`{text}` is not a path such as data.profile_id"));
        }
        Ok(Self(keys))
    }
}

impl TryFrom<String> for FieldPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FieldPath {
    /// The keys, the outermost first.
    #[must_use]
    pub fn keys(&self) -> &[Box<str>] {
        &self.0
    }

    /// What stands there.
    pub(super) fn find<'a>(&self, body: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(body, |value, key| value.get(&**key))
    }
}
