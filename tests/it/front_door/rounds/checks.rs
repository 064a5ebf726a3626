//! What must be so in the end, whatever befell the round: by the results, and by the stand-in's own journal.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
};

use serde::Deserialize;
use tollgate::domain::Moment;

use super::plan::{Entry, Kind, Plan, Work};
use crate::support::{
    program::{Desk, run},
    record::{Request, chain, run_json},
};

/// What the results' queue holds at most.
pub(super) const QUEUE: u64 = 1024;

/// So many are looked at before a run begins.
pub(super) const SAMPLE: u64 = 20;

/// Looked at to see whether anybody answers: the description's `[probe]`.
const PROBE: &str = "00000000-0000-0000-0000-000000000000";

/// What a line of results says of one row or a range of them.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    line: String,
    outcome: String,
    finished_at: String,
}

impl Told {
    /// Whether it is the settled end of calls.
    pub(super) fn was_sent(&self) -> bool {
        matches!(&*self.outcome, "deleted" | "absent" | "updated" | "created" | "missing" | "found")
    }

    /// Whose row it is, whatever stands in its place.
    pub(super) fn whose(&self, rows: &[Entry]) -> String {
        rows[self.line.parse::<usize>().unwrap() - 2].id.clone()
    }

    pub(super) fn is_settled(&self) -> bool {
        self.outcome != "failed"
    }
}

/// Every whole line of the results.
pub(super) fn told(out: &Path) -> Vec<Told> {
    let bytes = fs::read(out.join("results.csv")).unwrap_or_default();
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    csv::Reader::from_reader(&bytes[..whole]).deserialize().map(Result::unwrap).collect()
}

/// What one end of the program left behind.
#[derive(Debug)]
pub(super) struct Fall {
    pub(super) night: usize,
    /// The requests of this try: from here,
    pub(super) from: u64,
    /// to here, and all that were answered are among them.
    pub(super) until: u64,
    /// Whose rows stood in the results as sent and settled.
    pub(super) settled: BTreeSet<String>,
    /// Whose deletion was written down, but not yet looked after.
    pub(super) unverified: BTreeSet<String>,
    /// How many were answered well, and were not written down.
    pub(super) lost: u64,
    /// Whether it was given no time to write down what had come.
    pub(super) rude: bool,
    /// Whether SIGKILL was it.
    pub(super) killed: bool,
    /// What it was started in, and what was dealt to it.
    pub(super) befell: Vec<String>,
}

impl Fall {
    /// How many rows had their last answer in this try and are not settled.
    pub(super) fn count_lost(&self, work: Work, requests: &[Request]) -> u64 {
        let [from, until] = [self.from, self.until].map(|at| usize::try_from(at).unwrap());
        let answered = requests[from..until].iter().filter(|request| is_last(work, request));
        let answered: BTreeSet<&str> =
            answered.filter_map(|request| request.id.as_deref()).filter(|id| *id != PROBE).collect();
        answered.into_iter().filter(|id| !self.settled.contains(*id) && !self.unverified.contains(*id)).count() as u64
    }
}

/// Whether its answer settles a row.
fn is_last(work: Work, request: &Request) -> bool {
    let method = request.method.as_str();
    let status = request.status.filter(|_| request.fault.is_none() && (method == "GET") == (work == Work::Get));
    match work {
        Work::Get => matches!(status, Some(200 | 404)),
        Work::Delete { .. } => method == "DELETE" && matches!(status, Some(204 | 404)),
        Work::Update => method == "PATCH" && matches!(status, Some(200 | 404)),
        Work::Create | Work::Upsert => matches!(status, Some(200 | 201)),
    }
}

/// The rows as a file, as they are that night.
pub(super) fn input(plan: &Plan, night: usize) -> String {
    let has_fields = !matches!(plan.work[night - 1], Work::Delete { .. } | Work::Get);
    let mut text = String::from(if has_fields { "customer_user_id,first_name\n" } else { "customer_user_id\n" });
    for (nth, row) in plan.rows(night).into_iter().enumerate() {
        text.push_str(&row.id);
        if has_fields {
            let name = if night > 1 && changes(nth) { "Grace" } else { "Ada" };
            text.extend([",", name]);
        }
        text.push('\n');
    }
    text
}

/// Whether a row is another one in the second night.
const fn changes(nth: usize) -> bool {
    nth.is_multiple_of(7)
}

