//! People with several rows in a file, night after night: all of them are sent when one changed, and none otherwise.

use tollgate::sandbox::{Faults, Options, Population, Profile, Sandbox, Share};

use crate::support::{
    acts::{act, counted, outcomes, people, received},
    program::{Desk, Running, Signal, options, run, sandbox},
};

const SYNC: [&str; 5] = ["sync", "tonight.csv", "--memory", "memory", "--first"];

fn profile(n: u64) -> String {
    format!("0dd5f1a0-0000-4000-8000-{n:012}")
}

/// Three people by both their ids.
fn town() -> Population {
    let both = |n| Profile { customer_user_id: Some(format!("c-{n}")), profile_id: Some(profile(n)) };
    Population::Profiles((1..=3).map(both).collect())
}

/// What the rows of one person have in common: `P1,c` and `,c`; or the first id, where every row counts.
fn files(last: &str) -> [(String, &'static [&'static str]); 2] {
    let (one, two) = (profile(1), profile(2));
    let by_other_ids = format!(
        "profile_id,customer_user_id,email,first_name\n{one},c-1,1@example.com,\n{two},,2@example.com,\n,c-1,,{last}\n,c-3,,Eve\n"
    );
    let by_one =
        format!("customer_user_id,email,first_name\nc-1,1@example.com,\nc-2,2@example.com,\nc-1,,{last}\nc-3,,Eve\n");
    [(by_other_ids, &[]), (by_one, &["--every-row"])]
}

#[test]
fn the_same_file_once_more_is_no_call_and_a_change_has_the_persons_rows_sent_in_order() {
    for ((file, flags), (changed, _)) in files("Ada").into_iter().zip(files("Adele")) {
        let (desk, sandbox) = (Desk::new(), sandbox(town(), Faults::default(), None));
        let night = |file: &str, out: &str| {
            desk.put("tonight.csv", file);
            let (left, calls) = counted(act(&desk, &SYNC, &sandbox).args(flags).args(["--out", out]), &sandbox);
            left.with(0);
            calls
        };
        let words = |out: &str| outcomes(&desk.path(out)).into_iter().map(|(_, word)| word).collect::<Vec<_>>();
        night(&file, "first");
        assert_eq!(words("first"), ["updated"; 4]);
        assert_eq!(night(&file, "second"), 0, "{flags:?}");
        night(&changed, "third");
        assert_eq!(words("third"), ["updated", "unchanged", "updated", "unchanged"], "{flags:?}");
        assert_eq!(people(&sandbox)["c-1"]["first_name"], "Adele");
        assert_eq!(people(&sandbox)["c-1"]["email"], "1@example.com");
        assert_eq!(night(&changed, "fourth"), 0);
    }
}

/// The row that names both ids asks for nothing, or for what cannot be: that they are one person's it says all the same.
#[test]
fn two_rows_are_of_one_person_by_a_third_one_that_is_not_sent() {
    let (one, head) = (profile(1), "profile_id,customer_user_id,email,first_name\n");
    for (third, code) in [("", 0), ("nobody at all", 1)] {
        let (desk, sandbox) = (Desk::new(), sandbox(town(), Faults::default(), None));
        for (name, calls) in [("Ada", 2), ("Ada", 0), ("Adele", 2), ("Adele", 0)] {
            let rows = format!("{one},c-1,{third},\n{one},,,{name}\n,c-1,1@example.com,Eve\n");
            desk.put("tonight.csv", format!("{head}{rows}"));
            let patches = sandbox.received().patches;
            run(act(&desk, &SYNC, &sandbox).arg("--every-row")).with(code);
            assert_eq!(sandbox.received().patches - patches, calls, "{name}, {third:?}");
            assert_eq!(people(&sandbox)["c-1"]["first_name"], "Eve", "the last row says so");
        }
    }
}

