//! What earlier tries of the same run left behind, as a pure function of the journal.

use super::{Digest, Fingerprints, Hasher, Kin, LineSet, Naming, Spared, Subject, Suppressed, Tally, Verdict};

/// What the journal says, before this try adds to it.
#[derive(Debug, Default)]
pub struct Past {
    /// Rows that must not be sent again in this try.
    pub settled: LineSet,
    /// Rows among the settled that belong into the `failed` file (refused, invalid).
    pub bad: LineSet,
    /// Those of them of which another profile had the name.
    pub taken: LineSet,
    /// Rows among the settled that belong into the `absent` file.
    pub absent: LineSet,
    /// Order-independent sum over (line, id) of the settled rows: what a replayed stdin must agree with.
    pub replay: ReplaySum,
    /// How many of the settled rows ended how, counting each once, by its last line; the others are sent again, and
    /// counted then.
    pub tally: Tally,
    /// Those of them that had no call, since an earlier sync's answer stood for it.
    pub without_call: Tally,
    /// The first answered rows, in order of settling, for the not-found guard; at most [`Past::ANSWERED`].
    pub answered: Vec<Answered>,
    /// How many rows were sent to the API and ended (the canary is served by these).
    pub sent: u64,
    /// Ids that the run of `--continue-from` deleted, and those it found absent.
    pub elsewhere_deleted: Option<Fingerprints>,
    /// See [`Past::elsewhere_deleted`]; such a row is skipped only when it has no second id to try.
    pub elsewhere_absent: Option<Fingerprints>,
    /// Unsettled rows whose deletion this run was told of, but which it could not verify any more.
    pub erased: LineSet,
    /// What an earlier run's looks recorded, for a verification that is held against it.
    pub recorded: Option<Recorded>,
    /// What was decided about rows before the first call, by a pass over the whole input.
    pub decided: Decided,
    /// Who was erased and shall not come back.
    pub suppressed: Option<Suppressed>,
    /// Rows about people of whom another row has an id that [`Past::suppressed`] holds.
    pub beside_suppressed: LineSet,
    /// Whoever prepares rows wants to know whom the settled ones are about: earlier tries may not have prepared them.
    pub names_settled: bool,
    /// How this run's results name ids.
    pub naming: Naming,
}

/// Rows whose lot was decided before the first call.
#[derive(Debug, Default)]
pub struct Decided {
    /// They were sent before just as they stand: no call.
    pub unchanged: LineSet,
    /// A later row of the same identity wins.
    pub superseded: LineSet,
    /// They were sent before just as they stand, and did not end well.
    pub before: Before,
    /// Whoever remembers knows them to be about somebody who was erased, though none of their ids says so.
    pub suppressed: LineSet,
    /// What ties rows that are sent to others with which they share no id.
    pub kin: Kin,
    /// Stretches of the input in which every row is unchanged, in file order.
    pub quiet: Vec<Quiet>,
}

/// Where a record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beginning {
    /// So many bytes of the unpacked input stand before it.
    pub byte: u64,
    /// Its line.
    pub line: u64,
}

/// Rows one behind the other that are all [`Decided::unchanged`]: whoever reads the input again need not look at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// Where the first of them begins.
    pub from: Beginning,
    /// Where the one behind them begins.
    pub to: Beginning,
    /// Line of the first of them.
    pub first: u64,
    /// Line of the last one.
    pub last: u64,
    /// How many they are.
    pub rows: u64,
}

/// Rows that an earlier sync sent just as they stand, and that did not end well: no call.
#[derive(Debug, Default)]
pub struct Before {
    /// The API refused them.
    pub refused: LineSet,
    /// There was no such profile, not long ago.
    pub missing: LineSet,
    /// Another profile had the name, not long ago.
    pub taken: LineSet,
}

impl Before {
    /// Why a row is not sent, where it is one of these.
    #[must_use]
    pub fn spares(&self, line: u64) -> Option<Spared> {
        let sets = [
            (&self.refused, Spared::RefusedBefore),
            (&self.missing, Spared::MissingBefore),
            (&self.taken, Spared::TakenBefore),
        ];
        sets.into_iter().find(|(set, _)| set.contains(line)).map(|(_, spared)| spared)
    }
}

impl Past {
    /// How many answered rows the not-found guard looks at: the first 200 of the journal.
    pub const ANSWERED: usize = 200;
}

/// The API's own ids of profiles, by the id that they were looked at with: kept as keyed fingerprints only.
#[derive(Debug)]
pub struct Recorded {
    ids: Fingerprints,
    pairs: Fingerprints,
    naming: Naming,
}

impl Recorded {
    /// Nothing yet, under a key that must not outlive the process.
    #[must_use]
    pub fn keyed(key: [u8; 32]) -> Self {
        Self { ids: Fingerprints::keyed(key), pairs: Fingerprints::keyed(key), naming: Naming::default() }
    }

    /// The run that recorded it names ids like that.
    #[must_use]
    pub fn named(self, naming: Naming) -> Self {
        Self { naming, ..self }
    }

    /// A look with this id found that profile; both as the results have them.
    pub fn insert(&mut self, id: &[u8], remote_id: &[u8]) {
        self.ids.insert_text(id);
        self.pairs.insert_text(&Self::pair(id, remote_id));
    }

    /// Whether looks with this id found profiles, and never that one.
    #[must_use]
    pub fn knows_another(&self, id: &[u8], remote_id: &[u8]) -> bool {
        self.ids.contains_text(id) && !self.pairs.contains_text(&Self::pair(id, remote_id))
    }

    /// The same of a row, and of the API's own id as an answer named it.
    #[must_use]
    pub fn knows_another_of(&self, subject: &Subject, remote_id: &str) -> bool {
        self.knows_another(&self.naming.subject(subject), self.naming.remote_id(remote_id).as_bytes())
    }

    /// Whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// No id holds a NUL, so that two pairs never read the same.
    fn pair(id: &[u8], remote_id: &[u8]) -> Vec<u8> {
        [id, b"\0", remote_id].concat()
    }
}

/// One answered row of the journal's beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// Its line in the input.
    pub line: u64,
    /// What the API said.
    pub verdict: Verdict,
    /// An `absent` after a lost answer says nothing about the key.
    pub after_lost_answer: bool,
}

/// An order-independent sum over (line, id): the same rows give the same sum in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReplaySum(u128);

impl ReplaySum {
    /// Adds one row; `id` is the id as it stands in the results, before escaping.
    pub fn add(&mut self, line: u64, id: &[u8]) {
        self.0 = self.0.wrapping_add(Self::term(line, id));
    }

    /// Takes one row back.
    pub fn remove(&mut self, line: u64, id: &[u8]) {
        self.0 = self.0.wrapping_sub(Self::term(line, id));
    }

    /// Adds all rows of another sum.
    pub fn merge(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }

    fn term(line: u64, id: &[u8]) -> u128 {
        let mut hasher = Hasher::default();
        hasher.update(&line.to_le_bytes());
        hasher.update(id);
        let Digest(bytes) = hasher.finish();
        let mut half = [0; 16];
        half.copy_from_slice(&bytes[..16]);
        u128::from_le_bytes(half)
    }
}
