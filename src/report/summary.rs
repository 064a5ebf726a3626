//! How a run came out: for people on stderr, for programs on stdout.
//!
//! Promises: the counts add up, and visibly so; "not found" is never called erased; nothing is said that the results do
//! not bear out. It counts nothing itself.

use std::{fmt::Write as _, path::PathBuf, time::Duration};

use serde::{Serialize, Serializer};

use crate::{
    domain::{Digest, Tally, Task, Verdict, say_count, say_duration},
    error::Exit,
};

/// How long requests took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// Half of the requests took at most so long.
    pub p50_ms: f64,
    /// 95 of 100.
    pub p95_ms: f64,
    /// 99 of 100.
    pub p99_ms: f64,
}

/// How a run came out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// What was done.
    pub command: Task,
    /// The description's name.
    pub api: String,
    /// The host that was called.
    pub host: String,
    /// The app that the key belongs to, where an answer told.
    pub app: Option<String>,
    /// Where the results are; `None` for a dry run.
    pub directory: Option<PathBuf>,
    /// Where the profiles are that were read; `None` where none were to be kept, or they went to stdout.
    pub profiles: Option<PathBuf>,
    /// Rows in the input; `None` when it was not read to its end and could not be counted before.
    pub rows: Option<u64>,
    /// Every row by its last line, all tries together.
    #[serde(serialize_with = "super::runfile::totals::serialize")]
    pub totals: Tally,
    /// Rows not found after an attempt whose answer was lost: may have been erased by it.
    pub after_lost_answer: u64,
    /// Rows of this try with blanks around an id, which were trimmed.
    pub trimmed: u64,
    /// Rows of these that earlier tries had settled.
    pub settled_before: u64,
    /// Rows without any line yet.
    pub unsettled: u64,
    /// Requests of any kind in this try.
    pub requests: u64,
    /// Requests of these that came to nothing and were repeated.
    pub retries: u64,
    /// `None` when no answer came.
    pub latency: Option<Latency>,
    /// How long this try took.
    pub elapsed_seconds: f64,
    /// Requests per second, on the mean of this try.
    pub mean_rate: f64,
    /// The width limited the pace, not the rate: so much is to be set to reach it.
    pub wanted_concurrency: Option<u32>,
    /// The chain value of the results' last line.
    #[serde(serialize_with = "optional_digest")]
    pub chain_head: Option<Digest>,
    /// The code that the process leaves with.
    #[serde(rename = "exit_code", serialize_with = "code")]
    pub exit: Exit,
    /// Why the run ended, one sentence.
    pub ended: String,
    /// What people should know besides: one sentence each.
    pub warnings: Vec<String>,
    /// What to do now.
    pub next: Option<String>,
    /// Nothing was sent.
    pub dry_run: bool,
    /// Nobody real was touched.
    pub sandbox: bool,
    /// How the deletion of those came out who left since the last complete sync; `None` where nobody was to be deleted.
    pub pruned: Option<Box<Self>>,
}

impl Summary {
    /// For people: several lines, each ended.
    #[must_use]
    pub fn human(&self, colour: bool) -> String {
        let mut text = String::new();
        self.write(&mut text, colour);
        text
    }