/// The one that joins them leaves first; the others share no id, and one of them has to be sent again and again.
#[test]
fn rows_that_a_third_one_joins_keep_their_order_without_a_memory_too() {
    let one = profile(1);
    let rows = format!("{one},c-1,1@example.com\n{one},,2@example.com\n,c-1,3@example.com\n");
    for command in [&["sync", "--every-row"][..], &["update"]] {
        for seed in 1..=6 {
            let faults = Faults { server_error: Share(0.5), ..Faults::default() };
            let (desk, sandbox) = (Desk::new(), Sandbox::start(Options { seed, ..options(town(), faults) }).unwrap());
            desk.put("tonight.csv", format!("profile_id,customer_user_id,email\n{rows}"));
            run(act(&desk, command, &sandbox).arg("tonight.csv")).with(0);
            assert_eq!(people(&sandbox)["c-1"]["email"], "3@example.com", "{command:?} with seed {seed}");
        }
    }
}

/// Two sources of one export overlap; the first of their rows would undo the second.
#[test]
fn what_is_taken_as_sent_is_taken_for_all_rows_of_a_person() {
    for (file, flags) in files("Ada") {
        let (desk, sandbox) = (Desk::new(), sandbox(town(), Faults::default(), None));
        desk.put("tonight.csv", &file);
        for more in [&["--assume-sent"][..], &[]] {
            let (left, calls) = counted(act(&desk, &SYNC, &sandbox).args(flags).args(more), &sandbox);
            left.with(0);
            assert_eq!(calls, 0, "{flags:?} {more:?}");
        }
    }
}

/// What the killed try settled is not sent again, and what was not remembered costs one more night's calls at most.
#[test]
fn killed_between_two_rows_of_a_person_the_next_nights_end_well_and_quiet() {
    for (file, flags) in files("Ada") {
        for requests in 1..=5 {
            let (desk, sandbox) = (Desk::new(), sandbox(town(), Faults::default(), None));
            desk.put("tonight.csv", &file);
            let sync = || act(&desk, &SYNC, &sandbox);
            let mut running = Running::start(sync().args(flags));
            received(&mut running, &sandbox, requests);
            running.kill();
            for _ in 0..2 {
                run(sync().args(flags)).with(0);
            }
            let (left, calls) = counted(sync().args(flags), &sandbox);
            left.with(0);
            assert_eq!(calls, 0, "{flags:?} after {requests}");
            let people = people(&sandbox);
            assert_eq!(
                (&people["c-1"]["email"], &people["c-1"]["first_name"]),
                (&"1@example.com".into(), &"Ada".into())
            );
        }
    }
}

/// What a stopped try was told of a person's first rows counts when the resumed one sends the others: once it was only
/// believed where it had ended well, and the same file deleted and made everybody anew.
#[test]
fn stopped_between_two_rows_of_a_person_and_resumed_the_same_file_is_no_call() {
    let others = (10..40).map(|n| format!("x-{n},upsert,{n}@example.com\n")).collect::<Vec<_>>().concat();
    let before = "c-9,delete,\nc-8,update,8@example.com\nc-1,delete,\n";
    let after = "c-9,upsert,9@example.com\nc-8,upsert,8@example.com\nc-1,upsert,1@example.com\n";
    let latency = std::time::Duration::from_millis(20);
    let (desk, sandbox) = (Desk::new(), sandbox(town(), Faults { latency, ..Faults::default() }, None));
    desk.put("tonight.csv", format!("customer_user_id,action,email\n{before}{others}{after}"));
    let sync = |width| {
        let mut command = act(&desk, &SYNC, &sandbox);
        command.args(["--every-row", "--concurrency", width]);
        command
    };
    let mut running = Running::start(&mut sync("1"));
    // Looks at 20, and more than the first rows.
    received(&mut running, &sandbox, 35);
    running.strike(Signal::TERM);
    assert_eq!(running.leave().code, Some(143));
    run(&mut sync("16")).with(0);
    let (left, calls) = counted(&mut sync("16"), &sandbox);
    left.with(0);
    assert_eq!(calls, 0);
}
