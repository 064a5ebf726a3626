//! HTTP/2 that never comes to its end: frames without number, none of which says what became of the row.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use tokio::runtime;

use super::{
    h2::{
        CONTINUATION,
        Connection::{Floods, Stays},
        DATA, END_HEADERS, Farewell, HEADERS, NOT_FOUND, PING, SETTINGS, frame, gone, server,
    },
    program::{MOST_KIB, peak},
    stage::delete,
};
use crate::support::program::{Desk, Running, skip};

/// `:status` 103, spelt out, and another field.
const HINT: &[u8] = b"\x08\x03103\x00\x04link\x04</x>";

fn hint(id: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS, id, HINT)
}

fn floods() -> [(&'static str, Farewell); 6] {
    let field = |id| frame(CONTINUATION, 0, id, &[&[0, 1, b'x', 100], [b'y'; 100].as_slice()].concat());
    let body = |id| frame(DATA, 0, id, &[b'x'; 100]);
    [
        ("hints", (|_| Vec::new(), Floods(hint))),
        ("headers", (|id| frame(HEADERS, 0, id, NOT_FOUND), Floods(field))),
        ("a body", (|id| frame(HEADERS, END_HEADERS, id, NOT_FOUND), Floods(body))),
        (
            "pieces of a body with nothing in them",
            (|id| frame(HEADERS, END_HEADERS, id, NOT_FOUND), Floods(|id| frame(DATA, 0, id, &[]))),
        ),
        ("pings", (|_| Vec::new(), Floods(|_| frame(PING, 0, 0, &[7; 8])))),
        ("settings", (|_| Vec::new(), Floods(|_| frame(SETTINGS, 0, 0, &[])))),
    ]
}

#[tokio::test]
async fn hints_before_the_answer_cost_nothing() {
    let server = server((|id| [hint(id), hint(id), gone(id)].concat(), Stays)).await;
    assert_eq!(delete(&server.way, 3).await.all_deleted(3), [1, 1, 1]);
}

#[tokio::test]
async fn a_flood_of_frames_holds_no_row_beyond_its_timeout() {
    for (name, farewell) in floods() {
        let server = server(farewell).await;
        let attempts = delete(&server.way, 3).await.all_deleted(3);
        assert!(attempts[0] > 1, "{name}: {attempts:?}");
    }
}

/// The built program at such a server: whatever comes in is let go again.
#[test]
fn a_flood_of_frames_does_not_fill_the_memory() {
    for (name, farewell) in floods() {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let server = runtime.block_on(server(farewell));
        thread::spawn(move || runtime.block_on(std::future::pending::<()>()));
        let desk = Desk::new();
        desk.customers(20);
        let url = server.way.base_url.as_deref().unwrap();
        let mut command = desk.delete(url);
        command.arg("--ca-cert").arg(&server.root).args(["--timeout", "1s", "--max-duration", "3s"]);
        let running = Running::start(&mut command);
        let left = Arc::new(AtomicBool::new(false));
        let (process, over) = (running.id(), Arc::clone(&left));
        let watch = thread::spawn(move || {
            let mut most = 0;
            while !over.load(Ordering::SeqCst) {
                most = most.max(peak(process).unwrap_or(0));
                thread::yield_now();
            }
            most
        });
        let said = running.leave();
        left.store(true, Ordering::SeqCst);
        assert!(matches!(said.code, Some(0 | 75)), "{name}: {said:#?}");
        match watch.join().unwrap() {
            0 => skip("there is no /proc here"),
            most => assert!(most < MOST_KIB, "{most} KiB after {name}"),
        }
    }
}
