//! A round as it is played: the program is started again and again, and something befalls it, until it is let be.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    os::{fd::OwnedFd, unix::fs::OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::{
    fs::OFlags,
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};

use super::{
    checks::{self, Fall, Told},
    ground::{Ballast, Ground},
    plan::{Blow, Plan, Surroundings, Trigger, Try, Work},
    town::Town,
    wishes,
};
use crate::support::{
    clock::Clock,
    program::{Desk, Left, PATIENCE, Running, Signal},
};

/// What leaves with one code when nothing is left to be done.
const FINISHED: [i32; 2] = [0, 1];

/// A terminal's two ends.
struct Terminal {
    master: OwnedFd,
    slave: File,
}

impl Terminal {
    fn open() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        // This process is to be nobody's terminal's leader.
        let flags = i32::try_from(OFlags::NOCTTY.bits()).unwrap();
        let slave = OpenOptions::new().read(true).write(true).custom_flags(flags).open(name).unwrap();
        Self { master, slave }
    }
}

/// What happened in a round.
pub(super) struct Game<'a> {
    plan: &'a Plan,
    desk: &'a Desk,
    ground: &'a Ground,
    town: Town<'a>,
    clock: Option<Clock>,
    /// What it was set to.
    clocks: BTreeSet<i64>,
    history: &'a mut Vec<String>,
    night: usize,
    pub(super) falls: Vec<Fall>,
}

impl<'a> Game<'a> {
    pub(super) fn begin(plan: &'a Plan, desk: &'a Desk, ground: &'a Ground, history: &'a mut Vec<String>) -> Self {
        let town = Town::found(desk, plan.seed, plan.natives(), &plan.faults);
        wishes::put_keys(desk);
        let (clock, clocks) = (Clock::at(desk), BTreeSet::new());
        Self { plan, desk, ground, town, clock, clocks, history, night: 1, falls: Vec::new() }
    }

    /// Plays the round to its end.
    pub(super) fn play(mut self) -> Vec<Fall> {
        self.night(&self.plan.tries);
        if self.plan.work.len() > 1 {
            self.night = 2;
            let before = usize::try_from(self.town.seen()).unwrap();
            self.night(&self.plan.second_night);
            let requests = &self.town.requests()[before..];
            if self.plan.wishes.suppress {
                wishes::nobody_came_back(self.plan, &self.out(), requests);
            } else {
                checks::second_night(self.plan, &self.out(), requests, &self.falls);
                wishes::who_left_is_gone(self.plan, requests, &self.falls);
            }
        }
        self.falls
    }

    fn work(&self) -> Work {
        self.plan.work[self.night - 1]
    }

    /// Every try, and then one that nothing befalls; and what is left of it all.
    fn night(&mut self, tries: &[Try]) {
        self.desk.put("rows.csv", checks::input(self.plan, self.night));
        for (nth, each) in tries.iter().enumerate() {
            self.attempt(&format!("night {}, try {}", self.night, nth + 1), each);
        }
        let calm = Try { surroundings: Surroundings::Plain, clock: 0, blows: Vec::new() };
        self.attempt(&format!("night {}, the last try", self.night), &calm);
        let before = self.town.seen();
        self.attempt(&format!("night {}, once more", self.night), &calm);
        let out = self.out();
        checks::ended(self.desk, &out, self.finished());
        checks::stamps(&out, &self.clocks);
        let requests = self.town.requests();
        checks::sent_again(self.work(), &self.falls, &requests);
        assert!(
            requests[usize::try_from(before).unwrap()..].iter().all(|request| request.id.is_none()),
            "a finished run sends nothing"
        );
        if self.night == 1 {
            checks::rows(self.plan, &out, &requests);
        }
        if self.work() == Work::Get {
            wishes::profiles(&self.plan.rows(self.night), &out);
        }
    }

    fn out(&self) -> PathBuf {
        self.desk.path(&format!("ground/night-{}", self.night))
    }

