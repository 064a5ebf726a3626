//! When an answer casts doubt on the run: is it the key, the URL, or really this one row?
//!
//! Up to three other rows are looked at, with GET, never with the operation itself, one at a time, while the rows wait.

use crate::domain::{Evidence, Identity, Operation, Subject, Suspicion, Word};
use std::time::Duration;

use tokio::time::Instant;

use super::{
    Ending, Remote, Renewal,
    gate::Lane,
    health::NO_LINE,
    house::{House, LOOK, NO_FIELDS, Stop},
    retry::Delays,
};

/// How many other rows are looked at.
const LOOKS: usize = 3;
/// After so many rows in a row whose operation met suspicious answers while looks were answered well, it is the
/// operation that does not get through (a firewall that swallows DELETE), not those rows.
const SPURNED: u32 = 3;
/// Looks that come to nothing are repeated after this, then after twice as long each …
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// … up to this.
const PAUSE_CAP: Duration = Duration::from_mins(1);

/// What a round of looks came to.
enum Finding {
    /// A signed definitive answer: the key and the URL work.
    Well,
    /// Suspicious answers, and none definitive.
    Bad,
    /// Nothing but passing failures.
    Unclear,
}

impl<R: Remote> House<'_, R> {
    /// Returns when the key and the URL are known to work (again): the row may be tried once more.
    pub(super) async fn investigate(
        &self,
        line: u64,
        why: Suspicion,
        sent: Instant,
        evidence: &Evidence,
    ) -> Result<(), Stop> {
        let halt = || {
            let words = evidence.message.clone();
            Stop::Halt(Ending::Suspicious { why, status: evidence.status, words })
        };
        let is_certain = match why {
            Suspicion::Certificate | Suspicion::HostName => !self.health.borrow().was_reached(),
            // Its own code says so, and other rows' looks may need no parameter, and no such right.
            Suspicion::Parameters | Suspicion::Right => true,
            Suspicion::Credentials | Suspicion::Proxy | Suspicion::Redirect | Suspicion::Unsigned => false,
        };
        if is_certain {
            return Err(halt());
        }
        let mut cleared = self.investigation.lock().await;
        if cleared.is_some_and(|cleared| cleared >= sent) {
            return Ok(());
        }
        tracing::warn!(line, status = evidence.status, "a suspicious answer: looking at other rows before going on");
        self.gate.reserve(true);
        // Boxed: walks are as large as the largest thing that they may come to, and few come to this.
        let found = Box::pin(self.look_around(line, why)).await;
        self.gate.reserve(false);
        match found {
            Ok(true) => {
                *cleared = Some(Instant::now());
                Ok(())
            }
            Ok(false) => Err(halt()),
            Err(stop) => Err(stop),
        }
    }

    /// A row's call was answered well: calls of its kind get through.
    pub(super) fn gets_through(&self, operation: Operation) {
        self.spurned.by(operation).set(0);
    }

    /// A row's operation met a suspicious answer again, though looks are answered well: counts it as refused, unless
    /// that happens to one row after the other.
    pub(super) fn spurn(&self, operation: Operation, why: Suspicion, evidence: &Evidence) -> Result<(), Stop> {
        let spurned = self.spurned.by(operation);
        spurned.set(spurned.get() + 1);
        if spurned.get() < SPURNED {
            return Ok(());
        }
        let words = evidence.message.clone();
        Err(Stop::Halt(Ending::Suspicious { why, status: evidence.status, words }))
    }

    /// Whether key and URL work, or do so after the key was read again.
    async fn look_around(&self, line: u64, why: Suspicion) -> Result<bool, Stop> {
        let mut pauses = Delays::growing(FIRST_PAUSE, PAUSE_CAP);
        loop {
            match self.round(line, |_| true).await? {
                Finding::Well => return Ok(true),
                Finding::Bad if why == Suspicion::Credentials && self.remote.renew() == Renewal::Changed => {
                    return self.new_key_is_of_the_same_app(line).await;
                }
                Finding::Bad => return Ok(false),
                Finding::Unclear => self.gate.pause_until(Instant::now() + pauses.full()).await?,
            }
        }
    }

    /// A changed key is trusted only when a profile that it can see belongs to the app that this run began with.
    async fn new_key_is_of_the_same_app(&self, line: u64) -> Result<bool, Stop> {
        let Some(app) = self.app.borrow().clone() else { return Ok(false) };
        let found = self.round(line, |evidence| evidence.app.as_ref() == Some(&app)).await?;
        let same = matches!(found, Finding::Well);
        if same {
            tracing::info!("the key file has changed and belongs to the same app: going on with the new key");
        }
        Ok(same)
    }

    async fn round(&self, line: u64, convincing: impl Fn(&Evidence) -> bool) -> Result<Finding, Stop> {
        let mut finding = Finding::Unclear;
        for identity in self.others_to_look_at(line) {
            let attempt = self.attempt(Lane::Investigation, NO_LINE, LOOK, (&identity, &NO_FIELDS)).await?;
            match attempt.reply.word {
                Word::Done(_) | Word::Next(_) | Word::Refused => {
                    if convincing(&attempt.reply.evidence) {
                        return Ok(Finding::Well);
                    }
                    finding = Finding::Bad;
                }
                Word::Suspect(_) => finding = Finding::Bad,
                Word::Again { .. } => {}
            }
        }
        Ok(finding)
    }

    /// Other rows in the house; where they are too few, the impossible id.
    fn others_to_look_at(&self, line: u64) -> Vec<Identity> {
        let mut identities: Vec<Identity> = self
            .others(line, LOOKS)
            .iter()
            .filter_map(|row| match &row.subject {
                Subject::Known(identity) => Some(identity.clone()),
                Subject::Spared(..) | Subject::Malformed { .. } => None,
            })
            .collect();
        if identities.len() < LOOKS {
            identities.push(self.remote.witness());
        }
        identities
    }
}
