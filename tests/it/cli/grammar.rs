//! The flags themselves: their environment names, their help, what they do not take.

use std::collections::BTreeSet;

use tollgate::{
    cli::{self, Parsed},
    error::Exit,
};

use super::typed;

/// Flags that must have no environment name: help prints and leaves, the others must be typed each time; constants are a
/// list, and nothing could stand between two of them.
const NAMELESS: [&str; 6] = ["help", "help-all", "version", "yes", "sandbox", "set"];

/// Every command with every flag of its own.
fn flags() -> Vec<(String, clap::Arg)> {
    let mut whole = cli::command();
    whole.build();
    let subs = whole.get_subcommands().filter(|sub| sub.get_name() != "help");
    std::iter::once(&whole)
        .chain(subs)
        .flat_map(|command| command.get_arguments().map(|arg| (command.get_name().to_owned(), arg.clone())))
        .filter(|(_, arg)| !arg.is_positional())
        .collect()
}

fn words(line: &str) -> String {
    match typed(line) {
        Ok(Parsed::Words(words)) => words,
        other => panic!("`{line}` gives no words: {other:?}"),
    }
}

/// The text without its line breaks, so that no test hangs on a terminal's width.
fn flowing(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_grammar_holds() {
    cli::command().debug_assert();
}

#[test]
fn every_flag_has_its_environment_name_except_those_that_must_be_typed() {
    let flags = flags();
    assert!(flags.len() > 60, "only {} flags found", flags.len());
    for (command, arg) in flags {
        let long = arg.get_long().unwrap_or_else(|| panic!("{arg} has no long name"));
        let prefix = if command == "sandbox" && !arg.is_global_set() { "TOLLGATE_SANDBOX_" } else { "TOLLGATE_" };
        let expected =
            (!NAMELESS.contains(&long)).then(|| format!("{prefix}{}", long.to_uppercase().replace('-', "_")));
        let actual = arg.get_env().map(|name| name.to_string_lossy().into_owned());
        assert_eq!(actual, expected, "{command} --{long}");
    }
}

#[test]
fn no_flag_of_a_deletion_takes_the_key() {
    let named: BTreeSet<String> = flags()
        .into_iter()
        .filter(|(command, _)| command != "sandbox")
        .filter_map(|(_, arg)| arg.get_long().map(str::to_owned))
        .filter(|long| ["key", "token", "secret", "password"].iter().any(|word| long.contains(word)))
        .collect();
    assert_eq!(named, BTreeSet::from(["api-key-file", "client-key", "suppress-key"].map(str::to_owned)));
    let error = typed("delete x --api-key secret_live_1").expect_err("there is no such flag");
    assert!(error.what().starts_with("unexpected argument '--api-key'"), "{error}");
}

#[test]
fn the_aliases_that_others_use_are_known() {
    for line in ["delete x --tpslimit 5/s", "delete x --jobs 3", "delete x -j 3", "delete x -c 3", "delete x -n -y -q"]
    {
        assert!(matches!(typed(line), Ok(Parsed::Job(_))), "{line}");
    }
}

#[test]
fn help_ends_with_the_exit_codes_of_the_enum() {
    for line in ["--help", "delete --help", "create --help", "update --help", "sync --help"] {
        let help = words(line);
        for exit in Exit::ALL {
            let row = format!("{:>3}  {}", exit.code(), exit.meaning());
            assert!(help.contains(&row), "`{line}` lacks `{row}`:\n{help}");
        }
    }
}

#[test]
fn help_is_grouped_and_says_what_width_does_to_rate() {
    let help = words("delete --help");
    let headings = ["Input:", "Safety:", "Pace:", "Results:", "Connection:", "Output:", "Examples:", "Exit codes:"];
    let places: Vec<_> = headings
        .iter()
        .map(|heading| help.find(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}\n{help}")))
        .collect();
    assert!(places.is_sorted(), "headings out of order: {places:?}");
    assert!(flowing(&help).contains("8 wide at 100 ms is 80/s, whatever --rate says"), "{help}");
}

#[test]
fn there_are_three_depths_of_help() {
    let (short, long, all) = (words("delete -h"), words("delete --help"), words("delete --help-all"));
    assert!(short.len() < long.len() && long.len() < all.len());
    for often in ["--dry-run", "--rate", "--out", "--api-key-file", "--max-delete"] {
        assert!(short.contains(often) && long.contains(often), "{often}");
    }
    for seldom in ["--burst", "--ca-cert", "--shard", "--sandbox-faults", "--color"] {
        assert!(!short.contains(seldom) && !long.contains(&format!("{seldom} ")) && all.contains(seldom), "{seldom}");
    }
}

#[test]
fn a_sync_shows_its_fields_and_its_memory_and_hides_what_is_seldom_used() {
    let (help, all) = (words("sync --help"), words("sync --help-all"));
    let headings = ["Input:", "Pipeline:", "Safety:", "Pace:", "Results:", "Connection:", "Fields:", "Memory:"];
    for heading in headings {
        assert!(help.contains(&format!("\n{heading}\n")), "no {heading}\n{help}");
    }
    for seldom in ["--assume-sent", "--keep-runs", "--wait-for-input", "--max-input-age"] {
        assert!(!help.contains(&format!("\n      {seldom}")), "{seldom} is shown");
        assert!(all.contains(&format!("\n      {seldom}")), "{seldom}");
    }
}

#[test]
fn what_the_help_says_of_the_environment_is_so() {
    for line in ["delete --help", "sync --help"] {
        let help = flowing(&words(line));
        assert!(help.contains("Every flag but --yes, --sandbox and --set has a name there"), "{help}");
    }
}

#[test]
fn every_flag_explains_itself() {
    for (command, arg) in flags() {
        let help = arg.get_help().unwrap_or_else(|| panic!("{command} {arg} has no help")).to_string();
        assert!(help.len() >= 10, "{command} {arg}: {help}");
        assert!(!help.ends_with('.'), "{command} {arg} ends with a full stop: {help}");
    }
}

#[test]
fn the_version_is_said() {
    assert_eq!(words("--version").trim(), format!("tollgate {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_and_manual_know_the_seldom_used_flags() {
    for shell in [cli::Shell::Bash, cli::Shell::Zsh, cli::Shell::Fish] {
        assert!(cli::completions(shell).contains("ca-cert"), "{shell}");
    }
    for command in ["create", "update", "sync"] {
        let page = cli::man(Some(command)).expect("a page");
        assert!(page.contains("ca\\-cert") && page.contains("only\\-column"), "{command}: {page}");
    }
    let page = cli::man(Some("delete")).expect("a page");
    assert!(page.starts_with(".ie") || page.starts_with(".TH"), "{page}");
    assert!(page.contains("ca\\-cert") && page.contains("Little"), "{page}");
    assert!(cli::man(None).expect("a page").contains("tollgate"));
}