    fn finished(&self) -> i32 {
        FINISHED[usize::from(self.plan.invalid() > 0)]
    }

    fn attempt(&mut self, name: &str, each: &Try) {
        let from = self.town.seen();
        let deaths = self.town.deaths;
        if each.surroundings == Surroundings::ReadOnly && !self.ground.close() {
            return self.history.push(format!("{name}: skipped, this user may write everywhere"));
        }
        let mut terminal = (each.surroundings == Surroundings::Terminal).then(Terminal::open);
        self.set_clock(each.clock);
        let mut running = self.start(each.surroundings, terminal.as_ref());
        let mut ballast = None;
        let (mut dealt, mut early) = (Vec::new(), false);
        for (trigger, blow) in &each.blows {
            // Nobody fills what cannot be written to.
            let cannot_be_filled = each.surroundings == Surroundings::ReadOnly || !self.ground.is_disk();
            if *blow == Blow::FillDisk && cannot_be_filled || !self.wait_for(*trigger, from, &mut running) {
                break;
            }
            let at = self.town.seen() - from;
            // Whoever does not listen to signals yet is ended by them, and has nothing to lose.
            early |= !running.listens().unwrap_or(at > 0);
            self.history.push(format!("{name}: {blow:?} at request {at}"));
            dealt.push(*blow);
            self.deal(*blow, &running, &mut terminal, &mut ballast);
        }
        let left = running.leave();
        drop(ballast);
        self.repair(each, &dealt);
        let told = (left.code, left.signal);
        self.history.push(format!("{name}: {:?} left with {told:?}: {}", each.surroundings, left.stderr.trim_end()));
        let may = self.ways(each.surroundings, &dealt, early);
        assert!(may.contains(&told), "{name}: it left with {told:?}, and may leave with {may:?}: {}", left.stderr);
        self.fallen(from, self.town.deaths - deaths, each, &dealt, &left);
    }

    /// All is as it was before the blows.
    fn repair(&mut self, each: &Try, dealt: &[Blow]) {
        if each.surroundings == Surroundings::ReadOnly {
            self.ground.open();
        }
        match dealt.last() {
            Some(Blow::LeaveWithFrozenServer) => self.town.signal(Signal::CONT),
            Some(Blow::LeaveWithoutServer) => self.town.rise(),
            _ => {}
        }
        self.town.settle();
    }

    fn fallen(&mut self, from: u64, deaths: u64, each: &Try, dealt: &[Blow], left: &Left) {
        let rude = left.signal.is_some()
            || matches!(left.code, Some(73 | 74))
            || dealt.iter().any(|blow| matches!(blow, Blow::Storm(2..) | Blow::LeaveWithFrozenServer));
        let waiting = matches!(self.work(), Work::Delete { verify: true, .. });
        let (settled, open): (Vec<Told>, Vec<Told>) = checks::told(&self.out()).into_iter().partition(Told::is_settled);
        let rows = self.plan.rows(self.night);
        let fall = Fall {
            night: self.night,
            from,
            until: self.town.seen(),
            settled: settled.iter().filter(|told| told.was_sent()).map(|told| told.whose(&rows)).collect(),
            unverified: open.iter().map(|told| told.whose(&rows)).collect(),
            lost: 0,
            rude,
            killed: left.signal == Some(9),
            befell: befell(each, dealt).chain(self.wished(from, left)).collect(),
        };
        let requests = self.town.requests();
        wishes::hold(self.plan, self.desk, &self.out(), left, &requests);
        let lost = fall.count_lost(self.work(), &requests);
        let wire = self.plan.width * deaths;
        let width = if waiting { 4 * self.plan.width } else { self.plan.width };
        // The looks before a run are no other requests than those that read.
        let looks = if self.work() == Work::Get { checks::SAMPLE } else { 0 };
        let bound = wire + looks + if rude { width + checks::QUEUE } else { 0 };
        assert!(lost <= bound, "{lost} answers were not written down, which may be {bound}");
        self.falls.push(Fall { lost, ..fall });
    }

