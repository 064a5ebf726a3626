//! Words on stderr, data on stdout, colour.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use tollgate::{
    progress::{Screen, Show},
    telemetry::{self, ColourChoice, Level, LogFormat, LogOptions},
};

use super::configured;

/// Bytes that a test can look at.
#[derive(Debug, Clone, Default)]
pub(super) struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("nobody panicked").clone()).expect("words are UTF-8")
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stdout that fails in one way.
struct Failing(io::ErrorKind);

impl Write for Failing {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logs(format: LogFormat, level: Level, tuning: Option<&str>) -> LogOptions {
    LogOptions { format, level, tuning: tuning.map(str::to_owned), colour: false }
}

/// What a few events of ours and of others leave on the screen.
fn written(options: &LogOptions) -> String {
    let paper = Paper::default();
    let screen = Screen::onto(paper.clone(), io::sink());
    let subscriber = telemetry::subscriber(options, move || screen.writer(), || "2026-11-21T00:00:00.000Z".to_owned());
    tracing::subscriber::with_default(subscriber, || {
        tracing::error!(target: "tollgate", "ours, error");
        tracing::info!(target: "tollgate::flow", row = 4711, "ours, info");
        tracing::trace!(target: "tollgate::flow", "ours, trace");
        tracing::error!(target: "hyper::proto", "authorization: Api-Key secret_live_1");
        tracing::error!(target: "tollgatekeeper", "another's");
    });
    paper.text()
}

#[test]
fn people_read_level_and_words() {
    insta::assert_snapshot!(written(&logs(LogFormat::Human, Level::Info, None)), @r"
    2026-11-21T00:00:00.000Z ERROR ours, error
    2026-11-21T00:00:00.000Z  INFO ours, info row=4711
    ");
}

#[test]
fn machines_read_one_object_a_line() {
    insta::assert_snapshot!(written(&logs(LogFormat::Json, Level::Info, None)), @r#"
    {"timestamp":"2026-11-21T00:00:00.000Z","level":"ERROR","message":"ours, error","target":"tollgate"}
    {"timestamp":"2026-11-21T00:00:00.000Z","level":"INFO","message":"ours, info","row":4711,"target":"tollgate::flow"}
    "#);
}

#[test]
fn quiet_says_errors_only() {
    let said = written(&logs(LogFormat::Human, Level::Error, None));
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn rust_log_tunes_our_target_and_nobody_elses() {
    for tuning in
        ["trace", "hyper=trace", "hyper=trace,reqwest=debug,tollgatekeeper=trace", "[{a}]=trace", "nonsense=="]
    {
        let said = written(&logs(LogFormat::Human, Level::Info, Some(tuning)));
        assert_eq!(said.lines().count(), 2, "RUST_LOG={tuning}:\n{said}");
        assert!(!said.contains("secret"), "RUST_LOG={tuning}:\n{said}");
    }
    for tuning in ["hyper=trace,tollgate::flow=trace", "tollgate=trace", "[{a}]=info,tollgate=trace"] {
        assert!(written(&logs(LogFormat::Human, Level::Info, Some(tuning))).contains("ours, trace"), "{tuning}");
    }
    let said = written(&logs(LogFormat::Human, Level::Info, Some("hyper=trace,tollgate::flow=trace")));
    assert!(said.contains("ours, trace") && said.lines().count() == 3, "{said}");
}

#[test]
fn a_typed_level_wins_over_rust_log() {
    let tuning = |line: &str| configured(line, &[("RUST_LOG", "tollgate=trace")]).expect("well said").voice.log.tuning;
    assert_eq!(tuning("report run"), Some("tollgate=trace".to_owned()));
    assert_eq!(tuning("report run -q"), None);
    assert_eq!(tuning("report run -v"), None);
}

#[test]
fn colour_is_decided_by_flag_then_environment_then_terminal() {
    let decide = |choice, terminal, variables: &'static [(&str, &str)]| {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        telemetry::colour(choice, terminal, &find)
    };
    assert!(decide(ColourChoice::Auto, true, &[]));
    assert!(!decide(ColourChoice::Auto, false, &[]));
    assert!(!decide(ColourChoice::Auto, true, &[("NO_COLOR", "1")]));
    assert!(decide(ColourChoice::Auto, true, &[("NO_COLOR", "")]));
    assert!(!decide(ColourChoice::Auto, true, &[("TERM", "dumb")]));
    assert!(decide(ColourChoice::Auto, false, &[("CLICOLOR_FORCE", "1")]));
    assert!(!decide(ColourChoice::Auto, false, &[("CLICOLOR_FORCE", "0")]));
    assert!(!decide(ColourChoice::Auto, true, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(decide(ColourChoice::Always, false, &[("NO_COLOR", "1"), ("TERM", "dumb")]));
    assert!(!decide(ColourChoice::Never, true, &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn who_watches_follows_from_the_flags_and_the_terminal() {
    let show = |line: &str, variables: &[(&str, &str)]| configured(line, variables).expect("well said").voice.show;
    assert_eq!(show("report run", &[]), Show::Bar);
    assert_eq!(show("report run", &[("TERM", "dumb")]), Show::Lines);
    assert_eq!(show("report run --no-progress", &[]), Show::Nothing);
    assert_eq!(show("report run -q", &[]), Show::Nothing);
}

#[test]
fn words_and_data_go_their_own_ways() {
    let (words, data) = (Paper::default(), Paper::default());
    let screen = Screen::onto(words.clone(), data.clone());
    screen.say("a word");
    screen.data("{}").expect("paper takes everything");
    screen.data("{}\n").expect("paper takes everything");
    assert_eq!((words.text().as_str(), data.text().as_str()), ("a word\n", "{}\n{}\n"));
}

#[test]
fn a_reader_that_left_is_no_crash_and_a_full_disk_is_one() {
    let left = Screen::onto(io::sink(), Failing(io::ErrorKind::BrokenPipe));
    assert_eq!(left.data("{}"), Ok(()));
    let full = Screen::onto(Failing(io::ErrorKind::StorageFull), Failing(io::ErrorKind::StorageFull));
    full.say("nobody hears this, and nothing happens");
    assert_eq!(full.data("{}").expect_err("the disk is full").exit().code(), 74);
}
