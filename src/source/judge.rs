//! Whether a row that could be sent must not be: what is known of it before it is looked at with others.
//!
//! Promises: pure functions of what earlier tries and earlier passes left behind. It does not know how that came about.

use crate::domain::{Action, Fingerprints, Identity, Past, Spared};

/// Why a row is not sent, as far as this row alone tells. The order is that in which one reason hides another.
pub(super) fn spare(line: u64, identity: &Identity, action: Action, past: &Past) -> Option<Spared> {
    if is_suppressed(line, identity, action, past) || past.decided.suppressed.contains(line) {
        let is_listed = past.suppressed.as_ref().is_some_and(|suppressed| suppressed.holds(identity));
        Some(if is_listed { Spared::Suppressed } else { Spared::SuppressedBeside })
    } else if past.decided.superseded.contains(line) {
        Some(Spared::Superseded)
    } else {
        let is_done = || is_handled_elsewhere(identity, past).then_some(Spared::EarlierRun);
        past.decided.before.spares(line).or_else(is_done)
    }
}

/// Whether a row would bring back somebody who was erased.
pub(super) fn is_suppressed(line: u64, identity: &Identity, action: Action, past: &Past) -> bool {
    action.takes_fields()
        && past
            .suppressed
            .as_ref()
            .is_some_and(|suppressed| past.beside_suppressed.contains(line) || suppressed.holds(identity))
}

/// Whether the run of `--continue-from` has done this one; where it was absent, a second id is still worth a try.
fn is_handled_elsewhere(identity: &Identity, past: &Past) -> bool {
    let has = |set: &Option<Fingerprints>| set.as_ref().is_some_and(|set| set.contains_id(identity.primary()));
    has(&past.elsewhere_deleted) || (identity.fallback().is_none() && has(&past.elsewhere_absent))
}
