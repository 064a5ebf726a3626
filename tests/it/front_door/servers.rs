//! The stand-in as a process of its own, inside the run, and the report on what was done.

use std::{fs, path::Path};

use crate::support::{
    program::{Desk, Running, Signal, run},
    record::{chain, deletions, journal, lines, settled_once},
};

const FAULTS: [&str; 10] =
    ["--server-error", "10%", "--reset", "5%", "--truncate", "5%", "--limit", "2000/s", "--limit-burst", "300"];

#[test]
fn a_faulty_stand_in_of_its_own_is_survived_and_both_accounts_agree() {
    const ROWS: u64 = 600;
    let desk = Desk::new();
    desk.customers(ROWS);
    let mut served = desk.program();
    served.args(["sandbox", "--from", "customers.csv", "--journal", "journal"]).args(FAULTS);
    let served = Running::start(&mut served);
    let heard = served.hear("plays adapty on ");
    let (url, key) = heard.split_once("; its key is ").unwrap();
    desk.put("key", key);
    run(desk.delete(url).args(["--max-attempts", "50"])).with(0);
    served.signal(Signal::TERM);
    served.leave().with(0).saying(&["600 profiles made, changed or deleted"]);

    let counts = settled_once(&desk.out());
    assert_eq!(counts.values().sum::<usize>() as u64, ROWS);
    let requests = journal(&desk.path("journal"));
    assert_eq!(requests.iter().filter(|request| request.applied).count() as u64, ROWS);
    for fault in ["server_error", "reset", "truncate"] {
        assert!(requests.iter().any(|request| request.fault.as_deref() == Some(fault)), "{fault} never happened");
    }
    let asked = deletions(&requests, 0);
    for line in lines(&desk.out()) {
        let last = requests.iter().rfind(|request| request.method == "DELETE" && request.id.as_ref() == Some(&line.id));
        let status = last.unwrap().status;
        match line.outcome.as_str() {
            "deleted" => assert_eq!((line.status, status), (Some(204), Some(204)), "{line:?}"),
            "absent" => {
                assert_eq!((line.status, status), (Some(404), Some(404)), "{line:?}");
                assert!(line.message.starts_with("after a lost answer"), "{line:?}");
            }
            other => panic!("{other}: {line:?}"),
        }
        assert!(line.attempts as usize == asked[line.id.as_str()], "{line:?}");
    }
    report_on(&desk, &desk.out());
}

/// The report verifies; after one changed byte it does not.
fn report_on(desk: &Desk, directory: &Path) {
    let report = || {
        let mut command = desk.program();
        command.arg("report").arg(directory);
        command
    };
    let left = run(&mut report()).with(0);
    assert!(left.stdout.contains(&format!("chain      holds, head {}", chain(directory))), "{}", left.stdout);
    assert_eq!(run(report().arg("--json")).with(0).json()["lines"], 600);
    let results = directory.join("results.csv");
    let mut bytes = fs::read(&results).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&results, bytes).unwrap();
    run(&mut report()).with(65).saying(&["results.csv"]);
}

#[test]
fn the_rehearsal_of_the_readme_asks_nothing_and_ends_well() {
    let desk = Desk::new();
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/input/customers.csv");
    let mut command = desk.program();
    command.arg("delete").arg(input).args(["--sandbox", "--rate", "500/s", "--runs-dir"]).arg(desk.path("runs"));
    run(&mut command).with(0).saying(&["20 of 20 exist", "nobody real was touched", "240 = 240 erased"]);
    let run = fs::read_dir(desk.path("runs")).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
    assert!(run.unwrap().display().to_string().ends_with("-delete-sandbox"));
}
