//! The house keeps its own rules: who may know whom, which guest lives where, and what no file may hold.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod paths;
mod rules;
mod tokens;

use std::{
    fs,
    path::{Path, PathBuf},
};

use proptest::prelude::*;

use rules::{has_a_home, violations};

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn every_file_keeps_the_rules() {
    let src = project().join("src");
    let files = rust_files(&src);
    assert!(files.len() > 20, "only {} files: is this the right directory?", files.len());
    let broken: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let path = file.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
            violations(&path, &fs::read_to_string(file).unwrap())
        })
        .collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn every_dependency_has_a_home() {
    let manifest = fs::read_to_string(project().join("Cargo.toml")).unwrap();
    let (_, rest) = manifest.split_once("\n[dependencies]\n").unwrap();
    let (section, _) = rest.split_once("\n[").unwrap();
    let names = section.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.replace('-', "_"));
    let homeless: Vec<String> = names.filter(|name| !has_a_home(name)).collect();
    assert!(homeless.is_empty(), "tests/it/house/rules.rs does not say where these may be named: {homeless:?}");
}

/// The fault found in a file, without its place.
fn fault(path: &str, text: &str) -> Option<String> {
    violations(path, text).first().map(|line| line.splitn(3, ": ").skip(1).collect::<Vec<_>>().join(": "))
}

#[test]
fn a_forbidden_room_is_found_however_it_is_named() {
    let red = [
        "use crate::report::Journal;",
        "use crate::report;",
        "use crate::{error::Error, report::Journal};",
        "use crate::{error::Error, report};",
        "use {crate::{domain::{Row, Id}, report::{Journal as J}}, std::fmt};",
        "pub(crate) use ::std::fmt; pub use crate::report::Journal;",
        "fn f() -> crate::report::Journal { todo() }",
        "fn f() { let x = Some(crate::report::open()?); }",
        "fn f() { g!(crate::report::X) }",
        "use super::super::report::Journal;",
        "use super::super::{report, error};",
        "mod inner { use super::super::super::report::Journal; }",
        "use crate::report::*;",
        "#[cfg(test)] use crate::domain::{Row, Id}; use crate::report::Journal;",
        "#[cfg(test)] mod tests { fn f() { { } } } use crate::report::Journal;",
        "fn f() -> char { '\"' } use crate::report::Journal; const Q: char = '\"';",
    ];
    for text in red {
        assert_eq!(fault("remote/client.rs", text).as_deref(), Some("`remote` may not know `report`"), "{text}");
    }
    assert_eq!(fault("remote/mod.rs", "use super::report::X;").as_deref(), Some("`remote` may not know `report`"));
    assert_eq!(fault("telemetry.rs", "use super::report::X;").as_deref(), Some("`telemetry` may not know `report`"));
    assert_eq!(fault("remote/client.rs", "use crate::*;").as_deref(), Some("`remote` may not know `*`"));
}

#[test]
fn what_is_allowed_or_only_mentioned_stays_green() {
    let green = [
        "use crate::{domain::Row, error::Error, flow::Remote};",
        "use crate::remote::Options; use super::Options as O; use super::plan::Plan;",
        "mod inner { use super::super::report::Of; }",
        "// use crate::report::Journal;",
        "/// See [`crate::report::Journal`].\n//! crate::report::X\n/* crate::report::Y /* */ crate::report::Z */",
        "const A: &str = \"crate::report::X\"; const B: &str = r#\"use crate::report::\"quoted\"\"#;",
        "#[cfg(test)]\nmod tests { use crate::report::Journal; fn f() { } }",
        "#[cfg(test)]\nuse crate::report::Journal;",
        "pub(crate) fn report() {} fn f() { report(); self::report::g(); local::report::g(); }",
        "fn f<'a>(x: &'a str) -> impl Fn() + use<'a> { move || x.report::<u8>() }",
    ];
    for text in green {
        assert_eq!(fault("remote/client.rs", text), None, "{text}");
    }
    assert_eq!(fault("main.rs", "use tollgate::{cli, config, report, run};"), None);
    assert_eq!(fault("run.rs", "use crate::{cli, config, report, sandbox};"), None);
}

#[test]
fn each_room_has_its_bounds() {
    let red = [
        ("domain/row.rs", "flow"),
        ("flow/gate.rs", "remote"),
        ("source/reader.rs", "report"),
        ("progress.rs", "report"),
        ("sandbox/mod.rs", "remote"),
        ("error.rs", "domain"),
        ("telemetry.rs", "domain"),
        ("cli/mod.rs", "config"),
        ("config/mod.rs", "run"),
    ];
    for (path, other) in red {
        let found = fault(path, &format!("use crate::{other}::Thing;"));
        assert!(found.is_some_and(|fault| fault.ends_with(&format!("may not know `{other}`"))), "{path}");
    }
    let unknown = fault("cellar/mod.rs", "");
    assert_eq!(unknown.as_deref(), Some("`cellar` is a room without a place in the rules' table"));
}

#[test]
fn a_guest_is_named_in_its_room_only() {
    for text in ["use reqwest::Client;", "use ::reqwest;", "fn f(_: reqwest::Url) {}", "use {std::fmt, reqwest as r};"]
    {
        assert_eq!(fault("source/open.rs", text).as_deref(), Some("`reqwest` is a guest of remote"), "{text}");
        assert_eq!(fault("remote/client.rs", text), None, "{text}");
    }
    assert_eq!(fault("flow/health.rs", "use governor::Quota;").as_deref(), Some("`governor` is a guest of flow/gate"));
    assert_eq!(fault("flow/gate.rs", "use governor::Quota;"), None);
    assert_eq!(fault("flow/gate/pace.rs", "use governor::Quota;"), None);
    assert_eq!(
        fault("flow/gatehouse.rs", "use governor::Quota;").as_deref(),
        Some("`governor` is a guest of flow/gate")
    );
    assert_eq!(fault("domain/row.rs", "use tokio::time::Instant;").as_deref(), Some("`tokio` has no business here"));
    assert_eq!(fault("source/open.rs", "fn f() { own::reqwest::g(); reqwest(); }"), None);
}

#[test]
fn no_file_is_too_long_or_unfinished_or_silences_a_lint() {
    assert_eq!(fault("run.rs", &"\n".repeat(400)), None);
    assert!(fault("run.rs", &"\n".repeat(401)).is_some_and(|fault| fault.starts_with("401 lines")));
    assert!(fault("run.rs", "// TODO later").is_some());
    assert!(fault("run.rs", "// FIXME later").is_some());
    assert!(fault("run.rs", "#[allow(dead_code)]").is_some());
    assert!(fault("run.rs", "#![allow(dead_code)]").is_some());
    assert_eq!(fault("run.rs", "// #[allow(x)]\nfn f() { allow(\"#[allow(x)]\"); [allow(1)]; }"), None);
}

proptest! {
    /// Any text at all, valid Rust or not, is looked at to its end.
    #[test]
    fn the_checker_survives_any_text(text in r#"(use |mod |crate|::|\{|\}|,|;|\*|super|"|'|/\*|\*/|//|r#|\\|\n|[a-zé#\[\]()<]){0,60}"#) {
        let _ = violations("remote/client.rs", &text);
    }
}
