//! What a round does, drawn from its seed alone: the work, the rows, the stand-in's faults, and what befalls each try.

use std::collections::BTreeSet;

use tollgate::domain::Dice;

/// Hours by which a clock may be ahead: hours, across midnight, a year.
const CLOCKS: [i64; 6] = [5, -5, 26, -26, 8_760, -8_760];

/// What is asked of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Delete {
        look: bool,
        verify: bool,
    },
    Update,
    Get,
    Create,
    /// `sync --action upsert`.
    Upsert,
}

/// What else is wished of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wishes {
    /// Whoever is deleted is entered into a list, which a second night heeds.
    pub(super) suppress: bool,
    /// Whoever left by the second night is deleted.
    pub(super) prune: bool,
    /// `--hash-ids`.
    pub(super) hashed: bool,
}

/// What is known about a row before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The stand-in knows it.
    Known,
    /// The stand-in does not.
    Ghost,
    /// It has no id that could be sent.
    Invalid,
    /// Another row of the same profile stands before it.
    Again,
}

/// One row of the input.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) kind: Kind,
}

/// What a try is started in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surroundings {
    Plain,
    ClosedStdout,
    /// A terminal of its own, which [`Blow::Hangup`] takes away.
    Terminal,
    /// So many file descriptors.
    Descriptors(u32),
    /// No file may grow beyond so many blocks.
    SmallFiles(u64),
    /// The disk lets nothing be written.
    ReadOnly,
}

/// What befalls a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blow {
    /// SIGKILL.
    Kill,
    /// So many of SIGTERM, SIGINT and SIGHUP at once.
    Storm(u64),
    /// SIGSTOP, and SIGCONT; in between the stand-in is killed and started again, if so.
    Pause { restart: bool },
    /// SIGSTOP, and SIGKILL.
    KillStopped,
    /// The stand-in is killed, and started again.
    Restart,
    /// The stand-in is killed, the program is told to leave, and the stand-in is started again.
    LeaveWithoutServer,
    /// The stand-in stands still while the program is told twice to leave.
    LeaveWithFrozenServer,
    /// The disk is filled by somebody else.
    FillDisk,
    /// The terminal is gone.
    Hangup,
    /// The clock says so many hours more than the machine's.
    Jump(i64),
}

/// When it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trigger {
    /// At the n-th request of this try, as the stand-in counts.
    Request(u64),
    /// At so many lines of results.
    Lines(u64),
    /// At the n-th deletion that is asked for in this try.
    Deletion(u64),
}

/// One start of the program.
#[derive(Debug, Clone)]
pub(super) struct Try {
    pub(super) surroundings: Surroundings,
    /// How many hours its clock is ahead of the machine's when it starts.
    pub(super) clock: i64,
    pub(super) blows: Vec<(Trigger, Blow)>,
}

/// A whole round.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) seed: u64,
    /// Of each night: a sync with a memory has two, and so has a deletion whose list is heeded later.
    pub(super) work: Vec<Work>,
    pub(super) wishes: Wishes,
    rows: Vec<Entry>,
    pub(super) width: u64,
    pub(super) rate: u64,
    pub(super) faults: Vec<&'static str>,
    pub(super) tries: Vec<Try>,
    /// What befalls the second night.
    pub(super) second_night: Vec<Try>,
}

impl Plan {
    pub(super) fn draw(seed: u64) -> Self {
        let mut dice = Dice::seeded(seed);
        let work = match dice.below(8) {
            0..3 => Work::Delete { look: false, verify: false },
            3 => Work::Delete { look: true, verify: dice.below(2) == 0 },
            4 => Work::Delete { look: false, verify: true },
            5 => Work::Update,
            _ => Work::Upsert,
        };
        let mut more = Dice::seeded(!seed);
        let work = if reads(work) && more.below(5) < 2 { Work::Get } else { work };
        let count = if dice.below(12) == 0 { 2_500 } else { 50 + dice.below(151) };
        let rows = rows(&mut dice, count, work);
        let width = pick(&mut dice, &[1, 4, 16, 16, 64]);
        let rate = pick(&mut dice, &[500, 2_000, 20_000]).max(count * 2);
        let faults = faults(&mut dice, count);
        let mut tries = tries(&mut dice, count);
        let wishes = wishes(&mut more, work, &rows);
        let mut work = vec![work];
        work.extend((work[0] == Work::Upsert).then_some(Work::Upsert));
        work.extend(wishes.suppress.then(|| pick(&mut more, &[Work::Create, Work::Update, Work::Upsert])));
        let mut second_night = if work.len() > 1 { tries_of(&mut dice, 2, 30) } else { Vec::new() };
        if wishes.prune {
            // After a night in which nothing was lost everybody who left is to go.
            tries.truncate(usize::try_from(more.below(2) * 4).unwrap());
            let blow = (Trigger::Deletion(1 + more.below(3)), Blow::Kill);
            second_night.push(Try { surroundings: Surroundings::Plain, clock: 0, blows: vec![blow] });
        }
        Self { seed, work, wishes, rows, width, rate, faults, tries, second_night }
    }

    /// Those whom the stand-in knows in the beginning.
    pub(super) fn natives(&self) -> Vec<String> {
        self.rows.iter().filter(|row| row.kind == Kind::Known).map(|row| row.id.clone()).collect()
    }

    /// The rows as they are that night.
    pub(super) fn rows(&self, night: usize) -> Vec<Entry> {
        let mut rows = self.rows.clone();
        if night == 2 {
            let leavers = self.leavers();
            rows.retain(|row| !leavers.contains(&row.id));
            let newcomers = if self.wishes.suppress { 20 } else { 0 };
            rows.extend((1..=newcomers).map(|n| Entry { id: format!("new-{n}"), kind: Kind::Ghost }));
        }
        rows
    }

