//! Everything that one seed decides.

use std::{collections::HashMap, fmt, iter, num::NonZeroU32, time::Duration};

use tollgate::{
    domain::Naming,
    flow::{MaxAbsent, MaxErrors, Options, Rate, Signal},
};

use crate::{
    chance::Chance,
    names::hashing,
    rows::{Nature, Rows},
    support::{
        remote::{APP, Habits, Manner, Phase, Reach, Script, Temper},
        world::World,
    },
};

/// What befalls one try.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fate {
    /// The process dies when so many bytes are written, to whatever file.
    pub(crate) dies_after: Option<u64>,
    /// It dies at this moment.
    pub(crate) dies_at: Option<Duration>,
    /// The disk has room for so many bytes.
    pub(crate) room: Option<u64>,
    /// The disk's syncs fail from this moment on.
    pub(crate) syncs_fail_at: Option<Duration>,
    /// A write takes only so many bytes at once.
    pub(crate) at_most: Option<usize>,
    /// So many further changes of the memory succeed.
    pub(crate) memory_fails_after: Option<u64>,
    /// The death or the full disk befalls the list of those who shall not come back, and not the run's files.
    pub(crate) on_the_shelf: bool,
    /// Somebody asks it to leave.
    pub(crate) signals: Vec<(Duration, Signal)>,
    /// Afterwards, the power goes as well: what was not synced may be lost.
    pub(crate) power_cut: bool,
    /// Until the next try.
    pub(crate) rest: Duration,
}

impl Fate {
    pub(crate) const fn hurts_the_disk(&self) -> bool {
        self.room.is_some() || self.syncs_fail_at.is_some()
    }

    /// It dies, is asked to leave, or nothing happens to it.
    pub(crate) fn death(chance: &mut Chance) -> Self {
        iter::repeat_with(|| fate(chance, false)).find(|fate| !fate.hurts_the_disk()).unwrap_or_default()
    }

    /// The list is shorter than the run's files.
    fn may_befall_the_shelf(&mut self, chance: &mut Chance) {
        if chance.happens(50) {
            self.on_the_shelf = true;
            for bytes in [&mut self.dies_after, &mut self.room].into_iter().flatten() {
                *bytes = chance.within(0, 1_500);
            }
            // What is entered is entered early.
            self.syncs_fail_at = self.syncs_fail_at.map(|at| at / 50);
        }
    }
}

/// When people are entered into the list of those who shall not come back; the syncs that follow heed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listing {
    Never,
    /// By the deletion that the history is about.
    WhileDeleting,
    /// By a deletion between two syncs that remember.
    BetweenSyncs,
}

/// One history, before it happens.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) rows: Rows,
    pub(crate) options: Options,
    pub(crate) phases: Vec<Phase>,
    /// The key changes when it is read again.
    pub(crate) new_key: bool,
    pub(crate) fates: Vec<Fate>,
    /// Bytes that the input gives at once, and how long it takes for a batch.
    pub(crate) chunk: usize,
    pub(crate) reading: Duration,
    /// How long the journal takes for a hand-over.
    pub(crate) writing: Duration,
    /// The input is read as from stdin.
    pub(crate) piped: bool,
    /// When people are entered into the list of those who shall not come back.
    pub(crate) listing: Listing,
    /// How the results name ids.
    pub(crate) naming: Naming,
}

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

impl Plan {
    pub(crate) fn of(seed: u64) -> Self {
        let mut chance = Chance::of(seed);
        let most = chance.pick(&[3, 12, 30, 30, 60]);
        let remembers = chance.happens(8);
        // Of a generator of its own: what is drawn here moves nothing of the rest.
        let mut apart = Chance::of(seed ^ 0x1157);
        let wishes_to_suppress = apart.happens(30);
        let rows = Rows::draw(&mut chance, most, remembers, wishes_to_suppress);
        let listing = match (wishes_to_suppress, rows.is_sync, rows.remembers) {
            (true, false, _) => Listing::WhileDeleting,
            (true, true, true) => Listing::BetweenSyncs,
            (true, true, false) | (false, ..) => Listing::Never,
        };
        let options = options(&mut chance, &rows, seed);
        let mut phases = phases(&mut chance, &rows);
        shut_one_way(&mut Chance::of(seed ^ 0x0d00), &mut phases);
        let mut fates: Vec<_> = (0..chance.within(0, 6)).map(|_| fate(&mut chance, remembers)).collect();
        if listing == Listing::WhileDeleting {
            for fate in &mut fates {
                fate.may_befall_the_shelf(&mut apart);
            }
        }
        Self {
            seed,
            options,
            phases,
            new_key: chance.happens(50),
            fates,
            chunk: chance.pick(&[8, 64, 500, 2_000]),
            reading: millis(chance.pick(&[0, 0, 5, 80])),
            writing: millis(chance.pick(&[0, 0, 0, 40, 150])),
            piped: !remembers && chance.happens(30),
            listing,
            naming: if apart.happens(20) { hashing() } else { Naming::default() },
            rows,
        }
    }