/// The run says that it is complete, and its chain holds: by our own count, and by the program's.
pub(super) fn ended(desk: &Desk, out: &Path, code: i32) {
    let state = run_json(out)["state"].clone();
    assert_eq!((&state["complete"], &state["exit_code"]), (&true.into(), &code.into()), "{state:#}");
    let head = chain(out);
    let mut report = desk.program();
    report.arg("report").arg(out).arg("--json");
    assert_eq!(run(&mut report).with(0).json()["head"], head);
}

/// Every date is what some clock said that the program was given.
pub(super) fn stamps(out: &Path, clocks: &BTreeSet<i64>) {
    const HOUR: i64 = 3_600_000;
    let run = run_json(out);
    // Written by the kernel, whose clock is the machine's.
    let now = fs::metadata(out.join("run.json")).unwrap().mtime() * 1000;
    let dates = [&run["immutable"]["started"], &run["state"]["ended"]].map(|date| date.as_str().unwrap().to_owned());
    for date in told(out).into_iter().map(|told| told.finished_at).chain(dates) {
        let ahead = Moment::parse_rfc3339(&date).unwrap().millis() - now;
        let is_said = clocks.iter().any(|hours| (ahead - hours * HOUR).abs() < HOUR);
        assert!(is_said, "{date} is {} h ahead, and clocks were at {clocks:?}", ahead / HOUR);
    }
}

/// Nobody who was settled is sent again.
pub(super) fn sent_again(work: Work, falls: &[Fall], requests: &[Request]) {
    for (fall, next) in falls.iter().zip(falls.iter().skip(1)).filter(|(fall, next)| fall.night == next.night) {
        let later = requests[usize::try_from(fall.until).unwrap()..usize::try_from(next.until).unwrap()].iter();
        let again: BTreeSet<_> = later
            .filter(|request| request.method != "GET" || work == Work::Get)
            .filter_map(|request| request.id.as_ref())
            .filter(|id| fall.settled.contains(*id))
            .collect();
        assert!(again.is_empty(), "settled, and sent again: {again:?}");
    }
}

/// The one settled outcome of each line; `failed` ones are superseded.
fn verdicts(out: &Path) -> BTreeMap<u64, String> {
    let mut verdicts = BTreeMap::new();
    for told in told(out) {
        let (first, last) = told.line.split_once('-').unwrap_or((&told.line, &told.line));
        for line in first.parse().unwrap()..=last.parse().unwrap() {
            let before = verdicts.get(&line);
            assert!(before.is_none(), "line {line} is settled already, as {before:?}: {told:?}");
            if told.is_settled() {
                verdicts.insert(line, told.outcome.clone());
            }
        }
    }
    verdicts
}

/// Every row with its line's verdict: each has one, and there is none besides.
pub(super) fn by_row<'a>(rows: &'a [Entry], out: &Path) -> Vec<(&'a Entry, String)> {
    let mut verdicts = verdicts(out);
    let rows = rows
        .iter()
        .zip(2..)
        .map(|(row, line)| (row, verdicts.remove(&line).unwrap_or_else(|| panic!("line {line} has no settled line"))));
    let rows = rows.collect();
    assert!(verdicts.is_empty(), "lines that are no rows': {verdicts:?}");
    rows
}

pub(super) fn of_each(requests: &[Request]) -> BTreeMap<&str, Vec<&Request>> {
    let mut each: BTreeMap<&str, Vec<&Request>> = BTreeMap::new();
    for request in requests {
        if let Some(id) = &request.id {
            each.entry(id).or_default().push(request);
        }
    }
    each
}

