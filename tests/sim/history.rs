//! One history: told from its plan, judged, and printed when it fails.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    chance::Chance,
    desk::Store,
    judge::{Judge, is_of},
    machine::{End, Machine, wait},
    model::{Model, State, beginning},
    plan::{Fate, Listing, Plan},
    rows::{Entry, Rows},
    shelf::Shelf,
    support::remote::{ScriptedRemote, Sent, WITNESS},
};

/// Tells what happened, should the history be cut short by a broken law.
struct Chronicle<'a> {
    plan: &'a Plan,
    machine: &'a Machine<'a>,
}

impl Drop for Chronicle<'_> {
    #[expect(clippy::print_stderr, reason = "a failing test tells why")]
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        eprintln!("{}", self.plan);
        for (number, sent) in self.machine.remote.log().iter().enumerate() {
            let (at, until, ids) = (sent.at, sent.until, crate::judge::ids(sent));
            let (operation, answer, manner) = (sent.operation, &sent.answer, sent.manner);
            let applied = if sent.applied { ", applied" } else { "" };
            eprintln!(
                "request {number} at {at:?} until {until:?}: {operation:?} {ids:?} {manner:?}{applied}: {answer:?}"
            );
        }
        self.machine.disks().for_each(|disk| eprintln!("{disk}"));
        eprintln!("again, with all of this: SIM_FIRST={} SIM_SEEDS=1 cargo test --test sim histories", self.plan.seed);
    }
}

/// Tells something on a paused clock of its own.
pub(crate) fn tell(history: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(history);
}

/// All that a plan holds, judged.
pub(crate) async fn happen(plan: &Plan) {
    let remote = ScriptedRemote::new(plan.script());
    let store = plan.rows.remembers.then(Store::default);
    let shelf = (plan.listing != Listing::Never).then(Shelf::default);
    let erases = plan.listing == Listing::BetweenSyncs;
    let outlasts = (store.as_ref(), shelf.as_ref());
    let first = if erases { (outlasts.0, None) } else { outlasts };
    let fates = &plan.fates[..];
    let state = run(plan, (&plan.rows, fates), &remote, first, beginning(&plan.rows)).await;
    if let Some(store) = &store {
        store.claims_only_what_is_so(&plan.rows, &state);
        let mut chance = Chance::of(!plan.seed);
        let next = plan.rows.next_export(&mut chance);
        let mut state = run(plan, (&next, fates), &remote, first, state).await;
        store.claims_only_what_is_so(&next, &state);
        if erases {
            state = run(plan, (&plan.rows.erasing(&mut chance), fates), &remote, (None, outlasts.1), state).await;
        }
        let state = run(plan, (&plan.rows, fates), &remote, outlasts, state).await;
        store.claims_only_what_is_so(&plan.rows, &state);
        let state = run(plan, (&plan.rows, &[]), &remote, outlasts, state).await;
        let (before, words) = (remote.log().len(), words(&plan.rows, state.clone()));
        run(plan, (&plan.rows, &[]), &remote, outlasts, state).await;
        nobody_is_sent_twice(&plan.rows, &words, &remote.log()[before..]);
    } else if shelf.is_some() {
        let next = plan.rows.coming_back(&mut Chance::of(!plan.seed));
        run(plan, (&next, fates), &remote, outlasts, state).await;
    }
}

/// After a sync without any trouble the same file is no call at all, but for people with a row that no sync can bring to its
/// end.
fn nobody_is_sent_twice(rows: &Rows, words: &BTreeMap<u64, &str>, log: &[Sent]) {
    for sent in log.iter().filter(|sent| sent.id() != WITNESS && sent.operation.changes()) {
        let entry = rows.entries.iter().find(|entry| is_of(sent, entry)).expect("a request is about a row");
        let has_an_end = |row: &&Entry| words[&row.line] != "failed";
        assert!(!rows.of_one_person(entry).iter().all(has_an_end), "line {} is sent again", entry.line);
    }
}

/// How each row ends that meets no trouble.
fn words(rows: &Rows, state: State) -> BTreeMap<u64, &'static str> {
    let mut model = Model::new(rows, state, BTreeSet::new());
    let word = |entry: &Entry| {
        let word = model.expect(entry);
        model.apply(entry, word);
        (entry.line, word)
    };
    rows.entries.iter().map(word).collect()
}

/// One run in as many tries as it takes.
async fn run(
    plan: &Plan,
    (rows, fates): (&Rows, &[Fate]),
    remote: &ScriptedRemote,
    (store, shelf): (Option<&Store>, Option<&Shelf>),
    beginning: State,
) -> State {
    let machine = Machine { store, shelf, ..Machine::new(plan, rows, remote) };
    let chronicle = Chronicle { plan, machine: &machine };
    let judge = Judge::new(&machine);
    for fate in fates {
        if matches!(judge.attempt(fate).await.end, End::Finished) {
            break;
        }
        // Of whom somebody else has erased it learns by and by.
        if let (Some(store), None) = (store, shelf) {
            store.claims_only_what_is_so(rows, &remote_state(rows, remote));
        }
        wait(fate.rest).await;
    }
    finish(plan, &judge).await;
    let state = judge.the_end_is_that_of_an_undisturbed_run(beginning);
    drop(chronicle);
    state
}

/// Once the API is well for good, tries without any trouble until nothing is left to do.
pub(crate) async fn finish(plan: &Plan, judge: &Judge<'_>) {
    let now = judge.machine.remote.log().last().map_or(std::time::Duration::ZERO, |sent| sent.at);
    wait(plan.calm_from().saturating_sub(now)).await;
    for _ in 0..3 {
        match judge.attempt(&Fate::default()).await.end {
            End::Closed(tollgate::flow::Ending::Complete) => {}
            End::Finished => return,
            other @ (End::Died | End::Trouble(..) | End::Closed(_)) => panic!("nobody interfered: {other:?}"),
        }
    }
    panic!("a complete run is not taken for finished");
}

fn remote_state(rows: &Rows, remote: &ScriptedRemote) -> State {
    let world = remote.world();
    let plan = |id: &str| world.field(id, "plan").and_then(|text| text.strip_prefix('t')).map(str::to_owned);
    rows.natures.keys().filter(|id| world.has(id)).map(|id| (id.clone(), plan(id))).collect()
}