    /// Who is in the first night's file and not in the second's.
    pub(super) fn leavers(&self) -> BTreeSet<String> {
        let leave = |(nth, _): &(usize, &Entry)| self.wishes.prune && nth % 9 == 4;
        self.rows.iter().enumerate().filter(leave).map(|(_, row)| row.id.clone()).collect()
    }

    /// How many rows can end in nothing but `invalid`.
    pub(super) fn invalid(&self) -> usize {
        self.rows.iter().filter(|row| row.kind == Kind::Invalid).count()
    }
}

/// Whether some of such rounds read instead.
const fn reads(work: Work) -> bool {
    matches!(work, Work::Update | Work::Delete { look: false, verify: false })
}

fn wishes(dice: &mut Dice, work: Work, rows: &[Entry]) -> Wishes {
    let suppress = matches!(work, Work::Delete { .. }) && dice.below(2) == 0;
    // Nobody is pruned while a row names nobody.
    let prune = work == Work::Upsert && dice.below(3) < 2 && rows.iter().all(|row| row.kind != Kind::Invalid);
    // What is read, and who is pruned, is kept in clear.
    let hashed = work != Work::Get && !prune && dice.below(3) == 0;
    Wishes { suppress, prune, hashed }
}

pub(super) fn pick<T: Copy>(dice: &mut Dice, among: &[T]) -> T {
    let at = dice.below(among.len() as u64);
    among[usize::try_from(at).unwrap()]
}

fn rows(dice: &mut Dice, count: u64, work: Work) -> Vec<Entry> {
    let mut rows: Vec<Entry> = Vec::new();
    let invalid = dice.below(3) == 0;
    for n in 1..=count {
        let kind = match dice.below(100) {
            0..3 if invalid => Kind::Invalid,
            3..10 => Kind::Ghost,
            10..13 if work != Work::Update && n > 1 => Kind::Again,
            _ => Kind::Known,
        };
        let earlier = rows.iter().rfind(|row| matches!(row.kind, Kind::Known | Kind::Ghost));
        let (kind, id) = match (kind, earlier) {
            (Kind::Again, Some(earlier)) => (kind, earlier.id.clone()),
            (Kind::Ghost, _) => (kind, format!("ghost-{n}")),
            (Kind::Invalid, _) => (kind, "#N/A".to_owned()),
            (Kind::Known | Kind::Again, _) => (Kind::Known, format!("person-{n}")),
        };
        rows.push(Entry { id, kind });
    }
    rows
}

fn faults(dice: &mut Dice, count: u64) -> Vec<&'static str> {
    // A large round has enough to do without retries, each of which takes a quarter of a second and more.
    match if count > 1_000 { 0 } else { dice.below(8) } {
        1 => vec!["--server-error", "5%"],
        2 => vec!["--reset", "5%"],
        3 => vec!["--truncate", "5%"],
        4 => vec!["--server-error", "3%", "--reset", "3%", "--truncate", "3%"],
        5 => vec!["--latency", "2ms", "--latency-spread", "5ms"],
        6 => vec!["--limit", "2000/s", "--limit-burst", "100"],
        _ => Vec::new(),
    }
}

fn tries(dice: &mut Dice, count: u64) -> Vec<Try> {
    let many = 1 + dice.below(4);
    tries_of(dice, many, count)
}

fn tries_of(dice: &mut Dice, many: u64, count: u64) -> Vec<Try> {
    (0..many).map(|_| one(dice, count)).collect()
}

fn one(dice: &mut Dice, count: u64) -> Try {
    let surroundings = match dice.below(16) {
        0 => Surroundings::ClosedStdout,
        1 | 2 => Surroundings::Terminal,
        3 => Surroundings::Descriptors(64),
        4 => Surroundings::Descriptors(1024),
        5 => Surroundings::SmallFiles(dice.below(16)),
        6 => Surroundings::ReadOnly,
        _ => Surroundings::Plain,
    };
    let mut blows: Vec<(Trigger, Blow)> = (0..dice.below(3)).map(|_| (trigger(dice, count), passing(dice))).collect();
    let last = last(dice, surroundings);
    // A terminal must be had before it goes.
    let at = if last == Blow::Hangup { Trigger::Request(1 + dice.below(count)) } else { trigger(dice, count) };
    blows.push((at, last));
    let clock = if dice.below(3) == 0 { pick(dice, &CLOCKS) } else { 0 };
    Try { surroundings, clock, blows }
}

fn trigger(dice: &mut Dice, count: u64) -> Trigger {
    if dice.below(4) == 0 { Trigger::Lines(dice.below(count)) } else { Trigger::Request(dice.below(count + 20)) }
}

/// What a try goes on after.
fn passing(dice: &mut Dice) -> Blow {
    let jump = Blow::Jump(pick(dice, &CLOCKS));
    pick(dice, &[Blow::Pause { restart: false }, Blow::Pause { restart: true }, Blow::Restart, jump, jump])
}

/// What ends a try, unless it was faster.
fn last(dice: &mut Dice, surroundings: Surroundings) -> Blow {
    if surroundings == Surroundings::Terminal {
        return Blow::Hangup;
    }
    let storm = Blow::Storm(1 + dice.below(5));
    let ends = [
        Blow::Kill,
        Blow::Kill,
        Blow::Kill,
        Blow::KillStopped,
        storm,
        storm,
        Blow::LeaveWithoutServer,
        Blow::LeaveWithFrozenServer,
        Blow::FillDisk,
    ];
    pick(dice, &ends)
}
