//! The suppression list's file: torn, damaged, of another format.

use std::fs;

use proptest::prelude::*;
use tollgate::error::Exit;

use super::{
    person,
    suppress::{Desk, exit},
};

const LINE: usize = 82;

/// A desk with a list of three, and its bytes.
fn list_of_three() -> (Desk, Vec<u8>) {
    let desk = Desk::new();
    desk.open().unwrap().enter([person(0), person(1), person(2)].iter()).unwrap();
    let bytes = fs::read(desk.list()).unwrap();
    (desk, bytes)
}

#[test]
fn whatever_is_left_of_it_is_a_list_of_whole_lines() {
    let (desk, bytes) = list_of_three();
    let header = bytes.len() - 3 * LINE;
    for kept in 0..=bytes.len() {
        fs::write(desk.list(), &bytes[..kept]).unwrap();
        // A line that lacks nothing but its end is one, as some programs leave it.
        let Some(lines) = kept.checked_sub(header).map(|rest| (rest + 1) / LINE) else {
            assert_eq!(exit(desk.read()), Exit::Data, "{kept} bytes are no list yet");
            assert!(desk.open().unwrap().is_empty());
            continue;
        };
        let read = desk.read().unwrap();
        let mut list = desk.open().unwrap();
        assert_eq!(list.len(), lines);
        assert_eq!(fs::metadata(desk.list()).unwrap().len(), (header + lines * LINE) as u64);
        for number in 0..3 {
            assert_eq!(list.holds(&person(number)), (number as usize) < lines);
            assert_eq!(read.holds(&person(number)), (number as usize) < lines);
        }
        list.enter([person(0), person(1), person(2)].iter()).unwrap();
        assert_eq!(fs::read(desk.list()).unwrap(), bytes);
    }
}

#[test]
fn what_is_no_list_is_told_with_its_line() {
    let (desk, bytes) = list_of_three();
    let header = bytes.len() - 3 * LINE;
    let changed = |at: usize, byte: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = byte;
        bytes
    };
    // A digit that was another one, of a hash and of a check.
    let turned = |at: usize| changed(at, if bytes[at] == b'0' { b'1' } else { b'0' });
    for (wrong, line) in [
        (turned(header), 2),
        (turned(header + 2 * LINE - 2), 3),
        (changed(header, b'x'), 2),
        (changed(header + LINE, b'A'), 3),
        (changed(header + LINE + 64, b'0'), 3),
        (changed(header + LINE + 65, b'A'), 3),
        (changed(header + 2 * LINE - 1, b' '), 3),
        (changed(header + 3 * LINE - 2, b'\n'), 4),
        ([&bytes[..header + LINE], &bytes[header + 2 * LINE..]].concat(), 3),
        (bytes[..bytes.len() - 2].iter().chain(b"\n").copied().collect(), 4),
        (changed(0, b'T'), 1),
        (b"customer_user_id\nada\n".to_vec(), 1),
        (b"customer_user_id".to_vec(), 1),
        ([&bytes[..header], b"\n", &bytes[header..]].concat(), 2),
    ] {
        fs::write(desk.list(), &wrong).unwrap();
        for error in [desk.read().unwrap_err(), desk.open().unwrap_err()] {
            assert_eq!(error.exit(), Exit::Data);
            assert!(error.what().contains(&format!("line {line}:")), "{error}");
        }
        assert_eq!(fs::read(desk.list()).unwrap(), wrong, "it is left as it was");
    }
}

#[test]
fn another_format_is_left_alone() {
    for (header, word) in [
        ("tollgate-suppress 3 0123456789abcdef sha3\n", "does not know"),
        ("tollgate-suppress 1 0123456789abcdef\n", "without checks"),
    ] {
        let desk = Desk::new();
        fs::write(desk.list(), header).unwrap();
        for error in [desk.read().unwrap_err(), desk.open().unwrap_err()] {
            assert!(error.exit() == Exit::Config && error.what().contains(word), "{error}");
        }
        assert_eq!(fs::read_to_string(desk.list()).unwrap(), header);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_list_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), behind: bool) {
        let (desk, list) = list_of_three();
        let text = if behind { [list, bytes].concat() } else { bytes };
        fs::write(desk.list(), text).unwrap();
        if let Err(error) = desk.read() {
            prop_assert!(matches!(error.exit(), Exit::Data | Exit::Config));
        }
    }
}
