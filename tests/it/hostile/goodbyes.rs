//! HTTP/2 that is turned away: `GOAWAY`, `REFUSED_STREAM` and worse. Each is one counted attempt, and passes.

use tollgate::{
    domain::{Blame, Call, Fields, Id, IdKind, Identity, Operation, Slot, Word},
    flow::Remote,
};

use super::{
    KEY,
    h2::{
        CONTINUATION,
        Connection::{Closes, Freezes, Stays},
        DATA, END_HEADERS, ENHANCE_YOUR_CALM, Farewell, GONE, HEADERS, NO_ERROR, NOT_FOUND, REFUSED_STREAM, frame,
        goaway, gone, reset, server,
    },
    stage::{client, delete},
};

/// Endless headers: hyper takes 16 KiB.
fn flood(id: u32) -> Vec<u8> {
    let mut flood = frame(HEADERS, 0, id, GONE);
    for _ in 0..1000 {
        // A literal field of one letter and 100 more, not to be remembered.
        let field = [&[0, 1, b'x', 100], [b'y'; 100].as_slice()].concat();
        flood.extend(frame(CONTINUATION, 0, id, &field));
    }
    flood
}

fn broken_off(id: u32) -> Vec<u8> {
    [frame(HEADERS, END_HEADERS, id, NOT_FOUND), frame(DATA, 0, id, b"{\"error_code\":"), reset(id, REFUSED_STREAM)]
        .concat()
}

#[tokio::test]
async fn whoever_is_turned_away_is_sent_again_and_counted() {
    let farewells: [(&str, Farewell); 7] = [
        ("GOAWAY before the stream was looked at", (|_| goaway(0, NO_ERROR, ""), Closes)),
        ("GOAWAY after it was, and no answer", (|id| goaway(id, NO_ERROR, ""), Closes)),
        ("GOAWAY in anger", (|id| goaway(id, ENHANCE_YOUR_CALM, "too many pings"), Closes)),
        ("REFUSED_STREAM, the connection stays", (|id| reset(id, REFUSED_STREAM), Stays)),
        ("no answer, the connection stays", (|_| Vec::new(), Stays)),
        ("an answer that is broken off", (broken_off, Stays)),
        ("headers without an end", (flood, Closes)),
    ];
    for (name, farewell) in farewells {
        let server = server(farewell).await;
        let attempts = delete(&server.way, 3).await.all_deleted(3);
        assert_eq!(attempts, [2, 1, 1], "{name}");
        assert_eq!(server.requests(), 4, "{name}: nothing was sent behind the flow's back");
    }
}

#[tokio::test]
async fn a_connection_whose_other_end_is_frozen_is_left() {
    let server = server((|_| Vec::new(), Freezes)).await;
    let attempts = delete(&server.way, 3).await.all_deleted(3);
    assert!(attempts[0] > 1, "{attempts:?}");
}

#[tokio::test]
async fn a_goaway_that_still_answers_costs_nothing() {
    let server = server((|id| [goaway(id, NO_ERROR, ""), gone(id)].concat(), Closes)).await;
    assert_eq!(delete(&server.way, 3).await.all_deleted(3), [1, 1, 1]);
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn what_a_goaway_says_is_not_repeated() {
    let server = server((|_| goaway(0, ENHANCE_YOUR_CALM, &format!("c-1 has {KEY}")), Closes)).await;
    let identity = Identity::one(Id::parse(IdKind(1), "c-1").unwrap());
    let call = Call { operation: Operation::Delete, slot: Slot::Primary };
    let reply = client(&server.way).send(call, &identity, &Fields::default()).await;
    assert_eq!((reply.word, reply.lost), (Word::Again { after: None, blame: Blame::Row }, true));
    let message = reply.evidence.message.unwrap();
    assert!(!message.contains(KEY) && !message.contains("c-1"), "{message}");
    assert!(message.contains("connection error received"), "what happened is said: {message}");
}
