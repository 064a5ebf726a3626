//! Walks `fixtures/scenario/*.toml`: what happens to the API, and between which bounds the flow must come out of it.

#![expect(clippy::expect_used, reason = "helpers of tests may expect, as tests may")]

use std::{fs, path::Path, time::Duration};

use serde::Deserialize;
use tollgate::{
    domain::{Action, Row, Verdict, parse_duration},
    flow::{Options, Rate, Signal},
};

use crate::support::{
    remote::{Manner, Phase, Reach, Script, Temper},
    stage::{Seen, Stage, fields, name, options, people, row as named},
};

/// A duration as people write it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Span(Duration);

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        parse_duration(&text).map(Self)
    }
}

/// From the first to the second, both included.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Range(f64, f64);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    /// Two sentences: what happens, and what must come of it.
    story: String,
    run: RunTable,
    phase: Vec<PhaseTable>,
    #[serde(default)]
    peculiar: Vec<PeculiarTable>,
    #[serde(default)]
    signal: Vec<SignalTable>,
    accept: AcceptTable,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunTable {
    rows: usize,
    /// What every row asks for; a row that writes has a field of its own.
    #[serde(default)]
    action: Wanted,
    /// The rows name this many people by turns; without it, each another one.
    people: Option<usize>,
    #[serde(default)]
    compare: bool,
    #[serde(default)]
    in_order: bool,
    max_create: Option<u64>,
    rate: String,
    width: u32,
    burst: Option<std::num::NonZeroU32>,
    timeout: Option<Span>,
    max_hold: Option<Span>,
    give_up_after: Option<Span>,
    grace: Option<Span>,
    #[serde(default)]
    canary: u64,
}

/// An action, as its word is written; deletion unless something else is said.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Wanted(Action);