    /// These rows and an API that is well, at some pace.
    pub(crate) fn calm(chance: &mut Chance, rows: Rows) -> Self {
        let mut plan = Self::of(chance.number());
        plan.options = Options { look: false, verify_after: None, ..options(chance, &rows, plan.seed) };
        plan.phases = vec![Phase::calm(Duration::ZERO, millis(chance.within(0, 100)))];
        Self { rows, fates: Vec::new(), piped: false, listing: Listing::Never, ..plan }
    }

    /// How these rows, which are of this history, are worked on.
    pub(crate) fn options(&self, rows: &Rows) -> Options {
        let options = self.options.clone();
        if rows.is_sync {
            Options { in_order: true, look: false, verify_after: None, ..options }
        } else {
            Options { in_order: false, ..options }
        }
    }

    /// The API of this history.
    pub(crate) fn script(&self) -> Script {
        let rows = &self.rows;
        let tempers = rows.of(Nature::Unwelcome).map(|id| (id, Temper::Unwelcome));
        let tempers: HashMap<_, _> = tempers.chain(rows.of(Nature::Poison).map(|id| (id, Temper::Poison))).collect();
        let existing: World = rows.natures.keys().filter(|id| rows.exists_at_first(id)).cloned().collect();
        Script {
            phases: self.phases.clone(),
            tempers,
            existing,
            new_key: self.new_key.then_some(APP),
            looks_first: false,
            habits: Habits { taken: true, ..Habits::default() },
            seed: self.seed,
        }
    }

    /// From when on the API is well for good.
    pub(crate) fn calm_from(&self) -> Duration {
        self.phases.last().map_or(Duration::ZERO, |phase| phase.from)
    }

    /// Whether looks are answered for a while and changes are not, or the other way round.
    pub(crate) fn shuts_one_way(&self) -> bool {
        self.phases.iter().any(|phase| phase.reach != Reach::All)
    }

    /// Whether some phase has this manner.
    pub(crate) fn meets(&self, wanted: impl Fn(Manner) -> bool) -> bool {
        self.phases.iter().flat_map(|phase| &phase.faults).any(|(_, manner)| wanted(*manner))
    }
}

fn options(chance: &mut Chance, rows: &Rows, seed: u64) -> Options {
    let per_second = chance.share().mul_add(f64::from(chance.pick(&[6_u32, 60, 300])), 1.5);
    let rate = Rate::per_second(per_second).expect("a rate");
    let count = |count: u64| NonZeroU32::new(u32::try_from(count).expect("small")).expect("above zero");
    Options {
        rate,
        burst: chance.pick(&[rate.default_burst(), rate.default_burst(), count(3), count(10)]),
        width: count(chance.within(1, 9)),
        max_attempts: count(16),
        timeout: Duration::from_secs(chance.pick(&[2, 5, 30])),
        max_hold: Duration::from_mins(15),
        give_up_after: Duration::from_secs(chance.pick(&[60, 600, 7_200])),
        max_duration: Duration::MAX,
        grace: Duration::from_secs(chance.pick(&[1, 25])),
        canary: 0,
        look: !rows.is_sync && chance.happens(20),
        verify_after: (!rows.is_sync && chance.happens(20)).then(|| millis(chance.within(0, 3_000))),
        max_delete: u64::MAX,
        max_create: u64::MAX,
        max_changes: u64::MAX,
        in_order: rows.is_sync,
        compare: false,
        max_errors: MaxErrors::Count(u64::MAX),
        max_absent: MaxAbsent::Off,
        seed,
    }
}

/// Trouble that passes: whatever it does to a request, it decides no row.
fn passing(chance: &mut Chance) -> Manner {
    let seconds = Duration::from_secs;
    match chance.within(0, 12) {
        0..=1 => Manner::Broken,
        2 => Manner::ResetBefore,
        // An answer that is cut short, once the request was applied, is a lost one as well.
        3..=4 => Manner::ResetAfter,
        5 => Manner::BrokenAfter,
        6 => Manner::Hang,
        7 => Manner::Unreachable,
        8 => Manner::TooMany(None),
        9..=10 => Manner::TooMany(Some(seconds(chance.pick(&[0, 1, 3, 9, 20])))),
        _ => Manner::Unavailable(seconds(chance.pick(&[1, 4, 30]))),
    }
}

/// Nobody gets through; hours of it now and then.
fn outage(chance: &mut Chance) -> (Duration, Manner) {
    let manner =
        chance.pick(&[Manner::Broken, Manner::Hang, Manner::ResetBefore, Manner::Unreachable, Manner::TooMany(None)]);
    let lasts = match chance.within(0, 40) {
        0 => chance.within(600, 9_000),
        1..=12 => chance.within(20, 180),
        _ => chance.within(1, 20),
    };
    (Duration::from_secs(lasts), manner)
}

