//! A clock that jumps by hours, days and years while the program runs and between its tries: it stamps and names things,
//! and decides nothing.

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    process::Command,
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::Duration,
};

use serde_json::json;
use tokio::time::Instant;

use crate::support::{
    acts::{act, people},
    clock::Clock,
    door::answering,
    program::{Desk, Left, PATIENCE, Running, SLOWLY, calm, run},
    record::{chain, lines, run_json, settled_once},
};

const GONE: &str = "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
const FOUND: &str = "HTTP/1.1 200 OK\r\ncontent-length: 42\r\nconnection: close\r\n\r\n\
    {\"data\":{\"profile_id\":\"p\",\"app_id\":\"app\"}}";

const DAY: i64 = 24;
const YEAR: i64 = 365 * DAY;

/// Far apart, and in no order.
const JUMPS: [i64; 6] = [5, -YEAR, 0, YEAR, -5, 26];

/// The first deletion is answered this, every other one well; when each deletion came is told.
fn paused_once(answer: String) -> (String, Receiver<Instant>) {
    let (tell, came) = channel();
    let mut answer = Some(answer);
    let url = answering(move |head| {
        if !head.starts_with("DELETE") {
            return FOUND.to_owned();
        }
        // Whoever has seen enough does not listen.
        let _ = tell.send(Instant::now());
        answer.take().unwrap_or_else(|| GONE.to_owned())
    });
    (url, came)
}

/// A 429 that asks to wait until a date.
fn until(date: &str, now: Option<&str>) -> String {
    let now = now.map_or_else(String::new, |now| format!("date: {now}\r\n"));
    format!(
        "HTTP/1.1 429 Too Many Requests\r\nretry-after: {date}\r\n{now}content-length: 0\r\nconnection: close\r\n\r\n"
    )
}

/// Runs it to its end while the clock never stands still.
fn restless(command: &mut Command, clock: &Clock) -> Left {
    clock.rules(command);
    let (over, is_over) = channel::<()>();
    thread::scope(|scope| {
        let jumping = scope.spawn(move || {
            let mut jumps = JUMPS.iter().cycle();
            while is_over.recv_timeout(Duration::from_millis(1)) == Err(RecvTimeoutError::Timeout) {
                clock.jump(*jumps.next().unwrap());
            }
        });
        let left = run(command);
        drop(over);
        jumping.join().unwrap();
        left
    })
}

#[test]
fn neither_a_hold_nor_the_pace_goes_by_a_clock_that_jumps() {
    const ROWS: u32 = 60;
    let desk = Desk::new();
    let Some(clock) = Clock::at(&desk) else { return };
    desk.customers(ROWS.into());
    let (url, came) = paused_once(until("Wed, 01 Jan 2031 00:00:01 GMT", Some("Wed, 01 Jan 2031 00:00:00 GMT")));
    let began = Instant::now();
    restless(desk.delete(&url).args(["--rate", "40/s"]), &clock).with(0);
    let came: Vec<Instant> = came.try_iter().collect();
    assert_eq!(came.len(), 1 + ROWS as usize);
    assert!(came[1] - came[0] >= Duration::from_secs(1), "it came back {:?} after a 429", came[1] - came[0]);
    // A burst is a twentieth of a second's requests, and the looks are paid for as well.
    assert!(began.elapsed() >= Duration::from_secs(1) / 40 * (ROWS - 2), "too fast: {:?}", began.elapsed());
    assert_eq!(settled_once(&desk.out()), [("deleted".to_owned(), ROWS as usize)].into());
    chain(&desk.out());
}