impl Default for Wanted {
    fn default() -> Self {
        Self(Action::Delete)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PhaseTable {
    from: Span,
    latency: Span,
    #[serde(default)]
    only: Reach,
    #[serde(default)]
    faults: Vec<FaultTable>,
    limit: Option<LimitTable>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultTable {
    share: f64,
    kind: Kind,
    after: Option<Span>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    TooMany,
    Broken,
    Unavailable,
    ResetBefore,
    ResetAfter,
    Hang,
    Unreachable,
    NotFoundPage,
    Portal,
    Unauthorized,
    BadRequest,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitTable {
    per_second: f64,
    after: Option<Span>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PeculiarTable {
    /// Which person; nothing for all of them.
    row: Option<usize>,
    is: Peculiarity,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Peculiarity {
    Poison,
    Haunted,
    Unwelcome,
    Missing,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignalTable {
    at: Span,
    kind: SignalKind,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SignalKind {
    Interrupt,
    Terminate,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AcceptTable {
    exit: u8,
    requests: Range,
    /// Virtual seconds from the first to the last moment.
    seconds: Range,
    /// Verdicts that are not named do not occur.
    #[serde(default)]
    deleted: Option<Range>,
    created: Option<Range>,
    updated: Option<Range>,
    unchanged: Option<Range>,
    missing: Option<Range>,
    absent: Option<Range>,
    refused: Option<Range>,
    failed: Option<Range>,
    /// The most requests in any window of one second.
    busiest_second: Option<Range>,
    peak: Option<Range>,
    retries: Option<Range>,
    limited_by_width: Option<bool>,
    #[serde(default)]
    stretch: Vec<StretchTable>,
}

/// Requests within an interval, its end excluded.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct StretchTable {
    from: Span,
    to: Span,
    requests: Range,
}

impl Scenario {
    fn play(&self) -> Seen {
        let rows = self.run.people();
        let mut script = Script::calm(&rows, Duration::ZERO);
        script.phases = self.phase.iter().map(PhaseTable::phase).collect();
        for peculiar in &self.peculiar {
            script = peculiar.apply(script);
        }
        let signals = self.signal.iter().map(SignalTable::signal).collect();
        Stage { signals, ..Stage::new(self.run.options(), rows, script) }.play()
    }
}

impl RunTable {
    fn people(&self) -> Vec<Row> {
        let by_turns = |row: Row| match self.people {
            Some(people) => named(row.line, &[&name(usize::try_from(row.line).expect("few") % people)]),
            None => row,
        };
        let wanting = |row: Row| {
            let line = row.line.to_string();
            let fields = if self.action.0.takes_fields() { fields(&[("line", Some(&line))]) } else { row.fields };
            Row { action: self.action.0, fields, ..row }
        };
        people(self.rows).into_iter().map(by_turns).map(wanting).collect()
    }

    fn options(&self) -> Options {
        let rate = Rate::parse(&self.rate).expect("a rate");
        let usual = options(rate.get(), self.width);
        Options {
            burst: self.burst.unwrap_or(usual.burst),
            timeout: self.timeout.map_or(usual.timeout, |span| span.0),
            max_hold: self.max_hold.map_or(usual.max_hold, |span| span.0),
            give_up_after: self.give_up_after.map_or(usual.give_up_after, |span| span.0),
            grace: self.grace.map_or(usual.grace, |span| span.0),
            canary: self.canary,
            compare: self.compare,
            in_order: self.in_order,
            max_create: self.max_create.unwrap_or(usual.max_create),
            ..usual
        }
    }
}

impl PhaseTable {
    fn phase(&self) -> Phase {
        let faults = self.faults.iter().map(|fault| (fault.share, fault.manner())).collect();
        let limit = self.limit.as_ref().map(|limit| (limit.per_second, limit.after.map(|span| span.0)));
        Phase { faults, limit, ..Phase::calm(self.from.0, self.latency.0).reaches(self.only) }
    }
}

impl FaultTable {
    fn manner(&self) -> Manner {
        let after = self.after.map(|span| span.0);
        let may_ask = matches!(self.kind, Kind::TooMany | Kind::Unavailable);
        assert!(may_ask || after.is_none(), "`after` says nothing for {:?}", self.kind);
        match self.kind {
            Kind::TooMany => Manner::TooMany(after),
            Kind::Unavailable => Manner::Unavailable(after.expect("`unavailable` needs `after`")),
            Kind::Broken => Manner::Broken,
            Kind::ResetBefore => Manner::ResetBefore,
            Kind::ResetAfter => Manner::ResetAfter,
            Kind::Hang => Manner::Hang,
            Kind::Unreachable => Manner::Unreachable,
            Kind::NotFoundPage => Manner::Unsigned(404),
            Kind::Portal => Manner::Unsigned(200),
            Kind::Unauthorized => Manner::Unauthorized,
            Kind::BadRequest => Manner::BadRequest,
        }
    }
}

impl PeculiarTable {
    fn apply(&self, mut script: Script) -> Script {
        let Some(row) = self.row else {
            assert!(matches!(self.is, Peculiarity::Missing), "only `missing` can be said of all");
            script.existing.clear();
            return script;
        };
        let id = name(row);
        match self.is {
            Peculiarity::Poison => script.temper(&id, Temper::Poison),
            Peculiarity::Haunted => script.temper(&id, Temper::Haunted),
            Peculiarity::Unwelcome => script.temper(&id, Temper::Unwelcome),
            Peculiarity::Missing => {
                script.existing.remove(&id);
                script
            }
        }
    }
}

impl SignalTable {
    fn signal(&self) -> (Duration, Signal) {
        let signal = match self.kind {
            SignalKind::Interrupt => Signal::Interrupt,
            SignalKind::Terminate => Signal::Terminate,
        };
        (self.at.0, signal)
    }
}

/// Collects what is out of bounds, so that one look at a failure tells all of it.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn within(&mut self, what: &str, range: Range, value: f64) {
        if !(range.0..=range.1).contains(&value) {
            self.0.push(format!("{what} is {value}, not within {} to {}", range.0, range.1));
        }
    }

    fn count(&mut self, what: &str, range: Range, value: usize) {
        self.within(what, range, f64::from(u32::try_from(value).expect("small counts")));
    }
}

impl AcceptTable {
    fn judge(&self, seen: &Seen, findings: &mut Findings) {
        if seen.exit() != self.exit {
            findings.0.push(format!("it leaves with {} ({:?}), not {}", seen.exit(), seen.report.ending, self.exit));
        }
        let figures = seen.report.figures;
        if let Some(expected) = self.limited_by_width
            && figures.limited_by_width != expected
        {
            findings.0.push(format!("limited by width: {}", figures.limited_by_width));
        }
        findings.count("the number of requests", self.requests, seen.log.len());
        findings.within("the duration", self.seconds, seen.took.as_secs_f64());
        for verdict in Verdict::ALL {
            let range = self.range(verdict).unwrap_or(Range(0.0, 0.0));
            findings.count(&format!("the number of `{}`", verdict.word()), range, seen.count(verdict));
        }
        let second = Duration::from_secs(1);
        self.busiest_second
            .into_iter()
            .for_each(|range| findings.count("the busiest second", range, seen.busiest(second)));
        self.peak.into_iter().for_each(|range| findings.count("the peak on the wire", range, seen.peak));
        let retries = usize::try_from(figures.retries).expect("small counts");
        self.retries.into_iter().for_each(|range| findings.count("the number of retries", range, retries));
        for stretch in &self.stretch {
            let what = format!("the number of requests from {:?} to {:?}", stretch.from.0, stretch.to.0);
            findings.count(&what, stretch.requests, seen.sent_between(stretch.from.0, stretch.to.0));
        }
    }

    const fn range(&self, verdict: Verdict) -> Option<Range> {
        match verdict {
            Verdict::Deleted => self.deleted,
            Verdict::Absent => self.absent,
            Verdict::Refused => self.refused,
            Verdict::Failed => self.failed,
            Verdict::Created => self.created,
            Verdict::Updated => self.updated,
            Verdict::Unchanged => self.unchanged,
            Verdict::Missing => self.missing,
            Verdict::Invalid
            | Verdict::Duplicate
            | Verdict::Found
            | Verdict::Exists
            | Verdict::New
            | Verdict::Superseded
            | Verdict::Suppressed => None,
        }
    }
}

fn judge(path: &Path) -> Result<(), String> {
    let at_fault = |what: &str| format!("{}: {what}", path.display());
    let text = fs::read_to_string(path).map_err(|error| at_fault(&error.to_string()))?;
    let scenario: Scenario = toml::from_str(&text).map_err(|error| at_fault(&error.to_string()))?;
    if scenario.story.matches('.').count() < 2 {
        return Err(at_fault("its story wants two sentences"));
    }
    let mut findings = Findings::default();
    scenario.accept.judge(&scenario.play(), &mut findings);
    if findings.0.is_empty() { Ok(()) } else { Err(at_fault(&findings.0.join("; "))) }
}

#[test]
fn every_scenario_ends_within_its_bounds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenario");
    let mut paths: Vec<_> =
        fs::read_dir(&folder).expect("the scenarios").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(paths.len() >= 12, "only {} scenarios", paths.len());
    let failures: Vec<_> = paths.iter().filter_map(|path| judge(path).err()).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn an_unknown_key_is_an_error() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenario");
    let right = fs::read_to_string(folder.join("terminated-midway.toml")).expect("the scenario");
    for table in ["[run]", "[[phase]]", "[[signal]]", "[accept]", "[[accept.stretch]]"] {
        let wrong = right.replace(table, &format!("{table}\nspeed = 3"));
        let error = toml::from_str::<Scenario>(&wrong).expect_err("`speed` means nothing");
        assert!(error.to_string().contains("unknown field `speed`"), "{table}: {error}");
    }
}
