//! Servers that repeat what they were sent, and addresses that wait to be sent the key.

use std::io::ErrorKind;

use tollgate::{
    domain::{Call, Fields, Id, IdKind, Identity, Operation, Slot},
    flow::Remote,
};

use super::{
    KEY,
    server::{Then, Trick, Trickster},
    stage::{client, delete, way},
};

/// What is left of an answer that was to a call about a customer.
async fn heard(operation: Operation, answer: String) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read_u8().await;
        let _ = stream.write_all(answer.as_bytes()).await;
        while stream.read_u8().await.is_ok() {}
    });
    let identity = Identity::one(Id::parse(IdKind(1), "c-1").unwrap());
    let call = Call { operation, slot: Slot::Primary };
    let reply = client(&way(url, None)).send(call, &identity, &Fields::default()).await;
    format!("{reply:?}")
}

fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nrequest-id: r {KEY} r\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn a_key_that_is_repeated_is_struck_wherever_it_stands() {
    let error = format!(r#"{{"error_code":"no_{KEY}","errors":[{{"source":"{KEY}","errors":["for {KEY}"]}}]}}"#);
    for status in ["400 Bad", "401 No", "404 No", "500 Oh"] {
        let said = heard(Operation::Delete, answer(status, &error)).await;
        assert!(!said.contains(KEY) && said.contains("r [the key] r"), "{said}");
    }
    let found = format!(r#"{{"data":{{"profile_id":"{KEY}","app_id":"app {KEY}","more":["{KEY}"]}}}}"#);
    let said = heard(Operation::Get, answer("200 OK", &found)).await;
    assert!(!said.contains(KEY), "{said}");
    assert!(said.contains(r#"\"more\":[\"[the key]\"]"#), "the profile is kept all the same: {said}");
}

#[tokio::test]
async fn a_key_that_is_repeated_is_struck_also_where_a_long_text_is_cut() {
    for filling in 1024 - KEY.len()..1024 {
        let text = "x".repeat(filling);
        let body = format!(r#"{{"error_code":"{text}{KEY}","errors":["{text}{KEY}"]}}"#);
        let said = heard(Operation::Delete, answer("400 Bad", &body)).await;
        assert!(!said.contains(&KEY[..8]), "{filling}: {said}");
    }
}

/// It is shown to whoever is asked for consent, and once cleared his screen.
#[tokio::test]
async fn an_app_has_one_line_of_letters() {
    let found = r#"{"data":{"profile_id":"p","app_id":"9fc5 (Acme)\r\n\u001b[2Jabout to rehearse\n\u202e"}}"#;
    let said = heard(Operation::Look, answer("200 OK", found)).await;
    let app = r#"app: Some("9fc5 (Acme)\\u{d}\\u{a}\\u{1b}[2Jabout to rehearse\\u{a}\\u{202e}")"#;
    assert!(said.contains(app), "{said}");
}

#[tokio::test]
async fn an_answer_that_broke_off_is_told_with_what_it_said() {
    let body = r#"{"error_code":"profile_does_not_exist","errors":[{"source":"x","errors":["no such profile"]}]}"#;
    let answer =
        format!("HTTP/1.1 404 Not Found\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len() + 9);
    let server = Trickster::play(Trick { opening: answer.into_bytes(), then: Then::Close }).await;
    let identity = Identity::one(Id::parse(IdKind(1), "c-1").unwrap());
    let call = Call { operation: Operation::Delete, slot: Slot::Primary };
    let reply = client(&way(&server.url, None)).send(call, &identity, &Fields::default()).await;
    let said = reply.evidence.message.unwrap();
    assert!(said.starts_with("the answer broke off (") && said.ends_with("it said: x: no such profile"), "{said}");
}

#[tokio::test]
async fn no_answer_leads_the_client_to_another_host() {
    let trap = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = trap.local_addr().unwrap();
    let tempting = format!(
        "location: http://{there}/\r\nrefresh: 0; url=http://{there}/\r\nalt-svc: h2=\"{there}\", http/1.1=\"{there}\"\r\n\
         link: <http://{there}/>; rel=preload\r\ncontent-location: http://{there}/\r\nwww-authenticate: Basic\r\n"
    );
    for status in
        ["204 No Content", "300 Choose", "301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"]
    {
        let opening = format!(
            "HTTP/1.1 103 Early Hints\r\nlink: <http://{there}/>; rel=preconnect\r\n\r\n\
             HTTP/1.1 {status}\r\n{tempting}content-length: 0\r\nconnection: close\r\n\r\n"
        );
        let server = Trickster::play(Trick { opening: opening.into_bytes(), then: Then::Close }).await;
        delete(&way(&server.url, None), 3).await.all_deleted(3);
        assert!(server.saw().await.heads.iter().all(|head| head.contains(KEY)), "it was really at risk");
    }
    let trap = trap.into_std().unwrap();
    assert_eq!(trap.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody was led there");
}

/// Should a client take what is left over for the next row's answer, a row that was never deleted would be called so.
#[tokio::test]
async fn an_answer_too_many_is_nobodys() {
    for more in
        ["HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "stray bytes"]
    {
        let opening = format!("HTTP/1.1 204 No Content\r\n\r\n{more}");
        let server = Trickster::play(Trick { opening: opening.into_bytes(), then: Then::Wait }).await;
        assert_eq!(delete(&way(&server.url, None), 3).await.all_deleted(3), [1, 1, 1]);
        assert_eq!(server.saw().await.count("DELETE"), 3, "each row was asked about by itself");
    }
}