fn phases(chance: &mut Chance, rows: &Rows) -> Vec<Phase> {
    let mut from = Duration::ZERO;
    let mut phases = Vec::new();
    // Two of these might meet the same innocent row twice, and it would be refused.
    let suspicious = chance.place(20);
    for number in 0..chance.place(7) {
        let mut phase =
            Phase { jitter: millis(chance.pick(&[0, 0, 30, 900])), ..Phase::calm(from, millis(chance.within(0, 400))) };
        let mut lasts = millis(chance.within(1, 2_000));
        for _ in 0..chance.within(0, 3) {
            phase.faults.push((chance.share() * 0.12, passing(chance)));
        }
        let kind = chance.within(0, 100);
        if number == suspicious {
            let manner = [Manner::Unsigned(404), Manner::Unsigned(200), Manner::Unauthorized, Manner::Revoked];
            phase.faults = vec![(1.0, chance.pick(&manner))];
        } else if kind < 20 {
            let (outage, manner) = outage(chance);
            (lasts, phase.faults) = (outage, vec![(1.0, manner)]);
        } else if kind < 28 {
            let pause = |seconds| Manner::TooMany(Some(Duration::from_secs(seconds)));
            phase.faults = vec![(0.2, pause(chance.pick(&[8, 20]))), (0.2, pause(0)), (0.1, pause(2))];
        } else if kind < 36 {
            phase.limit = Some((chance.share().mul_add(20.0, 1.0), chance.pick(&[None, Some(Duration::from_secs(2))])));
        } else if kind < 42 && !rows.is_sync {
            phase.faults.push((chance.share() * 0.2, Manner::Lying));
        } else if kind == 42 {
            phase.faults.push((0.05, Manner::TooMany(Some(Duration::from_hours(1)))));
        }
        phases.push(phase);
        from += lasts;
    }
    phases.push(Phase { jitter: millis(chance.pick(&[0, 200])), ..Phase::calm(from, millis(chance.within(0, 200))) });
    phases
}

/// Now and then, as the last trouble, nobody gets through who would change something, or read, or delete.
fn shut_one_way(chance: &mut Chance, phases: &mut Vec<Phase>) {
    let Some(calm) = phases.pop() else { return };
    let from = calm.from;
    let lasts = Duration::from_secs(chance.pick(&[20, 200, 2_000, 9_000]));
    if !chance.happens(15) {
        phases.push(calm);
        return;
    }
    let manner = chance.pick(&[Manner::Broken, Manner::Hang, Manner::ResetBefore, Manner::Unreachable]);
    let reach = chance.pick(&[Reach::Changes, Reach::Changes, Reach::Reads, Reach::Deletions, Reach::Creations]);
    phases.push(Phase::all(from, millis(chance.within(0, 400)), manner).reaches(reach));
    phases.push(Phase { from: from + lasts, ..calm });
}

fn fate(chance: &mut Chance, remembers: bool) -> Fate {
    let mut fate = Fate { power_cut: chance.happens(50), rest: millis(chance.within(0, 20_000)), ..Fate::default() };
    match chance.within(0, 14) {
        0..=3 => fate.dies_after = Some(chance.within(0, 6_000)),
        4..=7 => fate.dies_at = Some(millis(chance.within(0, 4_000))),
        8..=9 => fate.room = Some(chance.within(0, 5_000)),
        10 => fate.syncs_fail_at = Some(millis(chance.within(0, 1_500))),
        11..=12 => {
            let signal = chance.pick(&[Signal::Interrupt, Signal::Terminate]);
            fate.signals = (0..chance.within(1, 3)).map(|_| (millis(chance.within(0, 3_000)), signal)).collect();
            fate.signals.sort_by_key(|(at, _)| *at);
        }
        // Undisturbed, but for the API.
        _ => {}
    }
    if remembers && chance.happens(30) {
        fate.memory_fails_after = Some(chance.within(0, 120));
    }
    if chance.happens(20) {
        fate.at_most = Some(chance.pick(&[1, 7, 200]));
    }
    fate
}

impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "plan of seed {}", self.seed)?;
        writeln!(out, "{:?}", self.options)?;
        let Self { chunk, reading, writing, piped, listing, new_key, .. } = self;
        let remembers = self.rows.remembers;
        writeln!(
            out,
            "chunk {chunk}, reading {reading:?}, writing {writing:?}, piped {piped}, listing {listing:?}, remembers {remembers}, new key {new_key}"
        )?;
        for (id, nature) in &self.rows.natures {
            writeln!(out, "  {id} is {nature:?}")?;
        }
        writeln!(out, "input, dedupe {}:\n{}", self.rows.dedupe, String::from_utf8_lossy(&self.rows.bytes()))?;
        for phase in &self.phases {
            writeln!(out, "{phase:?}")?;
        }
        self.fates.iter().try_for_each(|fate| writeln!(out, "{fate:?}"))
    }
}
