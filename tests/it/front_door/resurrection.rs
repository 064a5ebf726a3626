//! Nobody comes back who was erased, by whichever of his ids: those of the row, those that a look tells, those that stand
//! beside them in another row, and those that a sync remembers.

use tollgate::sandbox::{Faults, Options, Part, Population, Profile, Sandbox};

use crate::support::{
    acts::{act, outcomes, people},
    program::{Desk, options, run, sandbox},
    record::lines,
};

const LIST: [&str; 4] = ["--suppress", "erased.list", "--suppress-key", "erased.key"];

fn profile(n: u64) -> String {
    format!("0dd5f1a0-0000-4000-8000-{n:012}")
}

/// Three people by both their ids.
fn town() -> Sandbox {
    let both = |n| Profile { customer_user_id: Some(format!("c-{n}")), profile_id: Some(profile(n)) };
    sandbox(Population::Profiles((1..=3).map(both).collect()), Faults::default(), None)
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.put("erased.key", "a key of more than sixteen bytes");
    desk
}

/// Deletes the first person by his profile's id.
fn erase(desk: &Desk, sandbox: &Sandbox, more: &[&str]) {
    desk.put("erase.csv", format!("profile_id\n{}\n", profile(1)));
    run(act(desk, &["delete", "erase.csv", "--out", "erased"], sandbox).args(LIST).args(more)).with(0);
}

fn words(desk: &Desk, out: &str) -> Vec<String> {
    outcomes(&desk.path(out)).into_iter().map(|(_, word)| word).collect()
}

/// Somebody erased by his profile's id was once created again by his customer id, which the look had told.
#[test]
fn a_look_tells_the_other_id_and_it_is_entered_too() {
    for (more, expected) in [(&["--look"][..], "suppressed"), (&[], "created")] {
        let (desk, sandbox) = (desk(), town());
        erase(&desk, &sandbox, more);
        desk.put("tonight.csv", "customer_user_id,email\nc-1,1@example.com\nc-2,2@example.com\n");
        let sync = ["sync", "tonight.csv", "--action", "upsert", "--out", "synced"];
        run(act(&desk, &sync, &sandbox).args(LIST)).with(0);
        assert_eq!(words(&desk, "synced"), [expected, "updated"], "{more:?}");
        assert_eq!(people(&sandbox).contains_key("c-1"), expected == "created");
    }
}

/// By Crafter's own id the login name is not known before the look, and only by that name somebody could be made again.
#[test]
fn a_name_is_entered_that_only_the_look_tells() {
    let (desk, population) = (
        desk(),
        Population::Profiles(vec![Profile {
            customer_user_id: Some("ada".to_owned()),
            profile_id: Some("5f0000000000000000000001".to_owned()),
        }]),
    );
    let options = Options { part: Part::Crafter { tenant: None }, ..options(population, Faults::default()) };
    let sandbox = Sandbox::start(options).unwrap();
    let crafter = ["--api", "crafter"];
    desk.put("erase.csv", "id\n5f0000000000000000000001\n");
    run(act(&desk, &["delete", "erase.csv", "--out", "erased"], &sandbox).args(crafter).args(LIST)).with(0);
    desk.put("tonight.csv", "username,email,enabled\nada,ada@example.com,true\n");
    let create = ["create", "tonight.csv", "--set", "tenantName=sandbox", "--out", "created"];
    run(act(&desk, &create, &sandbox).args(crafter).args(LIST)).with(0);
    assert_eq!(words(&desk, "created"), ["suppressed"]);
}

/// The list knows one id; another row of the file says whose else it is, wherever it stands.
#[test]
fn a_person_is_held_back_by_all_rows_of_the_file() {
    let rows =
        [",c-1,1@example.com".to_owned(), format!("{},c-1,2@example.com", profile(1)), ",c-2,3@example.com".to_owned()];
    for order in [[0, 1, 2], [1, 0, 2]] {
        for command in
            [&["create"][..], &["sync", "--action", "upsert"], &["sync", "--action", "upsert", "--every-row"]]
        {
            for memory in [&[][..], &["--memory", "memory", "--first"]] {
                let (desk, sandbox) = (desk(), town());
                if command[0] == "create" && !memory.is_empty() {
                    continue;
                }
                erase(&desk, &sandbox, &[]);
                let text = order.map(|at| rows[at].as_str()).join("\n");
                desk.put("tonight.csv", format!("profile_id,customer_user_id,email\n{text}\n"));
                let what = [command, &["tonight.csv", "--out", "synced"], memory].concat();
                run(act(&desk, &what, &sandbox).args(LIST)).with(0);
                assert_eq!(words(&desk, "synced")[..2], ["suppressed", "suppressed"], "{what:?}");
                assert!(!people(&sandbox).contains_key("c-1"), "{what:?}");
            }
        }
    }
}

