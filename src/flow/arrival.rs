//! What the walk of one identity came to, and the words that the flow adds to an answer's own.

use std::time::Duration;

use crate::domain::{Evidence, Fact, Id, Slot, Suspicion};

use super::house::Attempt;

/// What the API finally said about an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conclusion {
    /// The goal is reached.
    Done(Fact),
    /// The API will never take it.
    Refused,
    /// Given up while others succeeded.
    Failed,
}

/// What the walk of one identity came to.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) conclusion: Conclusion,
    pub(super) attempts: u32,
    pub(super) elapsed: Duration,
    pub(super) evidence: Evidence,
    pub(super) after_lost_answer: bool,
    /// The API said that it deleted the profile, and that is not verified.
    pub(super) erased: bool,
}

/// What an answer said, and about which of the row's ids.
pub(super) struct Testimony {
    pub(super) evidence: Evidence,
    pub(super) took: Duration,
    pub(super) slot: Slot,
}

impl Testimony {
    /// `slot` is the row's own, also where the call went by the API's own id instead.
    pub(super) fn of(attempt: Attempt, slot: Slot) -> Self {
        Self { evidence: attempt.reply.evidence, took: attempt.took, slot }
    }

    /// Puts words before those of the answer.
    pub(super) fn say(&mut self, words: &str) {
        say(&mut self.evidence, words);
    }
}

/// What it means that somebody has the name, once that is resolved; `lost`: an answer to an earlier call was.
pub(super) const fn about_the_other(conclusion: Conclusion, lost: bool) -> Option<&'static str> {
    match (conclusion, lost) {
        (Conclusion::Done(Fact::Same), false) => Some("it stood there already, just so"),
        (Conclusion::Done(Fact::Same), true) => {
            Some("it stood there just so, perhaps by this run's own call, whose answer was lost")
        }
        (Conclusion::Done(Fact::Found), true) => Some(
            "one stood there that cannot be told to be just so, perhaps by this run's own call, whose answer was lost",
        ),
        (Conclusion::Done(Fact::Found), false) => Some("one stood there already, and cannot be told to be just so"),
        (Conclusion::Done(Fact::Updated), true) => {
            Some("it may have been created by this run's own call, whose answer was lost")
        }
        (Conclusion::Done(Fact::Taken(_)), _) => Some("its name is taken, and nobody is found by it; tried twice"),
        (
            Conclusion::Done(Fact::Updated | Fact::Created | Fact::Deleted | Fact::Absent)
            | Conclusion::Refused
            | Conclusion::Failed,
            _,
        ) => None,
    }
}

/// What kind of suspicious answer a row met, twice.
pub(super) const fn suspicious_words(why: Suspicion) -> &'static str {
    match why {
        Suspicion::Credentials => "refused as if the key were wrong",
        Suspicion::Right => "refused as if the key lacked a right",
        Suspicion::Parameters => "refused as if a parameter of the run were wrong",
        Suspicion::Proxy => "stopped by the proxy",
        Suspicion::Redirect => "redirected",
        Suspicion::Unsigned => "answered outside the API's own shape",
        Suspicion::Certificate => "met a certificate that does not hold",
        Suspicion::HostName => "met a host name that does not exist",
    }
}

/// The results' `id` is the row's first; that the answer was about the second one must not get lost.
pub(super) fn name_second_id(evidence: &mut Evidence, second: &Id) {
    say(evidence, &format!("by the row's second id, {}", second.text()));
}

/// What the second id's word leaves open. Where the two ids are of two profiles, both calls may have been done.
pub(super) const FIRST_IN_DOUBT: &str = "an answer about the first id was lost: it may have been done by that, too";

/// Puts words before those of the answer.
pub(super) fn say(evidence: &mut Evidence, words: &str) {
    let said = evidence.message.take().map_or_else(String::new, |message| format!("; {message}"));
    evidence.message = Some(format!("{words}{said}"));
}