    /// What of the things that are not always wished for was under way when it left before its end, by their names.
    fn wished(&self, from: u64, left: &Left) -> Vec<String> {
        let requests = &self.town.requests()[usize::try_from(from).unwrap()..];
        if left.code == Some(self.finished()) || requests.is_empty() {
            return Vec::new();
        }
        let wishes = self.plan.wishes;
        let prunes = wishes.prune && self.night == 2 && requests.iter().any(|request| request.method == "DELETE");
        let names = [
            (wishes.suppress && self.night == 1, "entering into a list"),
            (wishes.suppress && self.night == 2, "heeding a list"),
            (prunes, "pruning"),
            (wishes.hashed, "hashing"),
            (self.work() == Work::Get, "reading"),
        ];
        names.into_iter().filter(|(wished, _)| *wished).map(|(_, name)| name.to_owned()).collect()
    }

    /// How it may leave, by what was dealt to it.
    fn ways(&self, surroundings: Surroundings, dealt: &[Blow], early: bool) -> Vec<(Option<i32>, Option<i32>)> {
        let mut codes = vec![self.finished()];
        let mut killed = false;
        match surroundings {
            Surroundings::SmallFiles(_) => codes.extend([73, 74]),
            Surroundings::ReadOnly => codes.push(73),
            // Refused beforehand where the width would need more.
            Surroundings::Descriptors(most) if u64::from(most) < self.plan.width + 32 => codes.push(78),
            Surroundings::Plain
            | Surroundings::ClosedStdout
            | Surroundings::Terminal
            | Surroundings::Descriptors(_) => {}
        }
        for blow in dealt {
            match blow {
                Blow::Kill | Blow::KillStopped => killed = true,
                Blow::Storm(_) | Blow::LeaveWithFrozenServer => codes.extend([130, 143]),
                Blow::LeaveWithoutServer | Blow::Hangup => codes.push(143),
                Blow::FillDisk => codes.extend([73, 74]),
                Blow::Pause { .. } | Blow::Restart | Blow::Jump(_) => {}
            }
        }
        let mut ways: Vec<_> = codes.into_iter().map(|code| (Some(code), None)).collect();
        ways.extend(killed.then_some((None, Some(9))));
        ways.extend([1, 2, 15].map(|signal| (None, Some(signal))).into_iter().filter(|_| early));
        ways
    }