/// What a sync once sent by both ids it remembers, whichever of them the list and tonight's file have; also the night
/// after, with what prunes.
#[test]
fn a_person_is_held_back_by_what_a_sync_remembers() {
    let (desk, sandbox) = (desk(), town());
    let night = |rows: &str, more: &[&str], out: &str| {
        desk.put("tonight.csv", format!("profile_id,customer_user_id,email\n{rows}"));
        let sync = ["sync", "tonight.csv", "--action", "upsert", "--memory", "memory", "--out", out];
        run(act(&desk, &sync, &sandbox).args(more)).with(0);
        words(&desk, out)
    };
    let prune = [&LIST[..], &["--prune", "--max-delete", "100%"]].concat();
    let first = night(&format!("{},c-1,1@example.com\n,c-2,2@example.com\n", profile(1)), &["--first"], "first");
    assert_eq!(first, ["updated", "updated"]);
    erase(&desk, &sandbox, &[]);
    for (n, mail) in ["one", "two", "two", "three"].into_iter().enumerate() {
        let rows = format!(",c-1,{mail}@example.com\n,c-2,2@example.com\n");
        assert_eq!(night(&rows, &prune, &format!("night-{n}")), ["suppressed", "unchanged"], "night {n}");
        assert!(!people(&sandbox).contains_key("c-1"));
    }
    desk.put("back.csv", format!("profile_id\n{}\n", profile(1)));
    run(desk.program().args(["suppress", "remove", "back.csv"]).args(LIST)).with(0);
    let rows = ",c-1,three@example.com\n,c-2,2@example.com\n";
    assert_eq!(night(rows, &prune, "back"), ["created", "unchanged"], "who was taken off the list may come back");
}

/// The look of his deletion had his other id entered, too, which nobody but its results tells: he was once held back for ever.
#[test]
fn whoever_is_taken_off_by_the_id_that_he_is_met_by_comes_back_though_another_is_listed() {
    let (desk, sandbox) = (desk(), town());
    let night = |mail: &str, more: &[&str], out: &str| {
        desk.put("tonight.csv", format!("customer_user_id,email\nc-1,{mail}@example.com\nc-2,2@example.com\n"));
        let sync = ["sync", "tonight.csv", "--action", "upsert", "--memory", "memory", "--out", out];
        run(act(&desk, &sync, &sandbox).args(more)).with(0);
        words(&desk, out)
    };
    night("one", &["--first"], "first");
    desk.put("erase.csv", "customer_user_id\nc-1\n");
    run(act(&desk, &["delete", "erase.csv", "--look", "--out", "erased"], &sandbox).args(LIST)).with(0);
    assert_eq!(night("one", &LIST, "second"), ["suppressed", "unchanged"]);
    run(desk.program().args(["suppress", "remove", "erase.csv"]).args(LIST)).with(0);
    assert_eq!(night("one", &LIST, "third"), ["created", "unchanged"]);
    let same = ["sync", "tonight.csv", "--action", "upsert", "--memory", "memory", "--out", "fourth"];
    run(act(&desk, &same, &sandbox).args(LIST)).with(0).saying(&["unchanged 2"]);
    assert_eq!(night("two", &LIST, "fifth"), ["updated", "unchanged"]);
    desk.put("erase.csv", "customer_user_id\nc-1\n");
    run(act(&desk, &["delete", "erase.csv", "--look", "--out", "again"], &sandbox).args(LIST)).with(0);
    assert_eq!(night("three", &LIST, "sixth"), ["suppressed", "unchanged"], "erased once more");
}

/// The memory was told of both ids by an answer alone, whether or not the erased one ever began a row.
#[test]
fn a_person_is_held_back_by_an_id_that_an_answer_told() {
    for first in [",c-1,x\n,c-2,x\n".to_owned(), format!(",c-1,x\n{},,x\n,c-2,x\n", profile(1))] {
        let (desk, sandbox) = (desk(), town());
        let night = |rows: &str, more: &[&str], out: &str| {
            desk.put("tonight.csv", format!("profile_id,customer_user_id,first_name\n{rows}"));
            let sync = ["sync", "tonight.csv", "--action", "upsert", "--memory", "memory", "--first", "--out", out];
            run(act(&desk, &sync, &sandbox).args(more)).with(0);
        };
        night(&first, &[], "first");
        night(&first, &[], "second");
        erase(&desk, &sandbox, &[]);
        night(",c-1,y\n,c-2,y\n", &LIST, "third");
        let told = lines(&desk.path("third")).into_iter().find(|line| line.line == 2).map(|line| line.message);
        assert_eq!(
            told.as_deref(),
            Some("erased by another id, which is on the list of those who shall not come back")
        );
        assert_eq!(words(&desk, "third"), ["suppressed", "updated"], "{first}");
        assert!(!people(&sandbox).contains_key("c-1"));
    }
}

/// A sync's own `delete` row takes the person's ids out of the memory; whoever was seen to be on the list stays known as
/// such. The very same file once brought him back the second time.
#[test]
fn a_person_is_held_back_when_his_ids_are_gone_from_the_memory() {
    let one = profile(1);
    let both = format!("{one},,delete,\n,c-1,upsert,y\n,c-2,upsert,x\n");
    let alone = format!("{one},,delete,\n,c-2,upsert,x\n");
    let by_both = format!("{one},c-1,delete,\n,c-2,upsert,x\n");
    for (second, third) in [(&both, both.as_str()), (&alone, ",c-1,upsert,y\n"), (&by_both, ",c-1,upsert,y\n")] {
        let (desk, sandbox) = (desk(), town());
        let night = |rows: &str, more: &[&str], out: &str| {
            desk.put("tonight.csv", format!("profile_id,customer_user_id,action,first_name\n{rows}"));
            let sync = ["sync", "tonight.csv", "--memory", "memory", "--first", "--out", out];
            run(act(&desk, &sync, &sandbox).args(more)).with(0);
        };
        night(&format!("{one},,upsert,x\n,c-2,upsert,x\n"), &[], "first");
        erase(&desk, &sandbox, &[]);
        night(second, &LIST, "second");
        for n in 0..2 {
            night(third, &LIST, &format!("later-{n}"));
            assert!(!people(&sandbox).contains_key("c-1"), "{second} then {third}");
        }
    }
}
