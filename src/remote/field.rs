//! Where a field stands in a JSON body.

use std::str::FromStr;

/// Keys from the outermost object to a text: `data.profile_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldPath(Box<[Box<str>]>);

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

impl FieldPath {
    /// The keys, the outermost first.
    pub(super) fn keys(&self) -> &[Box<str>] {
        &self.0
    }
}
