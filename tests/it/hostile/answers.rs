//! One terrible answer each: the row ends well by its next attempt, the client hangs up, and little was taken in.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use super::{
    KEY,
    server::{Saw, Then, Trick, Trickster},
    stage::{delete, way},
};

/// More than a client that has hung up leaves in the buffers of two kernels, far less than any of the floods.
const TAKEN_IN: usize = 32 * 1024 * 1024;

/// What a terrible answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    /// It passes: the row is sent again.
    Passing,
    /// It may be about the run: other rows are looked at, then the row is sent again.
    Doubt,
    /// Nothing: the answer is good all the same.
    Nothing,
}

fn trick(opening: impl AsRef<[u8]>, then: Then) -> Trick {
    Trick { opening: opening.as_ref().to_vec(), then }
}

/// Plays it on the first of three rows.
async fn played(trick: Trick) -> (Means, Saw) {
    let server = Trickster::play(trick).await;
    let seen = delete(&way(&server.url, None), 3).await;
    let attempts = seen.all_deleted(3);
    let saw = server.saw().await;
    assert!(saw.sent < TAKEN_IN, "{} bytes were taken", saw.sent);
    assert_eq!(attempts.iter().sum::<u32>() as usize, saw.count("DELETE"), "every attempt is one request, and counts");
    for outcome in &seen.outcomes {
        assert!(!format!("{outcome:?}").contains(KEY));
    }
    let means = match (attempts[0], saw.count("GET")) {
        (1, 0) => Means::Nothing,
        (_, 0) => Means::Passing,
        (..) => Means::Doubt,
    };
    (means, saw)
}

async fn each(means: Means, tricks: Vec<(&str, Trick)>) {
    for (name, trick) in tricks {
        assert_eq!(played(trick).await.0, means, "{name}");
    }
}