    fn write(&self, text: &mut String, colour: bool) {
        let mut line = |name: &str, value: &str| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name:<10} {value}");
        };
        line("ended", &painted(&self.ended, self.exit, colour));
        if self.dry_run {
            line("dry run", "nothing was sent");
        }
        if self.sandbox {
            line("sandbox", "nobody real was touched");
        }
        line("result", &self.sentence());
        line("rows", &self.sum());
        if self.settled_before > 0 {
            line("", &format!("{} of them settled before this try", say_count(self.settled_before)));
        }
        if self.trimmed > 0 {
            line("", &format!("{} with blanks around an id, which were trimmed", say_count(self.trimmed)));
        }
        line("target", &self.target());
        self.pace().iter().for_each(|(name, value)| line(name, value));
        if let Some(directory) = &self.directory {
            line("results", &directory.display().to_string());
        }
        if let Some(profiles) = &self.profiles {
            line("profiles", &profiles.display().to_string());
        }
        if let Some(head) = self.chain_head {
            line("chain head", &head.to_string());
        }
        self.warnings.iter().for_each(|warning| line("warning", warning));
        if let Some(next) = &self.next {
            line("next", next);
        }
    }

    /// Every word that occurred, in one sentence.
    fn sentence(&self) -> String {
        let told = |verdict: Verdict| {
            let rows = self.totals.of(verdict);
            let always = verdict == self.command.goal();
            let remark = self.remark(verdict);
            (rows > 0 || always).then(|| format!("{} {}{remark}", name(self.command, verdict), say_count(rows)))
        };
        let mut parts: Vec<String> = self.words().filter_map(told).collect();
        if self.unsettled > 0 {
            let remark = if self.sandbox { "" } else { ", to be sent by the next try" };
            parts.push(format!("unsettled {}{remark}", say_count(self.unsettled)));
        }
        parts.join("; ")
    }

    /// Every word, the goal first.
    fn words(&self) -> impl Iterator<Item = Verdict> + use<> {
        let goal = self.command.goal();
        std::iter::once(goal).chain(Verdict::ALL.into_iter().filter(move |verdict| *verdict != goal))
    }

    fn remark(&self, verdict: Verdict) -> String {
        match verdict {
            Verdict::Deleted | Verdict::Found | Verdict::Created | Verdict::Updated => String::new(),
            Verdict::Missing if self.command == Task::Get => String::new(),
            Verdict::Missing => ", not there, nothing changed".to_owned(),
            Verdict::Unchanged => ", nothing new to send".to_owned(),
            Verdict::Superseded => ", a later row counts instead".to_owned(),
            Verdict::Suppressed => ", on the list of the erased, and not brought back".to_owned(),
            Verdict::Absent if self.command == Task::Verify => String::new(),
            Verdict::Absent if self.after_lost_answer > 0 => format!(
                ", not erased by this run, but for {} whose answer was lost: may have been erased by it",
                say_count(self.after_lost_answer)
            ),
            Verdict::Absent => ", not erased by this run".to_owned(),
            Verdict::Exists if self.command == Task::Verify => ", not erased".to_owned(),
            Verdict::Exists => ", there was one of that name".to_owned(),
            Verdict::New => ", under another id than the one recorded".to_owned(),
            Verdict::Refused => ", the API said no".to_owned(),
            Verdict::Failed => ", given up for now".to_owned(),
            Verdict::Invalid => ", never sent".to_owned(),
            Verdict::Duplicate => ", handled already".to_owned(),
        }
    }

    /// The rows as a sum of their parts.
    fn sum(&self) -> String {
        let mut parts: Vec<String> = self
            .words()
            .filter(|verdict| self.totals.of(*verdict) > 0)
            .map(|verdict| format!("{} {}", say_count(self.totals.of(verdict)), name(self.command, verdict)))
            .collect();
        parts.push(format!("{} unsettled", say_count(self.unsettled)));
        let known = self.totals.total() + self.unsettled;
        let unread = self.rows.map_or(0, |rows| rows.saturating_sub(known));
        if unread > 0 {
            parts.push(format!("{} not read", say_count(unread)));
        }
        let end = if self.rows.is_none() { ", as far as the input was read" } else { "" };
        format!("{} = {}{end}", say_count(known + unread), parts.join(" + "))
    }

    fn target(&self) -> String {
        let app = self.app.as_ref().map(|app| format!(", app {app}")).unwrap_or_default();
        format!("{} on {} ({}){app}", self.command.word(), self.host, self.api)
    }

    fn pace(&self) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        if self.requests > 0 {
            let (requests, retries) = (say_count(self.requests), say_count(self.retries));
            let (elapsed, rate) = (say_duration(Duration::from_secs_f64(self.elapsed_seconds)), self.mean_rate);
            lines.push(("requests", format!("{requests} in {elapsed}, {rate:.1}/s; {retries} repeated")));
        }
        if let Some(Latency { p50_ms, p95_ms, p99_ms }) = self.latency {
            lines.push(("latency", format!("p50 {p50_ms:.0} ms, p95 {p95_ms:.0} ms, p99 {p99_ms:.0} ms")));
        }
        if let Some(width) = self.wanted_concurrency {
            lines.push((
                "limit",
                format!("the width was the limit, not the rate: --concurrency {width} would reach it"),
            ));
        }
        lines
    }
}

/// What people call it.
const fn name(command: Task, verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Absent => match command {
            Task::Delete | Task::Create | Task::Update | Task::Sync | Task::Get => "not found",
            Task::Verify => "absent",
        },
        Verdict::Deleted => "erased",
        Verdict::Found => "found",
        Verdict::Missing => "missing",
        Verdict::Exists => "existing",
        Verdict::New => "new",
        Verdict::Created => "created",
        Verdict::Updated => "updated",
        Verdict::Unchanged => "unchanged",
        Verdict::Superseded => "superseded",
        Verdict::Suppressed => "suppressed",
        Verdict::Refused => "refused",
        Verdict::Failed => "failed",
        Verdict::Invalid => "invalid",
        Verdict::Duplicate => "duplicate",
    }
}

fn painted(text: &str, exit: Exit, colour: bool) -> String {
    let paint = match exit {
        Exit::Success => 32,
        Exit::Rows | Exit::Incomplete | Exit::Interrupted | Exit::Terminated => 33,
        Exit::Usage
        | Exit::Guard
        | Exit::Data
        | Exit::NoInput
        | Exit::Internal
        | Exit::CannotCreate
        | Exit::Io
        | Exit::Credentials
        | Exit::Config => 31,
    };
    if colour { format!("\u{1b}[{paint}m{text}\u{1b}[0m") } else { text.to_owned() }
}

#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn optional_digest<S: Serializer>(digest: &Option<Digest>, serializer: S) -> Result<S::Ok, S::Error> {
    digest.map(|digest| digest.to_string()).serialize(serializer)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn code<S: Serializer>(exit: &Exit, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(exit.code())
}
