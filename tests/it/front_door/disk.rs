//! Disks that are full and directories that cannot be written.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::support::{
    program::{Desk, calm, deletion, run, skip},
    record::{chain, lines, settled_once},
};

/// A shell line that lets no file grow beyond so many blocks of 512 (or 1,024) bytes; writing more fails.
fn at_most(blocks: u32) -> String {
    format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"")
}

#[test]
fn a_full_disk_is_74_and_nothing_is_claimed_that_is_not_on_it() {
    const ROWS: u64 = 900;
    let (desk, sandbox) = (Desk::new(), calm(ROWS));
    let input = desk.customers(ROWS);
    let shell = desk.through_shell(&at_most(32));
    let left = run(deletion(shell, &desk, &sandbox.base_url(), &input).arg("--json")).with(74);
    let left = left.saying(&["results.csv"]);
    assert_eq!(left.stdout, "", "no summary counts what is not on the disk");
    let on_disk = lines(&desk.out()).len() as u64;
    assert!(on_disk > 0 && on_disk < ROWS, "{on_disk}");
    let received = sandbox.received();
    assert!(on_disk <= received.applied && received.applied < ROWS, "it stopped sending");

    run(&mut desk.delete(&sandbox.base_url())).with(0);
    assert_eq!(sandbox.received().applied, ROWS);
    assert_eq!(settled_once(&desk.out()).values().sum::<usize>() as u64, ROWS);
    chain(&desk.out());
    let repeats = sandbox.received().deletes - ROWS;
    assert!(repeats <= 16 + 1024, "{repeats}");
}

#[test]
fn a_disk_without_room_for_the_first_byte_is_73_before_anybody_is_touched() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    let input = desk.customers(30);
    let shell = desk.through_shell(&at_most(0));
    run(&mut deletion(shell, &desk, &sandbox.base_url(), &input)).with(73);
    assert_eq!(sandbox.received().deletes, 0);
    run(&mut desk.delete(&sandbox.base_url())).with(0);
    assert_eq!(sandbox.received().applied, 30);
}

#[test]
fn a_place_that_cannot_be_made_is_73_before_anybody_is_touched() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    desk.customers(30);
    desk.put("runs", "a file where a directory should be");
    run(&mut desk.delete(&sandbox.base_url())).with(73).saying(&["cannot be created", "--out"]);
    assert_eq!(sandbox.received().requests, 0);
}

#[test]
fn a_directory_that_cannot_be_written_is_73_before_anybody_is_touched() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    desk.customers(30);
    let runs = desk.path("runs");
    fs::create_dir(&runs).unwrap();
    fs::set_permissions(&runs, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(runs.join("probe"), "").is_ok() {
        skip("this user may write everywhere");
        return;
    }
    run(&mut desk.delete(&sandbox.base_url())).with(73);
    assert_eq!(sandbox.received().requests, 0);
    fs::set_permissions(&runs, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn what_it_writes_is_private() {
    let (desk, sandbox) = (Desk::new(), calm(30));
    desk.put("customers.csv", "customer_user_id\ncustomer-1\nghost\n#N/A\n");
    run(&mut desk.delete(&sandbox.base_url())).with(1);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&desk.out()), 0o700);
    let files: Vec<_> = fs::read_dir(desk.out()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}
