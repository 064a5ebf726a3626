//! How ids stand in what a run leaves behind: as they are, or as keyed hashes.
//!
//! Promises: under one key an id has the same hash in every run, told apart by its kind's name; whatever is hashed here
//! holds no id of its row in clear, nor the API's own id of it. It does not know files, nor where outcomes go.

use std::{borrow::Cow, sync::Arc};

use super::{
    Digest, Evidence, Fields, Id, IdKind, Identity, Layout, Outcome, Printer, Row, SecretKey, Subject,
    spelling::Spelling,
};

/// What tells the key's id from those of its other uses.
const LABEL: &str = "tollgate hashed ids key id";

/// The side files' header: their rows cannot be fed back.
const HEADER: &[u8] = b"line,id,second_id\n";

/// Answers are kept up to a KiB: whatever is nearly as long may have been cut in the midst of an id.
const MAY_BE_CUT: usize = 1000;

/// How ids stand in what a run leaves behind.
#[derive(Debug, Clone, Default)]
pub struct Naming(Option<Arc<Hashing>>);

#[derive(Debug)]
struct Hashing {
    printer: Printer,
    own: Option<IdKind>,
    key_id: Box<str>,
}

impl Naming {
    /// By HMAC-SHA-256, 64 hex digits. `kinds` are the names of the API's identities, in the order of [`IdKind`]; `own`
    /// is the kind of the API's own ids.
    #[must_use]
    pub fn hashed(key: &SecretKey, kinds: &[String], own: Option<IdKind>) -> Self {
        let hashing = Hashing { printer: key.printer(kinds), own, key_id: key.id(LABEL).into() };
        Self(Some(Arc::new(hashing)))
    }

    /// Tells keys apart without showing one; `None` where ids stand as they are.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.0.as_ref().map(|hashing| &*hashing.key_id)
    }

    /// An id as it stands in the results.
    #[must_use]
    pub fn id<'a>(&self, id: &'a Id) -> Cow<'a, str> {
        self.0.as_ref().map_or(Cow::Borrowed(id.text()), |hashing| hashing.printer.id(id).to_string().into())
    }

    /// What could be read of an id, as it stands in the results of a malformed row: it is of no kind.
    #[must_use]
    pub fn unkind<'a>(&self, id: &'a [u8]) -> Cow<'a, [u8]> {
        match &self.0 {
            Some(hashing) if !id.is_empty() => hashing.unkind(id).hex().to_vec().into(),
            Some(_) | None => Cow::Borrowed(id),
        }
    }

    /// The API's own id of a profile, as it stands in the results.
    #[must_use]
    pub fn remote_id<'a>(&self, id: &'a str) -> Cow<'a, str> {
        self.0.as_ref().map_or(Cow::Borrowed(id), |hashing| hashing.remote_id(id).to_string().into())
    }

    /// Who a row is about, as it stands in the results' `id` column.
    #[must_use]
    pub fn subject<'a>(&self, subject: &'a Subject) -> Cow<'a, [u8]> {
        match subject {
            Subject::Known(identity) | Subject::Spared(identity, _) => match self.id(identity.primary()) {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => text.into_bytes().into(),
            },
            Subject::Malformed { id, .. } => self.unkind(id),
        }
    }

    /// An outcome as it may be written down.
    #[must_use]
    pub fn outcome<'a>(&self, outcome: &'a Outcome) -> Cow<'a, Outcome> {
        self.0.as_ref().map_or(Cow::Borrowed(outcome), |hashing| Cow::Owned(hashing.outcome(outcome)))
    }

    /// What the side files hold of a row instead of its record; `None` where the record itself may stand there.
    #[must_use]
    pub fn record(&self, line: u64, subject: &Subject) -> Option<Box<[u8]>> {
        self.0.as_ref().map(|hashing| record(line, &hashing.subject(subject)))
    }

    /// The side files' layout, for an input that is laid out like that.
    #[must_use]
    pub fn layout(&self, input: &Layout) -> Layout {
        match self.0 {
            Some(_) => Layout { extension: "csv", prelude: HEADER.into() },
            None => input.clone(),
        }
    }
}

