//! Flag over environment over default. Variables are real ones: a test binary is started again with them.

use std::process;

use tollgate::config::{Command, Config};

use super::configured;

/// Configures a deletion in a process that has exactly these variables, and tells pace, width and dry run.
fn told(line: &str, variables: &[(&str, &str)]) -> String {
    let out = process::Command::new(std::env::current_exe().expect("this test"))
        .args(["cli::environment::child", "--exact", "--ignored", "--nocapture"])
        .env_clear()
        .env("LINE", line)
        .envs(variables.iter().copied())
        .output()
        .expect("the child runs");
    let text = String::from_utf8_lossy(&out.stdout) + String::from_utf8_lossy(&out.stderr);
    text.lines()
        .find_map(|line| line.split_once("told: "))
        .map_or_else(|| text.to_string(), |(_, said)| said.to_owned())
}

#[test]
#[ignore = "the other tests' child: it needs their variables"]
#[expect(clippy::print_stdout, reason = "its parent reads it there")]
fn child() {
    let line = std::env::var("LINE").unwrap_or_else(|_| "delete x".to_owned());
    let said = match configured(&line, &[]) {
        Ok(Config { command: Command::Delete(job), .. }) => {
            let (rate, width, dry) = (job.flow.rate.get(), job.flow.width, job.consent.dry_run);
            format!("rate {rate}, width {width}, dry run {dry}")
        }
        Ok(Config { voice, .. }) => format!("quiet {}, level {:?}", voice.quiet, voice.log.level),
        Err(error) => format!("{} {}", error.exit().code(), error.what().lines().next().unwrap_or_default()),
    };
    println!("told: {said}");
}

#[test]
fn a_variable_wins_over_the_default_and_a_flag_over_the_variable() {
    assert_eq!(told("delete x", &[]), "rate 20, width 16, dry run false");
    let variables = [("TOLLGATE_RATE", "600/m"), ("TOLLGATE_CONCURRENCY", "4")];
    assert_eq!(told("delete x", &variables), "rate 10, width 4, dry run false");
    assert_eq!(told("delete x --rate 7/s", &variables), "rate 7, width 4, dry run false");
}

#[test]
fn a_switch_reads_yes_and_no() {
    for (value, dry) in [("1", true), ("true", true), ("yes", true), ("0", false), ("false", false), ("off", false)] {
        let said = told("delete x", &[("TOLLGATE_DRY_RUN", value)]);
        assert_eq!(said, format!("rate 20, width 16, dry run {dry}"), "{value}");
    }
    let said = told("delete x", &[("TOLLGATE_DRY_RUN", "perhaps")]);
    assert!(said.starts_with("2 invalid value 'perhaps' for '--dry-run'"), "{said}");
}

#[test]
fn a_wrong_variable_is_named_by_its_flag() {
    let said = told("delete x", &[("TOLLGATE_RATE", "fast")]);
    assert!(said.starts_with("2 invalid value 'fast' for '--rate <RATE>': `fast` is not a rate"), "{said}");
}

#[test]
fn a_variable_set_to_nothing_is_absent() {
    let said = told("delete x", &[("TOLLGATE_RATE", ""), ("TOLLGATE_DRY_RUN", ""), ("TOLLGATE_OUT", "")]);
    assert_eq!(said, "rate 20, width 16, dry run false");
}

#[test]
fn the_voice_has_variables_too() {
    assert_eq!(told("report run", &[]), "quiet false, level Info");
    assert_eq!(told("report run", &[("TOLLGATE_VERBOSE", "2")]), "quiet false, level Trace");
    assert_eq!(told("report run", &[("TOLLGATE_QUIET", "1")]), "quiet true, level Error");
}
