//! Where the calls of a run go.
//!
//! Promises: two destinations are equal only where one id means one person. It does not know the key: which app that
//! belongs to, only a look can tell.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Whatever says where a call goes, and is the same for every row. Somebody of that name is somebody else in another place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// The API's name.
    pub api: String,
    /// Its host, with its port if it is not the scheme's own.
    pub host: String,
    /// The path below which the calls are; `/` where they are below none.
    #[serde(default = "no_path")]
    pub base_path: String,
    /// What the API was told once for all calls, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
}

fn no_path() -> String {
    "/".to_owned()
}

impl Destination {
    /// What tells it from another one, as the rest of a sentence that begins with "is of"; `None` when nothing does.
    #[must_use]
    pub fn difference(&self, ours: &Self) -> Option<String> {
        let own = |it: &Self| [("API", it.api.clone()), ("host", it.host.clone()), ("base path", it.base_path.clone())];
        let differing = own(self).into_iter().zip(own(ours)).find(|(its, ours)| its != ours);
        if let Some(((what, its), (_, ours))) = differing {
            return Some(format!("another {what}: {its}, not {ours}"));
        }
        let (its, ours) = (&self.parameters, &ours.parameters);
        let told: BTreeSet<&String> = its.keys().chain(ours.keys()).collect();
        told.into_iter().find_map(|what| match (its.get(what), ours.get(what)) {
            (its, ours) if its == ours => None,
            (Some(its), Some(ours)) => Some(format!("another {what}: {its}, not {ours}")),
            (Some(its), None) => Some(format!("{what} {its}, and none is said now")),
            (None, _) => Some(format!("no {what}, and one is said now")),
        })
    }
}
