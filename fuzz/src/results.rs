//! A run's directory: any bytes as `results.csv` or `run.json`, and any lines in a chain that holds.
//!
//! The first byte: 0 the rest is `results.csv` as it stands; 1 its lines, each given the chain field that it must have;
//! else it is `run.json`.

use super::Shelf;
use tollgate::{
    domain::Digest,
    flow::MaxAbsent,
    report::{HEADER, RESULTS, RUN, ScanOptions, scan},
};

const RUN_FILE: &str = include_str!("../../fixtures/report/first/run.json");

/// The target.
pub fn check(data: &[u8]) {
    let Some((way, data)) = data.split_first() else { return };
    let (run, results, lines) = match way {
        0 => (RUN_FILE.as_bytes().to_vec(), data.to_vec(), None),
        1 => chained(data),
        _ => (data.to_vec(), HEADER.to_vec(), None),
    };
    let length = results.len();
    let shelf = Shelf([(RUN, run), (RESULTS, results)].into());
    let options = ScanOptions { max_absent: MaxAbsent::Percent(95.0), with_replay: true };
    let Ok(Some(scan)) = scan(&shelf, options) else { return };
    assert!(scan.torn.len() <= length);
    assert!(scan.superseded <= scan.lines);
    if let Some(lines) = lines {
        assert_eq!((scan.lines, scan.torn.len()), (lines, 0), "a line was lost");
    }
}

/// A `run.json` that recorded no line yet, results that chain, and how many lines these have.
fn chained(data: &[u8]) -> (Vec<u8>, Vec<u8>, Option<u64>) {
    let (_, rest) = RUN_FILE.split_once("\"immutable\": ").expect("it has one");
    let (immutable, _) = rest.split_once(",\n  \"state\"").expect("and a state");
    let mut head = Digest::of(immutable.as_bytes()).to_string();
    let recorded = "81751c0798e62a3df9ee47a05762c33366022118f0192bd7c6395eb1439b1b73";
    let run = RUN_FILE.replace(recorded, &head).into_bytes();
    let (mut results, mut lines) = (HEADER.to_vec(), 0);
    for raw in data.split(|byte| *byte == b'\n').filter(|raw| !raw.is_empty()) {
        head = Digest::of(&[head.as_bytes(), raw].concat()).to_string();
        results.extend([raw, b",", head.as_bytes(), b"\n"].concat());
        lines += 1;
    }
    (run, results, Some(lines))
}
