//! The rules as tables, and what breaks them: a pure function of a path and a text.

use super::{
    paths::{Named, named},
    tokens::{Token, tokens},
};

/// Which other rooms a room may know. What stands before the front door knows them all.
const ROOMS: [(&str, Knows); 15] = [
    ("error", Knows::Only(&[])),
    ("domain", Knows::Only(&["error"])),
    ("telemetry", Knows::Only(&["error"])),
    ("flow", Knows::Only(&["domain", "error"])),
    ("source", Knows::Only(&["domain", "flow", "error"])),
    ("remote", Knows::Only(&["domain", "flow", "error"])),
    ("report", Knows::Only(&["domain", "flow", "error"])),
    ("memory", Knows::Only(&["domain", "flow", "error"])),
    ("progress", Knows::Only(&["domain", "flow", "error"])),
    ("sandbox", Knows::Only(&["domain", "flow", "error"])),
    // What was typed is said in the rooms' option types.
    (
        "cli",
        Knows::Only(&["domain", "flow", "error", "source", "remote", "report", "progress", "sandbox", "telemetry"]),
    ),
    (
        "config",
        Knows::Only(&[
            "cli",
            "domain",
            "flow",
            "error",
            "source",
            "remote",
            "report",
            "progress",
            "sandbox",
            "telemetry",
        ]),
    ),
    ("run", Knows::All),
    ("main", Knows::All),
    ("lib", Knows::All),
];

#[derive(Clone, Copy)]
enum Knows {
    Only(&'static [&'static str]),
    All,
}

/// Where an outside crate may be named: rooms, or single modules of one.
const GUESTS: [(&str, &[&str]); 26] = [
    ("backoff", &["flow/retry"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("csv", &["source", "report"]),
    ("csv_core", &["source", "report"]),
    ("fastrand", &["domain/dice"]),
    ("flate2", &["source"]),
    ("foldhash", &["run/pass"]),
    ("governor", &["flow/gate"]),
    ("hdrhistogram", &["flow"]),
    ("hmac", &["domain/digest"]),
    ("hyper", &["sandbox"]),
    ("hyper_util", &["sandbox"]),
    ("indicatif", &["progress"]),
    ("jiff", &["domain/moment"]),
    ("redb", &["memory"]),
    ("reqwest", &["remote"]),
    ("rpassword", &["run/key"]),
    ("rustix", &["run/descriptors", "run/place"]),
    ("rustls", &["remote"]),
    ("sha2", &["domain/digest"]),
    ("toml", &["remote"]),
    ("tracing_subscriber", &["telemetry"]),
    ("uuid", &["sandbox"]),
    ("zstd", &["source"]),
];

/// Crates that any room may name, but for those named here.
const HOUSE_WIDE: [(&str, &[&str]); 9] = [
    ("bytes", &["domain"]),
    ("futures", &["domain"]),
    ("memchr", &[]),
    ("secrecy", &["domain"]),
    ("serde", &[]),
    ("serde_json", &[]),
    ("thiserror", &[]),
    ("tokio", &["domain"]),
    ("tracing", &["domain"]),
];

const LONGEST_FILE: usize = 400;

/// Whether a dependency has its place in the tables above.
pub(super) fn has_a_home(krate: &str) -> bool {
    GUESTS.iter().any(|&(name, _)| name == krate) || HOUSE_WIDE.iter().any(|&(name, _)| name == krate)
}

/// Every rule that a file breaks, one line each. `path` is relative to `src`, with forward slashes.
pub(super) fn violations(path: &str, text: &str) -> Vec<String> {
    let mut broken = words_and_length(text);
    if !path.ends_with("/tests.rs") {
        broken.extend(imports(path, text));
    }
    broken.into_iter().map(|(line, what)| format!("src/{path}:{line}: {what}")).collect()
}

fn imports(path: &str, text: &str) -> Vec<(usize, String)> {
    let home = module(path);
    let room = *home.first().unwrap_or(&path.trim_end_matches(".rs"));
    let Some(&(_, knows)) = ROOMS.iter().find(|&&(name, _)| name == room) else {
        return vec![(1, format!("`{room}` is a room without a place in the rules' table"))];
    };
    named(&home, text)
        .into_iter()
        .filter_map(|(line, named)| {
            let fault = match named {
                Named::Room(other) => room_fault(room, knows, &other),
                Named::Outside(krate) => guest_fault(path, &krate),
            };
            fault.map(|what| (line, what))
        })
        .collect()
}

/// `flow/gate.rs` is the module `flow::gate`, `flow/mod.rs` is `flow`, `main.rs` is the root.
fn module(path: &str) -> Vec<&str> {
    let path = path.trim_end_matches(".rs");
    path.split('/').filter(|part| !matches!(*part, "mod" | "main" | "lib")).collect()
}

fn room_fault(room: &str, knows: Knows, other: &str) -> Option<String> {
    let allowed = match knows {
        Knows::All => true,
        Knows::Only(rooms) => other == room || rooms.contains(&other),
    };
    (!allowed).then(|| format!("`{room}` may not know `{other}`"))
}

fn guest_fault(path: &str, krate: &str) -> Option<String> {
    let within = |place: &&str| path.strip_prefix(*place).is_some_and(|rest| rest.starts_with('/') || rest == ".rs");
    let guest = GUESTS.iter().find(|&&(name, places)| name == krate && !places.iter().any(within));
    let barred = HOUSE_WIDE.iter().find(|&&(name, places)| name == krate && places.iter().any(within));
    if let Some((_, places)) = guest {
        return Some(format!("`{krate}` is a guest of {}", places.join(" and ")));
    }
    barred.map(|_| format!("`{krate}` has no business here"))
}

fn words_and_length(text: &str) -> Vec<(usize, String)> {
    let mut broken = Vec::new();
    let length = text.lines().count();
    if length > LONGEST_FILE {
        broken.push((length, format!("{length} lines: split it by idea, {LONGEST_FILE} are the most")));
    }
    for (at, line) in text.lines().enumerate() {
        for word in ["TODO", "FIXME"] {
            if line.contains(word) {
                broken.push((at + 1, format!("{word}: do it, or write an issue")));
            }
        }
    }
    broken.extend(allow_attributes(text));
    broken
}

/// `#[allow(…)]` and `#![allow(…)]`.
fn allow_attributes(text: &str) -> Vec<(usize, String)> {
    let code = tokens(text);
    let begins = |at: usize| {
        let mut tokens = code[..at].iter().rev().map(|spot| &spot.token);
        tokens.next() == Some(&Token::Mark('[')) && matches!(tokens.next(), Some(Token::Mark('#' | '!')))
    };
    code.iter()
        .enumerate()
        .filter(|&(at, spot)| spot.token.is_word("allow") && begins(at))
        .map(|(_, spot)| (spot.line, "say `expect` with a reason instead of `allow`".to_owned()))
        .collect()
}
