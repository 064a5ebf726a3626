//! The built program at servers that never end, never answer, or say too much.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    thread,
};

use crate::support::{
    program::{Desk, KEY, Left, Running, run, skip},
    record::lines,
};

/// The debug build of the program with its threads and TLS takes a third of it when nobody floods it.
pub(super) const MOST_KIB: u64 = 64 * 1024;

/// Answers each connection in a thread of its own; gives its URL.
fn served(answer: impl Fn(TcpStream, String) + Send + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut client in listener.incoming().map(Result::unwrap) {
            let answer = answer.clone();
            thread::spawn(move || {
                let mut head = [0; 4096];
                let length = client.read(&mut head).unwrap_or(0);
                answer(client, String::from_utf8_lossy(&head[..length]).into_owned());
            });
        }
    });
    url
}

/// The most memory that a process ever held, in KiB.
pub(super) fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Lets the program loose on the server; it leaves by its own clock, and blames no row.
#[track_caller]
fn leaves_in_time(desk: &Desk, url: &str) -> Running {
    desk.customers(200);
    Running::start(desk.delete(url).args(["--timeout", "1s", "--max-duration", "3s", "--concurrency", "4"]))
}

#[track_caller]
fn blames_nobody(desk: &Desk, left: Left) {
    left.with(75).saying(&["--max-duration"]);
    assert!(lines(&desk.out()).is_empty());
}

#[test]
fn floods_do_not_fill_the_memory() {
    let hint = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(100);
    let chunk = [b"2710\r\n".as_slice(), &[b'x'; 10_000], b"\r\n"].concat();
    let floods: [(&str, Vec<u8>); 3] = [
        ("", hint),
        ("HTTP/1.1 204 No Content\r\nx-long: ", vec![b'x'; 10_000]),
        ("HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\n", chunk),
    ];
    for (opening, piece) in floods {
        let (process, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU64::new(0)));
        let (of, seen) = (Arc::clone(&process), Arc::clone(&most));
        let url = served(move |mut client, _| {
            let mut alive = client.write_all(opening.as_bytes()).is_ok();
            while alive {
                alive = client.write_all(&piece).is_ok();
            }
            // It has hung up; what it held at worst is known now.
            seen.fetch_max(peak(of.load(Ordering::SeqCst)).unwrap_or(0), Ordering::SeqCst);
        });
        let desk = Desk::new();
        let running = leaves_in_time(&desk, &url);
        process.store(running.id(), Ordering::SeqCst);
        blames_nobody(&desk, running.leave());
        match most.load(Ordering::SeqCst) {
            0 => skip("there is no /proc here"),
            most => assert!(most < MOST_KIB, "{most} KiB after {opening:?}"),
        }
    }
}

#[test]
fn silence_holds_no_row_beyond_its_timeout() {
    let url = served(|mut client, _| {
        // Until it hangs up.
        while client.read(&mut [0; 64]).is_ok_and(|length| length > 0) {}
    });
    let desk = Desk::new();
    blames_nobody(&desk, leaves_in_time(&desk, &url).leave());
}

/// What stands after `name: ` in a head.
fn header<'a>(head: &'a str, name: &str) -> &'a str {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
}

/// A signed error that repeats the key and the id, would run in a spreadsheet, and paints the terminal.
fn echoing(status: &'static str) -> String {
    served(move |mut client, head| {
        let (key, id) = (header(&head, "authorization"), header(&head, "adapty-customer-user-id"));
        let body =
            format!(r#"{{"error_code":"=cmd|'/c calc'!A1","errors":["\u001b[2J\r\n=HYPERLINK(\"{key}\")\r\n{id}"]}}"#);
        let answer = format!(
            "HTTP/1.1 {status}\r\nrequest-id: @SUM({key} {id})\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        // Whoever does not stay for the answer does not matter.
        drop(client.write_all(answer.as_bytes()));
    })
}

#[track_caller]
fn said_nothing(left: &Left) {
    for said in [&left.stdout, &left.stderr] {
        let (key, id, paint) = (said.contains(KEY), said.contains("customer-"), said.contains('\u{1b}'));
        assert!(!key && !id && !paint, "{said}");
    }
}

#[test]
fn what_an_error_repeats_stays_on_its_row_and_holds_no_key() {
    let desk = Desk::new();
    desk.customers(30);
    let mut command = desk.delete(&echoing("400 Bad Request"));
    let left = run(command.args(["--canary", "0", "--max-errors", "100%", "-vv"]).env("RUST_LOG", "trace")).with(1);
    said_nothing(&left);
    let results = fs::read_to_string(desk.out().join("results.csv")).unwrap();
    assert!(!results.contains(KEY) && results.contains("[the key]"), "{results}");
    assert_eq!(results.lines().count(), 31, "one physical line a row: {results}");
    assert!(!results.contains(['\r', '\u{1b}']));
    for line in lines(&desk.out()) {
        assert_eq!(line.outcome, "refused");
        assert!(line.message.contains(&line.id), "it says of itself what was said: {line:?}");
        for field in [&line.code, &line.request_id, &line.message] {
            assert!(!field.starts_with(['=', '+', '-', '@']), "a spreadsheet would run it: {field}");
        }
    }
}

#[test]
fn what_an_outage_repeats_is_not_among_the_runs_last_words() {
    for status in ["500 Oh", "503 Busy"] {
        let desk = Desk::new();
        desk.customers(30);
        let mut command = desk.delete(&echoing(status));
        let left = run(command.args(["--give-up-after", "1s", "-vv"]).env("RUST_LOG", "trace")).with(75);
        said_nothing(&left);
        left.saying(&["has not answered", &status[..3]]);
    }
}