/// Every row has the verdict that the stand-in's journal gives it.
pub(super) fn rows(plan: &Plan, out: &Path, requests: &[Request]) {
    let each = of_each(requests);
    let all = plan.rows(1);
    let named: BTreeSet<&str> = all.iter().filter(|row| row.kind != Kind::Invalid).map(|row| row.id.as_str()).collect();
    let strangers: Vec<_> = each.keys().filter(|id| !named.contains(**id) && **id != PROBE).collect();
    assert!(strangers.is_empty(), "nobody asked for {strangers:?}");
    let last = last_rows(&all);
    for (nth, (row, verdict)) in by_row(&all, out).into_iter().enumerate() {
        let asked = each.get(row.id.as_str()).map_or(&[][..], Vec::as_slice);
        let told = format!("row {nth}, {row:?}: {verdict}, by {asked:#?}");
        let is_so = match (plan.work[0], row.kind) {
            (_, Kind::Invalid) => verdict == "invalid" && asked.is_empty(),
            (Work::Delete { .. } | Work::Get, Kind::Again) => verdict == "duplicate",
            (Work::Delete { .. }, Kind::Known) => deleted(&verdict, asked),
            (Work::Delete { .. }, Kind::Ghost) => verdict == "absent" && is_untouched(asked),
            (Work::Get, Kind::Known) => verdict == "found" && is_untouched(asked),
            (Work::Update | Work::Get, Kind::Ghost) => verdict == "missing" && is_untouched(asked),
            (Work::Update, Kind::Known | Kind::Again) => verdict == "updated" && is_changed(asked, 200),
            (Work::Create, _) => unreachable!("a second night's"),
            (Work::Upsert, _) if last[row.id.as_str()] != nth => verdict == "superseded",
            (Work::Upsert, _) => {
                upserted(&verdict, asked, all.iter().any(|other| other.id == row.id && other.kind == Kind::Ghost))
            }
        };
        assert!(is_so, "{told}");
    }
}

/// Where each identity stands last.
fn last_rows(rows: &[Entry]) -> BTreeMap<&str, usize> {
    rows.iter().enumerate().map(|(nth, row)| (row.id.as_str(), nth)).collect()
}

fn is_untouched(asked: &[&Request]) -> bool {
    !asked.is_empty() && asked.iter().all(|request| !request.applied)
}

fn is_changed(asked: &[&Request], status: u16) -> bool {
    asked.iter().any(|request| request.applied) && asked.iter().any(|request| request.status == Some(status))
}

/// It was there once, and was deleted once; absent only where that answer was lost.
fn deleted(verdict: &str, asked: &[&Request]) -> bool {
    let applied: Vec<usize> = (0..asked.len()).filter(|nth| asked[*nth].applied).collect();
    let [applied] = *applied else { return false };
    match verdict {
        "deleted" => asked[applied].status == Some(204),
        "absent" => asked[applied + 1..].iter().any(|request| request.status == Some(404)),
        _ => false,
    }
}

/// Whoever was not there was created, and nobody else; `updated` where that answer was lost. A stand-in that was started
/// again has forgotten what was written, so that the same creation may be applied again.
fn upserted(verdict: &str, asked: &[&Request], ghost: bool) -> bool {
    let is_created = asked.iter().any(|request| request.applied && request.method == "POST");
    is_created == ghost
        && asked.iter().any(|request| request.applied)
        && matches!((verdict, ghost), ("updated", _) | ("created", true))
}

/// Only what changed is sent; and what a kill of the first night left unremembered.
pub(super) fn second_night(plan: &Plan, out: &Path, requests: &[Request], falls: &[Fall]) {
    // Looks tell by whomever the memory knows whether the key is still the right one.
    let changing: Vec<Request> = requests.iter().filter(|request| request.method != "GET").cloned().collect();
    let each = of_each(&changing);
    let rows = plan.rows(2);
    let last = last_rows(&rows);
    let mut again = 0;
    for (nth, (row, verdict)) in by_row(&rows, out).into_iter().enumerate() {
        let asked = each.get(row.id.as_str()).map_or(&[][..], Vec::as_slice);
        let told = format!("row {nth}, {row:?}: {verdict}, by {asked:#?}");
        let is_so = match row.kind {
            Kind::Invalid => verdict == "invalid",
            Kind::Known | Kind::Ghost | Kind::Again if last[row.id.as_str()] != nth => verdict == "superseded",
            Kind::Known | Kind::Ghost | Kind::Again if changes(nth) => verdict == "updated" && !asked.is_empty(),
            Kind::Known | Kind::Ghost | Kind::Again => {
                again += u64::from(!asked.is_empty());
                verdict == "unchanged" && asked.is_empty() || verdict == "updated" && !asked.is_empty()
            }
        };
        assert!(is_so, "the second night: {told}");
    }
    let most = most_unremembered(plan, falls);
    assert!(again <= most, "{again} rows were sent unchanged, which may be {most}");
}

/// How many a first night may have left unremembered.
pub(super) fn most_unremembered(plan: &Plan, falls: &[Fall]) -> u64 {
    falls.iter().filter(|fall| fall.night == 1 && fall.rude).count() as u64 * (plan.width + QUEUE)
}
