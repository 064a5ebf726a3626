//! The README says what the program does: its tables are the program's own.

use tollgate::{domain::Verdict, error::Exit, report::HEADER};

const README: &str = include_str!("../../README.md");

#[test]
fn the_exit_codes_are_the_programs() {
    let table: Vec<&str> = section("## Exit codes").lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    let own: Vec<String> = Exit::ALL.iter().map(|exit| format!("| {} | {} |", exit.code(), exit.meaning())).collect();
    assert_eq!(table, own);
}

#[test]
fn the_vocabulary_is_the_programs() {
    let directory = section("## The run's directory");
    let yes_or_no = |is| if is { "yes" } else { "no" };
    for verdict in Verdict::ALL {
        let row = format!(
            "| `{}` | {} | {} |",
            verdict.word(),
            yes_or_no(verdict.is_settled()),
            yes_or_no(verdict.is_wanted())
        );
        assert!(directory.contains(&row), "missing: {row}");
    }
    let columns = String::from_utf8_lossy(HEADER);
    assert!(directory.contains(&format!("`{}`", columns.trim())), "{columns}");
}

/// The example that comes with the program uses every key there is.
#[test]
fn the_format_of_descriptions_is_told_whole() {
    let told = section("### An API of your own");
    let example = include_str!("../../fixtures/api/rest.toml");
    let lines = example.lines().filter(|line| !line.starts_with('#'));
    let keys = lines.filter_map(|line| line.split_once(" = ")).map(|(key, _)| key).filter(|key| *key != "Accept");
    let tables = example.lines().filter(|line| line.starts_with('['));
    for word in keys.chain(tables).chain(["query", "form", "remote_id", "app", "list", "field", "texts"]) {
        assert!(told.contains(&format!("`{word}`")), "missing: {word}");
    }
}

fn section(heading: &str) -> &'static str {
    let start = README.find(heading).map_or(README.len(), |start| start + heading.len());
    let rest = &README[start..];
    &rest[..rest.find("\n## ").unwrap_or(rest.len())]
}
