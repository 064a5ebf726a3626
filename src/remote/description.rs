//! An API as data: what the description file says, parsed strictly.

use crate::{error::Error, flow::Rate, remote::ApiName};

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
}

impl Description {
    /// Reads and checks an embedded description or a file.
    ///
    /// # Errors
    /// 78, naming the file and the line.
    pub fn load(name: &ApiName) -> Result<Self, Error> {
        unimplemented!("{name:?}")
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the API lives unless `--base-url` says otherwise; no slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        unimplemented!()
    }

    /// The environment variable that may hold the key.
    #[must_use]
    pub fn key_variable(&self) -> &str {
        unimplemented!()
    }

    /// The pace when none is asked for.
    #[must_use]
    pub fn default_rate(&self) -> Rate {
        unimplemented!()
    }

    /// The identities, the preferred one first.
    #[must_use]
    pub fn identities(&self) -> &[IdentityKind] {
        unimplemented!()
    }
}