/// Whoever sends no `Date` leaves nothing to count from but the clock.
#[test]
fn a_date_without_a_date_to_count_from_makes_no_hold_of_a_year() {
    let desk = Desk::new();
    let Some(clock) = Clock::at(&desk) else { return };
    desk.customers(3);
    let now = Command::new("date").args(["-u", "+%a, %d %b %Y %H:%M:%S GMT"]).env("LC_ALL", "C").output().unwrap();
    let now = String::from_utf8(now.stdout).unwrap();
    for (hours, code) in [(-YEAR, 75), (YEAR, 0)] {
        let (url, _came) = paused_once(until(now.trim(), None));
        let out = desk.path(&format!("run-{hours}"));
        clock.jump(hours);
        let mut command = desk.aimed(&url);
        clock.rules(command.arg("--out").arg(&out));
        let left = run(&mut command).with(code);
        assert!(code == 0 || left.stderr.contains("longer than --max-hold"), "{left:?}");
        assert_eq!(lines(&out).len(), if code == 0 { 3 } else { 0 }, "a pause is no row's fault");
        clock.jump(0);
        run(&mut command).with(0);
        assert_eq!(settled_once(&out), [("deleted".to_owned(), 3)].into());
    }
}

/// The runs under the root, without the root's own files.
fn runs(desk: &Desk) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(desk.path("tollgate-runs")).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

/// The year of a date of ours.
fn year(date: &serde_json::Value) -> i64 {
    date.as_str().unwrap()[..4].parse().unwrap()
}

#[test]
fn a_run_goes_on_under_a_clock_before_its_beginning() {
    let desk = Desk::new();
    let Some(clock) = Clock::at(&desk) else { return };
    let sandbox = calm(1500);
    desk.customers(1500);
    let delete = || {
        let mut command = desk.aimed(&sandbox.base_url());
        clock.rules(&mut command);
        command
    };
    clock.jump(3 * YEAR);
    let running = Running::start(delete().args(SLOWLY));
    assert!(sandbox.wait_for(300, PATIENCE));
    running.kill();
    let begun = runs(&desk);
    let [directory] = begun.iter().collect::<Vec<_>>()[..] else { panic!("{begun:?}") };
    let before = run_json(directory)["immutable"].clone();
    clock.jump(0);
    run(&mut delete()).with(0);
    assert_eq!(runs(&desk), begun, "one run, not two");
    let after = run_json(directory);
    assert_eq!((&after["immutable"], &after["state"]["tries"]), (&before, &json!(2)));
    assert_eq!(
        year(&before["started"]) - year(&after["state"]["ended"]),
        3,
        "each says what its clock said: {after:#}"
    );
    assert_eq!(settled_once(directory).values().sum::<usize>(), 1500);
    assert_eq!(sandbox.received().applied, 1500);
    chain(directory);
    run(desk.program().arg("report").arg(directory)).with(0);
    run(&mut delete()).with(2).saying(&["finished already"]);
}

/// A sync that was stopped goes on unless another came after it, and which came after does not hang on the clock.
#[test]
fn a_clock_that_is_set_back_does_not_bring_an_overtaken_sync_back() {
    let desk = Desk::new();
    let Some(clock) = Clock::at(&desk) else { return };
    let sandbox = calm(300);
    let file = |name: &str| {
        (1..=300).fold("customer_user_id,first_name\n".to_owned(), |text, n| text + &format!("customer-{n},{name}\n"))
    };
    desk.put("ada.csv", file("Ada"));
    desk.put("grace.csv", file("Grace"));
    let sync = |input: &str| {
        let mut command = act(&desk, &["sync", input], &sandbox);
        clock.rules(&mut command);
        command
    };
    clock.jump(26);
    let running = Running::start(sync("ada.csv").args(SLOWLY));
    assert!(sandbox.wait_for(150, PATIENCE));
    running.kill();
    clock.jump(0);
    run(&mut sync("grace.csv")).with(0);
    run(&mut sync("ada.csv")).with(0);
    assert_eq!(runs(&desk).len(), 3, "it begins anew");
    assert!(people(&sandbox).values().all(|person| person["first_name"] == "Ada"), "what was asked for last counts");
}
