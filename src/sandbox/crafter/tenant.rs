//! Which tenants there are, and how a username is one of a tenant's: a name is unique within its tenant only.

use std::borrow::Cow;

use crate::sandbox::world::{Kind, World};

/// The tenant of those whom the stand-in knew at the beginning.
pub(super) const OF_RESIDENTS: &str = "sandbox";

/// The tenant that every installation has.
const DEFAULT: &str = "default";

/// The tenant of this name, if there is one.
pub(super) fn find(name: &str) -> Option<&'static str> {
    [OF_RESIDENTS, DEFAULT].into_iter().find(|tenant| *tenant == name)
}

/// A tenant's username as the world knows it: the residents' as it is, another tenant's after the tenant's name.
pub(super) fn join(tenant: &str, username: &str) -> String {
    if tenant == OF_RESIDENTS { username.to_owned() } else { format!("{tenant}/{username}") }
}

/// The other way round.
pub(super) fn split(name: &str) -> (&'static str, Cow<'_, str>) {
    let other = name.split_once('/').filter(|(tenant, _)| *tenant == DEFAULT);
    other.map_or((OF_RESIDENTS, Cow::Borrowed(name)), |(_, username)| (DEFAULT, Cow::Borrowed(username)))
}

/// The username of somebody who was known by the id only: a profile is never without one.
pub(super) fn nameless(id: &str) -> Cow<'static, str> {
    Cow::Owned(format!("{NAMELESS}{id}"))
}

const NAMELESS: &str = "user-";

/// The id of whoever has this username in this tenant.
pub(super) fn look(world: &World, tenant: &str, username: &str) -> Option<String> {
    let by_id = username.strip_prefix(NAMELESS).filter(|_| tenant == OF_RESIDENTS).and_then(|id| {
        let found = world.look(Kind::Profile, id).filter(|found| found.customer_user_id.is_none())?;
        Some(found.profile_id.into_owned())
    });
    let by_name = || Some(world.look(Kind::Customer, &join(tenant, username))?.profile_id.into_owned());
    by_id.or_else(by_name)
}