impl Hashing {
    fn unkind(&self, id: &[u8]) -> Digest {
        self.printer.text(None, id)
    }

    fn remote_id(&self, id: &str) -> Digest {
        self.printer.text(self.own, id.as_bytes())
    }

    fn id(&self, id: &Id) -> Id {
        Id::hashed(id.kind(), self.printer.id(id))
    }

    fn subject(&self, subject: &Subject) -> Subject {
        match subject {
            Subject::Known(identity) => Subject::Known(self.identity(identity)),
            Subject::Spared(identity, why) => Subject::Spared(self.identity(identity), *why),
            Subject::Malformed { id, reason } => {
                let hash = if id.is_empty() { Vec::new() } else { self.unkind(id).hex().to_vec() };
                Subject::Malformed { id: hash, reason: reason.clone() }
            }
        }
    }

    fn identity(&self, identity: &Identity) -> Identity {
        let primary = self.id(identity.primary());
        match identity.fallback() {
            Some(fallback) => Identity::two(primary, self.id(fallback)),
            None => Identity::one(primary),
        }
    }

    fn outcome(&self, outcome: &Outcome) -> Outcome {
        let Row { line, action, ref subject, .. } = outcome.row;
        let evidence = self.evidence(&outcome.evidence, subject);
        let subject = self.subject(subject);
        let original = record(line, &subject);
        Outcome { row: Row { line, action, subject, fields: Fields::default(), original }, evidence, ..*outcome }
    }

    /// What an answer said, without the ids that it repeats.
    fn evidence(&self, evidence: &Evidence, subject: &Subject) -> Evidence {
        let secrets = self.secrets(subject, evidence);
        let clean = |said: &Option<String>| said.as_ref().map(|said| without(said, &secrets));
        Evidence {
            status: evidence.status,
            code: clean(&evidence.code),
            message: clean(&evidence.message),
            request_id: clean(&evidence.request_id),
            remote_id: evidence.remote_id.as_ref().map(|id| self.remote_id(id).to_string()),
            names: Vec::new(),
            app: clean(&evidence.app),
            profile: evidence.profile.clone(),
        }
    }

    /// What an answer must not repeat, each with what stands for it, the longest first.
    fn secrets(&self, subject: &Subject, evidence: &Evidence) -> Vec<(Spelling, Digest)> {
        let mut secrets: Vec<(String, Digest)> = match subject {
            Subject::Known(identity) | Subject::Spared(identity, _) => {
                identity.ids().map(|id| (id.text().to_owned(), self.printer.id(id))).collect()
            }
            Subject::Malformed { id, .. } => vec![(String::from_utf8_lossy(id).into_owned(), self.unkind(id))],
        };
        secrets.extend(evidence.remote_id.iter().map(|id| (id.clone(), self.remote_id(id))));
        secrets.extend(evidence.names.iter().map(|id| (id.text().to_owned(), self.printer.id(id))));
        secrets.retain(|(text, _)| !text.is_empty());
        let mut spelled: Vec<_> = secrets.iter().map(|(text, hash)| (Spelling::of(text), *hash)).collect();
        spelled.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        spelled
    }
}

/// A record of the side files. Hashes and numbers need no quotes.
fn record(line: u64, hashed: &Subject) -> Box<[u8]> {
    let second = match hashed {
        Subject::Known(identity) | Subject::Spared(identity, _) => identity.fallback().map_or("", Id::text),
        Subject::Malformed { .. } => "",
    };
    [line.to_string().as_bytes(), b",", hashed.id_bytes(), b",", second.as_bytes()].concat().into()
}

