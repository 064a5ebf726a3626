//! What the spectators say.

use std::{io, time::Duration};

use tollgate::{
    domain::{Tally, Verdict},
    flow::{Pulse, Spectator},
    progress::{Screen, Show, choose, details, headline, line},
};

use super::voice::Paper;

/// Half way through a resumed run: 100,000 of 200,000 skipped, 3,600 deleted and 3 failed in six minutes.
fn midway() -> Pulse {
    let mut tally = Tally::default();
    (0..3_597).for_each(|_| tally.add(Verdict::Deleted));
    (0..3).for_each(|_| tally.add(Verdict::Failed));
    Pulse {
        total: Some(200_000),
        skipped: 100_000,
        tally,
        in_flight: 12,
        retries: 1_234,
        elapsed: Duration::from_mins(6),
        rate: 19.96,
        ..Pulse::default()
    }
}

#[test]
fn the_bar_says_where_it_stands_and_how_fast() {
    // 96,400 rows left at 10 rows a second.
    insta::assert_snapshot!(headline(&midway()), @"103,597 of 200,000 (51.7%), ETA 2h 40m");
    insta::assert_snapshot!(details(&midway()), @"20.0 requests/s now · 12 in flight · 1,234 retries · 3 failed · 10.0 rows/s overall");
}

#[test]
fn the_plain_line_says_the_same() {
    insta::assert_snapshot!(line(&midway()), @"settled 103,597 of 200,000 (51.7%), 20.0 requests/s, 12 in flight, 1,234 retries, 3 failed, ETA 2h 40m");
}

#[test]
fn an_unknown_total_has_neither_share_nor_eta() {
    let pulse = Pulse { total: None, ..midway() };
    assert_eq!(headline(&pulse), "103,597 rows");
}

#[test]
fn nothing_is_promised_before_the_first_row() {
    let pulse = Pulse { total: Some(10), ..Pulse::default() };
    assert_eq!(headline(&pulse), "0 of 10 (0.0%)");
    assert_eq!(details(&pulse), "0.0 requests/s now · 0 in flight · 0 retries · 0 failed");
}

#[test]
fn a_hundred_per_cent_is_said_when_it_is_true() {
    let mut pulse = Pulse { total: Some(1_000_000), skipped: 999_999, ..Pulse::default() };
    assert_eq!(headline(&pulse), "999,999 of 1,000,000 (99.9%)");
    pulse.skipped = 1_000_000;
    assert_eq!(headline(&pulse), "1,000,000 of 1,000,000 (100.0%)");
}

#[test]
fn trouble_comes_first_on_the_bar() {
    let held = Pulse { held: Some(Duration::from_secs(12)), ..midway() };
    assert!(details(&held).starts_with("held: the API asked for a pause, 12s left · "), "{}", details(&held));
    assert!(line(&held).ends_with(", held: the API asked for a pause, 12s left"), "{}", line(&held));
    let outage = Pulse { outage: Some(Duration::from_secs(130)), ..held.clone() };
    assert!(details(&outage).starts_with("the API has not answered for 2m 10s · "));
    let suspicious = Pulse { investigating: true, ..outage.clone() };
    assert!(details(&suspicious).starts_with("a suspicious answer is looked into · "));
    let leaving = Pulse { draining: true, ..suspicious };
    assert!(details(&leaving).starts_with("leaving: waiting for what is on the wire · "));
}

/// What a spectator says during a run with a pulse every 20 s.
fn watched(show: Show, seconds: u64) -> String {
    let paper = Paper::default();
    let mut watcher = choose(show, &Screen::onto(paper.clone(), io::sink()));
    for elapsed in (0..=seconds).step_by(20) {
        watcher.show(&Pulse { elapsed: Duration::from_secs(elapsed), ..midway() });
    }
    paper.text()
}

#[test]
fn plain_lines_come_once_a_minute() {
    assert_eq!(watched(Show::Lines, 40).lines().count(), 0);
    assert_eq!(watched(Show::Lines, 60).lines().count(), 1);
    assert_eq!(watched(Show::Lines, 300).lines().count(), 5);
}

#[test]
fn a_gap_between_pulses_gives_one_line_not_many() {
    let paper = Paper::default();
    let mut watcher = choose(Show::Lines, &Screen::onto(paper.clone(), io::sink()));
    for elapsed in [600, 601, 659, 660] {
        watcher.show(&Pulse { elapsed: Duration::from_secs(elapsed), ..midway() });
    }
    assert_eq!(paper.text().lines().count(), 2);
}

#[test]
fn silence_is_silent_and_a_bar_without_a_terminal_too() {
    assert_eq!(watched(Show::Nothing, 300), "");
    assert_eq!(watched(Show::Bar, 300), "");
}