    fn start(&self, surroundings: Surroundings, terminal: Option<&Terminal>) -> Running {
        let line = match surroundings {
            Surroundings::Plain | Surroundings::ReadOnly => "exec \"$@\"".to_owned(),
            Surroundings::ClosedStdout => "exec \"$@\" >&-".to_owned(),
            Surroundings::Terminal => "exec setsid --ctty \"$@\" >&0".to_owned(),
            Surroundings::Descriptors(most) => format!("ulimit -n {most}; exec \"$@\""),
            Surroundings::SmallFiles(blocks) => format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\""),
        };
        let mut command = self.desk.through_shell(&line);
        command.args(self.words()).args(["--base-url", &self.town.url(), "--api-key-file", "key"]);
        command.arg("--out").arg(self.out());
        command.args(["--rate", &format!("{}/s", self.plan.rate), "--concurrency", &self.plan.width.to_string()]);
        command.args(["--max-attempts", "50"]);
        if let Some(clock) = &self.clock {
            clock.rules(&mut command);
        }
        if let Some(terminal) = terminal {
            command.stdin(terminal.slave.try_clone().unwrap());
        }
        Running::start(&mut command)
    }

    fn words(&self) -> Vec<&'static str> {
        let mut words = match self.work() {
            Work::Delete { look, verify } => {
                let mut words = vec!["delete", "rows.csv"];
                words.extend(look.then_some("--look"));
                words.extend(verify.then_some(["--verify", "--verify-after", "20ms"]).into_iter().flatten());
                words
            }
            Work::Update => vec!["update", "rows.csv"],
            Work::Get => vec!["get", "rows.csv"],
            Work::Create => vec!["create", "rows.csv"],
            Work::Upsert if self.plan.wishes.suppress => vec!["sync", "rows.csv", "--action", "upsert", "--every-row"],
            Work::Upsert => {
                let mut words = vec!["sync", "rows.csv", "--action", "upsert", "--memory", "ground/memory"];
                // Killed after its last line and before it remembered anybody, a first sync leaves an empty memory.
                words.extend((self.night == 1).then_some("--first"));
                words
            }
        };
        words.extend(match self.work() {
            Work::Get => &[][..],
            Work::Create => &["--yes"],
            Work::Delete { .. } | Work::Update | Work::Upsert => &["--yes", "--max-absent", "off"],
        });
        words.extend(wishes::words(self.plan.wishes));
        words
    }

    /// Whether it happened while the program ran.
    fn wait_for(&self, trigger: Trigger, from: u64, running: &mut Running) -> bool {
        let mut idle = PATIENCE.as_millis() / 5;
        loop {
            let seen = self.town.seen();
            let reached = match trigger {
                Trigger::Request(n) => seen >= from + n,
                Trigger::Lines(n) => written(&self.out()) >= n,
                Trigger::Deletion(n) => self.town.deletions(from) >= n,
            };
            if reached || running.is_gone() {
                return reached && !running.is_gone();
            }
            self.town.glance(seen);
            idle -= u128::from(self.town.seen() == seen);
            assert!(idle > 0, "neither {trigger:?} nor its end came");
        }
    }

    fn deal(&mut self, blow: Blow, running: &Running, terminal: &mut Option<Terminal>, ballast: &mut Option<Ballast>) {
        let send = |signals: &[Signal]| signals.iter().for_each(|signal| running.signal(*signal));
        match blow {
            Blow::Kill => send(&[Signal::KILL]),
            Blow::KillStopped => send(&[Signal::STOP, Signal::KILL]),
            Blow::Storm(many) => {
                let storm = [Signal::TERM, Signal::INT, Signal::HUP];
                storm.into_iter().cycle().zip(0..many).for_each(|(signal, _)| running.signal(signal));
            }
            Blow::Pause { restart } => {
                send(&[Signal::STOP]);
                if restart {
                    self.restart();
                }
                send(&[Signal::CONT]);
            }
            Blow::Restart => self.restart(),
            Blow::LeaveWithoutServer => {
                self.town.fall();
                send(&[Signal::TERM]);
            }
            Blow::LeaveWithFrozenServer => {
                self.town.signal(Signal::STOP);
                send(&[Signal::TERM, Signal::INT]);
            }
            Blow::Jump(hours) => self.set_clock(hours),
            Blow::FillDisk => *ballast = Some(self.ground.fill()),
            Blow::Hangup => {
                let Terminal { master, slave } = terminal.take().unwrap();
                drop((master, slave));
            }
        }
    }

    fn set_clock(&mut self, hours: i64) {
        if let Some(clock) = &self.clock {
            clock.jump(hours);
            self.clocks.insert(hours);
        }
    }

    fn restart(&mut self) {
        self.town.fall();
        self.town.rise();
    }
}

/// What befell a try, by its names.
fn befell(each: &Try, dealt: &[Blow]) -> impl Iterator<Item = String> {
    let clock = if each.clock == 0 { "a right clock" } else { "a wrong clock" };
    let blows = dealt.iter().map(|blow| format!("{blow:?}"));
    blows.chain([format!("{:?}", each.surroundings), clock.to_owned()])
}

/// Lines that stand in the results, the header included.
fn written(out: &Path) -> u64 {
    let bytes = fs::read(out.join("results.csv")).unwrap_or_default();
    bytes.split(|byte| *byte == b'\n').count() as u64 - 1
}