/// The text with hashes in place of the secrets, however they are spelled.
fn without(text: &str, secrets: &[(Spelling, Digest)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let may_be_cut = text.len() >= MAY_BE_CUT;
    while let Some(next) = rest.chars().next() {
        let found =
            secrets.iter().find_map(|(secret, hash)| Some((secret.at_the_beginning_of(rest, may_be_cut)?, hash)));
        if let Some((length, hash)) = found {
            out.push_str(&hash.to_string());
            rest = &rest[length..];
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn naming() -> Naming {
        let key = SecretKey::of_file(Path::new("key"), Ok(b"a key of more than sixteen bytes\n".to_vec()), "the key");
        Naming::hashed(&key.unwrap(), &["profile_id".to_owned(), "customer_user_id".to_owned()], Some(IdKind(0)))
    }

    fn id(kind: u8, text: &str) -> Id {
        Id::parse(IdKind(kind), text).unwrap()
    }

    fn said(ids: &[&str], remote_id: Option<&str>, message: &str) -> String {
        let identity = match ids {
            [one] => Identity::one(id(1, one)),
            [one, two] => Identity::two(id(0, one), id(1, two)),
            _ => unreachable!("one or two"),
        };
        let evidence = Evidence {
            message: Some(message.to_owned()),
            remote_id: remote_id.map(str::to_owned),
            ..Evidence::default()
        };
        naming().0.unwrap().evidence(&evidence, &Subject::Known(identity)).message.unwrap()
    }

    #[test]
    fn an_id_has_one_hash_by_its_kind_wherever_it_comes_from() {
        let naming = naming();
        assert_eq!(naming.id(&id(0, "p-1")), naming.remote_id("p-1"), "the API's own id, given or learned");
        assert_ne!(naming.id(&id(0, "p-1")), naming.id(&id(1, "p-1")));
        assert_eq!(Digest::parse(naming.id(&id(1, "p-1")).as_bytes()).map(|hash| hash.to_string().len()), Some(64));
        assert!(naming.unkind(b"").is_empty());
    }

    #[test]
    fn an_answer_that_repeats_an_id_is_left_with_its_hash() {
        let naming = naming();
        let (ada, own) = (naming.id(&id(1, "ada")).into_owned(), naming.remote_id("p-77").into_owned());
        assert_eq!(said(&["ada"], None, "no ada, ADA"), format!("no {ada}, {ada}"));
        assert_eq!(said(&["ada"], Some("p-77"), "see p-77"), format!("see {own}"));
        let both = said(&["ada", "ada lovelace/1"], None, "ada lovelace/1 or ada%20lovelace%2f1 or ada");
        assert_eq!(both.matches(naming.id(&id(1, "ada lovelace/1")).as_ref()).count(), 2, "{both}");
        assert!(!both.contains("lovelace") && both.ends_with(naming.id(&id(0, "ada")).as_ref()), "{both}");
    }

    #[test]
    fn an_answer_may_spell_an_id_as_it_likes() {
        let spelled =
            ["zo%C3%AB+4@b.example", "zo%c3%ab%2b4%40b.example", "zo&#235;+4@b.example", "zo%25C3%25AB+4@b.example"];
        for text in spelled {
            let message = said(&["zoë+4@b.example"], None, &format!("GET /users/{text} is unknown"));
            assert!(message.ends_with(" is unknown") && !message.contains("b.example"), "{message}");
        }
    }

    #[test]
    fn a_hash_is_not_searched_for_ids_in_its_turn() {
        let hash = naming().id(&id(1, "ab")).into_owned();
        assert_eq!(said(&["a", "ab"], None, "ab"), hash);
    }

    #[test]
    fn what_a_cut_left_of_an_id_is_no_remainder() {
        let long = "customer-".repeat(200);
        let hash = naming().id(&id(1, &long)).into_owned();
        assert_eq!(said(&[&long], None, &format!("unknown: {}", &long[..1010])), format!("unknown: {hash}"));
        assert_eq!(said(&[&long], None, "no such customer"), "no such customer");
    }
}