#[tokio::test]
async fn silence_ends_with_the_timeout() {
    each(
        Means::Passing,
        vec![
            ("nothing at all", trick("", Then::Wait)),
            ("a status line and no more", trick("HTTP/1.1 204 No Content\r\n", Then::Wait)),
            ("a head and no body", trick("HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\n", Then::Wait)),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_drip_ends_with_the_timeout() {
    each(
        Means::Passing,
        vec![
            ("a header byte by byte", trick("HTTP/1.1 204 No Content\r\nx-slow: ", Then::Drip(b'x'))),
            ("a body byte by byte", trick("HTTP/1.1 404 Not Found\r\ncontent-length: 9999\r\n\r\n", Then::Drip(b'x'))),
            ("a chunk's size byte by byte", trick(CHUNKED_500, Then::Drip(b'0'))),
        ],
    )
    .await;
}

const CHUNKED_500: &str = "HTTP/1.1 500 Oh\r\ntransfer-encoding: chunked\r\n\r\n";

#[tokio::test]
async fn an_endless_head_is_hung_up_on() {
    let hint = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(100);
    each(
        Means::Passing,
        vec![
            (
                "one header without an end",
                trick("HTTP/1.1 204 No Content\r\nx-long: ", Then::Repeat(vec![b'x'; 10_000])),
            ),
            (
                "headers without an end",
                trick("HTTP/1.1 204 No Content\r\n", Then::Repeat(b"x-more: and more\r\n".repeat(100))),
            ),
            ("a reason without an end", trick("HTTP/1.1 204 ", Then::Repeat(vec![b'x'; 10_000]))),
            ("hints without an end", trick("", Then::Repeat(hint))),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_endless_body_is_hung_up_on_at_its_bound() {
    let chunk = [b"2710\r\n".as_slice(), &[b'x'; 10_000], b"\r\n"].concat();
    let chunks = || Then::Repeat(chunk.clone());
    let head = |status: &str| format!("HTTP/1.1 {status}\r\ntransfer-encoding: chunked\r\n\r\n");
    each(Means::Passing, vec![("of a 500", trick(head("500 Oh"), chunks()))]).await;
    each(
        Means::Doubt,
        vec![
            ("of a 404", trick(head("404 Not Found"), chunks())),
            ("of a 200", trick(head("200 OK"), chunks())),
            ("until the connection ends", trick("HTTP/1.1 404 Not Found\r\n\r\n", Then::Repeat(vec![b'{'; 10_000]))),
        ],
    )
    .await;
}

#[tokio::test]
async fn endless_chunk_extensions_and_trailers_are_hung_up_on() {
    each(
        Means::Passing,
        vec![
            ("a chunk's extension", trick(format!("{CHUNKED_500}1;"), Then::Repeat(vec![b'x'; 10_000]))),
            ("trailers", trick(format!("{CHUNKED_500}0\r\n"), Then::Repeat(b"x-more: and more\r\n".repeat(100)))),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_bomb_is_not_unpacked() {
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..4 {
        bomb.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    let head = format!("HTTP/1.1 404 Not Found\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len());
    let (means, saw) = played(trick([head.as_bytes(), &bomb].concat(), Then::Close)).await;
    assert_eq!(means, Means::Doubt);
    assert!(saw.heads.iter().all(|head| !head.contains("accept-encoding")), "it was not asked for either");
}

#[tokio::test]
async fn what_is_not_http_passes() {
    let lies = |lengths: &str| trick(format!("HTTP/1.1 404 Not Found\r\n{lengths}\r\n{{}}"), Then::Close);
    each(
        Means::Passing,
        vec![
            ("another protocol", trick("SSH-2.0-OpenSSH_9.2\r\n", Then::Close)),
            ("HTTP/2 without being asked", trick("\0\0\0\x04\0\0\0\0\0", Then::Close)),
            ("zeros", trick("", Then::Repeat(vec![0; 10_000]))),
            ("two lengths", lies("content-length: 2\r\ncontent-length: 3\r\n")),
            ("a negative length", lies("content-length: -1\r\n")),
            ("a length that fits nowhere", lies("content-length: 99999999999999999999999999\r\n")),
            ("a length that is not reached", lies("content-length: 18446744073709551000\r\n")),
            ("a chunk of nonsense", lies("transfer-encoding: chunked\r\n")),
            ("a status that is none", trick("HTTP/1.1 20 OK\r\n\r\n", Then::Close)),
        ],
    )
    .await;
}

#[tokio::test]
async fn bytes_that_are_no_text_settle_no_row_and_do_no_harm() {
    let broken = b"HTTP/1.1 404 Not Found\r\ncontent-length: 21\r\n\r\n{\"error_code\":\"\xff\xfe\xc3\x28\"}";
    each(Means::Doubt, vec![("in an error body", trick(broken, Then::Close))]).await;
    let header = b"HTTP/1.1 204 No Content\r\nrequest-id: \xff\xfe\xc3\x28\r\nx-\xff: 1\r\n\r\n";
    each(Means::Passing, vec![("in a header's name", trick(header, Then::Close))]).await;
    let value = b"HTTP/1.1 204 No Content\r\nrequest-id: \xff\xfe\xc3\x28\r\n\r\n";
    each(Means::Nothing, vec![("in a header's value", trick(value, Then::Close))]).await;
}

#[tokio::test]
async fn answers_before_the_answer_do_no_harm() {
    let before = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n\
                  HTTP/1.1 102 Processing\r\n\r\n";
    let whole = format!("{before}HTTP/1.1 204 No Content\r\n\r\n");
    each(Means::Nothing, vec![("hints, then the answer", trick(whole, Then::Close))]).await;
    each(Means::Passing, vec![("hints, and no answer", trick(before, Then::Close))]).await;
}

#[tokio::test]
async fn an_upgrade_that_nobody_asked_for_settles_no_row() {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n";
    let (means, _) = played(trick(answer, Then::Close)).await;
    assert_ne!(means, Means::Nothing);
}
