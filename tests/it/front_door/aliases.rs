//! One person by two ids that never stood in one row: the API's answers say who is who, and the memory keeps that.

use tollgate::sandbox::{Faults, Options, Part, Population, Profile, Sandbox};

use crate::support::{
    acts::{act, counted, outcomes, people},
    program::{Desk, options, run, sandbox},
};

const SYNC: [&str; 7] = ["sync", "tonight.csv", "--action", "upsert", "--memory", "memory", "--first"];
const PRUNE: [&str; 3] = ["--prune", "--max-delete", "100%"];

fn profile(n: u64) -> String {
    format!("0dd5f1a0-0000-4000-8000-{n:012}")
}

/// A desk, and a town of three by both ids.
struct Town {
    desk: Desk,
    sandbox: Sandbox,
    night: u32,
}

impl Town {
    fn new() -> Self {
        let both = |n| Profile { customer_user_id: Some(format!("c-{n}")), profile_id: Some(profile(n)) };
        let sandbox = sandbox(Population::Profiles((1..=3).map(both).collect()), Faults::default(), None);
        Self { desk: Desk::new(), sandbox, night: 0 }
    }

    /// Its calls.
    fn night(&mut self, rows: &str, more: &[&str]) -> u64 {
        self.night += 1;
        let out = format!("night-{}", self.night);
        self.desk.put("tonight.csv", format!("profile_id,customer_user_id,first_name\n{rows}"));
        let mut sync = act(&self.desk, &SYNC, &self.sandbox);
        let (left, calls) = counted(sync.args(more).args(["--out", &out]), &self.sandbox);
        left.with(0);
        calls
    }

    fn words(&self) -> Vec<String> {
        let out = self.desk.path(&format!("night-{}", self.night));
        outcomes(&out).into_iter().map(|(_, word)| word).collect()
    }
}

/// `--prune` once deleted whom it had just updated by the other id.
#[test]
fn nobody_is_pruned_who_stands_in_the_file_by_an_id_that_an_answer_told() {
    let (one, two) = (profile(1), profile(2));
    for (before, after) in [
        (",c-1,x\n,c-2,x\n".to_owned(), format!("{one},,y\n,c-2,x\n")),
        (format!("{one},,x\n{two},,x\n"), format!(",c-1,y\n{two},,x\n")),
    ] {
        let mut town = Town::new();
        town.night(&before, &[]);
        town.night(&after, &PRUNE);
        let left = people(&town.sandbox);
        assert_eq!(left["c-1"]["first_name"], "y", "{after}");
        assert_eq!(left.len(), 3, "{after}");
    }
}

/// In other letters it is another id to the memory, and to an API perhaps not.
#[test]
fn somebody_rather_stays_whom_the_file_has_in_other_letters() {
    let mut town = Town::new();
    town.night(",c-1,x\n,c-2,x\n", &[]);
    town.desk.put(
        "tonight.csv",
        format!("profile_id,customer_user_id,first_name\n{},,z\n,c-2,x\n", profile(1).to_uppercase()),
    );
    let update = ["sync", "tonight.csv", "--memory", "memory"];
    run(act(&town.desk, &update, &town.sandbox).args(PRUNE)).with(0).saying(&["missing 1"]);
    assert_eq!(people(&town.sandbox).len(), 3);
}

#[test]
fn the_same_at_crafter_where_a_name_and_an_id_are_one() {
    let known = |n: u64| Profile { customer_user_id: Some(format!("user-{n}")), profile_id: Some(format!("{n:024x}")) };
    let population = Population::Profiles((1..=2).map(known).collect());
    let part = Part::Crafter { tenant: None };
    let desk = Desk::new();
    let sandbox = Sandbox::start(Options { part, ..options(population, Faults::default()) }).unwrap();
    let id = format!("{:024x}", 1);
    for rows in [
        ",user-1,1@example.com\n,user-2,2@example.com\n".to_owned(),
        format!("{id},,3@example.com\n,user-2,2@example.com\n"),
    ] {
        desk.put("tonight.csv", format!("id,username,email\n{rows}"));
        let sync =
            ["sync", "tonight.csv", "--api", "crafter", "--set", "tenantName=sandbox", "--memory", "memory", "--first"];
        run(act(&desk, &sync, &sandbox).args(PRUNE)).with(0);
    }
    assert_eq!(people(&sandbox)["user-1"]["email"], "3@example.com");
}

/// What was sent by the one id counted once as sent still, when something else had been sent by the other.
#[test]
fn a_change_by_the_other_id_makes_what_was_sent_by_the_one_count_no_more() {
    let mut town = Town::new();
    town.night(",c-1,x\n", &[]);
    town.night(&format!("{},,y\n", profile(1)), &[]);
    town.night(",c-1,x\n", &[]);
    assert_eq!(town.words(), ["updated"]);
    assert_eq!(people(&town.sandbox)["c-1"]["first_name"], "x");
}

/// Rows of one person, of which the night before told, were once sent as those of two people, and all of them once more.
#[test]
fn rows_of_somebody_whom_an_answer_told_are_sent_in_order_and_once() {
    let one = profile(1);
    for (before, rows) in
        [(format!("{one},,x\n"), format!("{one},,y\n,c-1,z\n")), (",c-1,x\n".to_owned(), format!(",c-1,y\n{one},,z\n"))]
    {
        let mut town = Town::new();
        town.night(&before, &[]);
        town.night(&rows, &[]);
        assert_eq!(town.words(), ["updated", "updated"]);
        assert_eq!(people(&town.sandbox)["c-1"]["first_name"], "z");
        assert_eq!(town.night(&rows, &[]), 0, "{rows}");
    }
}
