//! From command lines to jobs.

use std::{path::PathBuf, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use tollgate::{
    config::{Command, KeyWish, ProfilesTo, Residents, SandboxJob, Target},
    domain::{Action, Digest, IdKind, Task},
    flow::{MaxAbsent, MaxErrors},
    remote::{KeySource, Owner},
    report::Whereabouts,
    sandbox::{Share, Throttle, Verb},
    source::{Dedupe, Format, InputName, Shard, Wish},
};

use super::{configured, job, said, turned_down};

fn key(line: &str, variables: &[(&str, &str)]) -> KeyWish {
    match job(line, variables).target {
        Target::Real { key, .. } => key,
        Target::Sandbox(rehearsal) => panic!("`{line}` is a rehearsal: {rehearsal:?}"),
    }
}

fn stand_in(line: &str) -> SandboxJob {
    match configured(line, &[]).unwrap_or_else(|error| panic!("`{line}`: {error}")).command {
        Command::Sandbox(job) => *job,
        other @ (Command::Delete(_)
        | Command::Create(_)
        | Command::Update(_)
        | Command::Sync(_)
        | Command::Get(_)
        | Command::Verify(_)
        | Command::Suppress(_)
        | Command::Report(_)
        | Command::Print(_)) => {
            panic!("`{line}` is no stand-in: {other:?}")
        }
    }
}

#[test]
fn a_bare_command_gets_every_default() {
    let job = job("delete customers.csv", &[("USER", "ada"), ("ADAPTY_API_KEY", "secret_live_1")]);
    insta::assert_snapshot!(said(&job), @r"
    allow-odd-ids false
    burst 1
    canary 5
    columns profile_id,customer_user_id
    concurrency 16
    dedupe auto
    delimiter recognised
    format recognised
    give-up-after 7200s
    grace 25s
    header true
    limit unbounded
    look false
    max-absent 95%
    max-attempts 10
    max-delete unbounded
    max-duration unbounded
    max-errors 20%
    max-hold 900s
    rate 20/s
    shard 0/1
    skip 0
    timeout 30s
    tolerate 0
    verify-after off
    ");
    assert_eq!(job.input, InputName::File("customers.csv".into()));
    assert_eq!(job.description.name(), "adapty");
    assert_eq!(job.place.whereabouts, Whereabouts::Under("tollgate-runs".into()));
    assert_eq!(job.flow.max_duration, Duration::MAX);
    assert_eq!((job.flow.max_delete, job.source.limit), (u64::MAX, u64::MAX));
    assert_eq!((job.operator.as_str(), job.reference.as_str()), ("ada", ""));
    assert!(!job.consent.yes && !job.consent.dry_run && !job.allow_empty && !job.json);
}

#[test]
fn a_command_that_changes_nothing_asks_for_nothing_and_has_no_canary() {
    let get = job("get customers.csv", &[]);
    assert_eq!((get.task, get.source.action, &get.profiles), (Task::Get, Action::Get, &ProfilesTo::Directory));
    assert_eq!((get.flow.canary, get.flow.max_delete, get.flow.max_absent), (0, u64::MAX, MaxAbsent::Percent(95.0)));
    assert_eq!(get.options_said["out-profiles"], "the run's directory");
    assert_eq!(job("get x --out-profiles -", &[]).profiles, ProfilesTo::Stdout);
    assert_eq!(job("get x --out-profiles p.jsonl", &[]).profiles, ProfilesTo::File("p.jsonl".into()));
    let verify = job("verify customers.csv --against run-1", &[]);
    assert_eq!((verify.task, verify.flow.canary), (Task::Verify, 0));
    assert_eq!((verify.flow.max_absent, &verify.profiles), (MaxAbsent::Off, &ProfilesTo::Nowhere));
    assert_eq!((verify.against, &*verify.options_said["against"]), (Some("run-1".into()), "run-1"));
}

#[test]
fn a_look_afterwards_has_its_delay() {
    let after = |line: &str| job(line, &[]).flow.verify_after;
    assert_eq!(after("delete x"), None);
    assert_eq!(after("delete x --verify-after 9s"), None, "the delay alone asks for nothing");
    assert_eq!(after("delete x --verify"), Some(Duration::from_secs(2)));
    assert_eq!(after("delete x --verify --verify-after 300ms"), Some(Duration::from_millis(300)));
    assert!(job("delete x --look", &[]).flow.look && !job("delete x", &[]).flow.look);
}

#[test]
fn a_full_command_is_taken_at_its_word() {
    let job = job(
        "delete - --rate 600/m --burst 3 -j 8 --max-attempts 4 --timeout 5s --max-hold 1m --give-up-after 30m \
         --max-duration 4h --grace 10s --canary 0 --max-delete 500 --max-errors 7 --max-absent off --format csv \
         --delimiter tab --id-column user --profile-id-column profile --allow-odd-ids --dedupe off --shard 1/4 \
         --look --verify --verify-after 3s \
         --skip 10 --limit 20 --out run-1 --continue-from run-0 --new --group-readable --reference PRIV-118 \
         --operator eve --json --allow-empty --yes --expect-app 14c3 --expect-rows 200",
        &[],
    );
    insta::assert_snapshot!(said(&job), @r"
    allow-odd-ids true
    burst 3
    canary 0
    columns profile,user
    concurrency 8
    dedupe off
    delimiter \t
    format csv
    give-up-after 1800s
    grace 10s
    header true
    limit 20
    look true
    max-absent off
    max-attempts 4
    max-delete 500
    max-duration 14400s
    max-errors 7
    max-hold 60s
    rate 10/s
    shard 1/4
    skip 10
    timeout 5s
    tolerate 0
    verify-after 3s
    ");
    assert_eq!(job.input, InputName::Stdin);
    assert_eq!(job.flow.burst.get(), 3);
    assert_eq!(job.flow.max_errors, MaxErrors::Count(7));
    assert_eq!(job.flow.max_absent, MaxAbsent::Off);
    assert_eq!(job.source.format, Wish::Is(Format::Csv));
    assert_eq!(job.source.delimiter, Wish::Is(b'\t'));
    assert_eq!(job.source.dedupe, Dedupe::Off);
    assert_eq!(job.source.shard, Shard { index: 1, count: 4 });
    assert_eq!(job.place.whereabouts, Whereabouts::Exact("run-1".into()));
    assert_eq!(job.place.continue_from, Some(PathBuf::from("run-0")));
    assert!(job.place.new && job.place.group_readable && !job.place.retry_failed);
    assert_eq!((job.operator.as_str(), job.reference.as_str()), ("eve", "PRIV-118"));
    assert!(job.consent.yes && job.allow_empty && job.json);
    assert_eq!((job.consent.expect_app.as_deref(), job.consent.expect_rows), (Some("14c3"), Some(200)));
}

#[test]
fn randomness_is_what_was_given() {
    let job = job("delete x", &[]);
    assert_eq!((job.flow.seed, job.source.seed, job.source.fingerprint_key), (7, 7, [9; 32]));
}

#[test]
fn per_cent_or_count_is_decided_by_the_sign() {
    assert_eq!(job("delete x --max-errors 20%", &[]).flow.max_errors, MaxErrors::Percent(20.0));
    assert_eq!(job("delete x --max-errors 0", &[]).flow.max_errors, MaxErrors::Count(0));
    assert_eq!(job("delete x --max-errors 20", &[]).flow.max_errors, MaxErrors::Count(20));
    assert_eq!(job("delete x --max-absent 99.5%", &[]).flow.max_absent, MaxAbsent::Percent(99.5));
}

#[test]
fn the_key_comes_from_the_file_then_the_apis_own_variable_then_a_prompt() {
    let variables = [("ADAPTY_API_KEY", "secret_live_1")];
    let KeyWish::File(path) = key("delete x --api-key-file k", &variables) else { panic!("not the file") };
    assert_eq!(path, PathBuf::from("k"));
    let KeyWish::Given(given) = key("delete x", &variables) else { panic!("not the variable") };
    assert_eq!(given.expose_secret(), "secret_live_1");
    assert!(matches!(key("delete x", &[]), KeyWish::Ask));
    assert!(matches!(key("delete x", &[("ADAPTY_API_KEY", "")]), KeyWish::Ask));
}

#[test]
fn a_key_is_shown_by_no_debug_text() {
    let job = job("delete x", &[("ADAPTY_API_KEY", "secret_live_1")]);
    assert!(!format!("{job:?}").contains("secret_live_1"));
}

#[test]
fn the_connection_is_complete_once_the_key_is_there() {
    let line = "delete x --base-url https://example.com/ --ca-cert ca --client-cert c --client-key k \
                --proxy http://p:1 --allow-http --connect-timeout 3s -c 200";
    let Target::Real { connection, .. } = job(line, &[]).target else { panic!("a rehearsal") };
    let options = connection.with(KeySource::Given(SecretString::from("s")));
    assert_eq!(options.base_url.as_deref(), Some("https://example.com"));
    assert_eq!((options.connect_timeout, options.width.get()), (Duration::from_secs(3), 200));
    assert!(options.allow_http && options.client_identity.is_some() && options.ca_cert.is_some());
    assert_eq!(options.proxy.as_deref(), Some("http://p:1"));
}

#[test]
fn a_rehearsal_has_no_key_and_nothing_of_the_real_connection() {
    let line = "delete x --sandbox --sandbox-faults latency=50ms,server-error=5%,limit=100/s,no-retry-after,seed=3 \
                --base-url https://example.com --proxy http://p:1 --api-key-file k";
    let rehearsed = job(line, &[("ADAPTY_API_KEY", "secret_live_1")]);
    assert_eq!(rehearsed.description.name(), "adapty");
    let Target::Sandbox(rehearsal) = rehearsed.target else { panic!("the real thing") };
    assert_eq!(rehearsal.seed, 3);
    assert_eq!(rehearsal.faults.latency, Duration::from_millis(50));
    assert_eq!(rehearsal.faults.server_error, Share(0.05));
    let throttle = Throttle { per_second: 100.0, burst: 10, retry_after: false };
    assert_eq!(rehearsal.faults.throttle, Some(throttle));
    let options = rehearsal.connection.at("http://127.0.0.1:1".to_owned()).with(KeySource::Given("s".into()));
    assert_eq!(options.base_url.as_deref(), Some("http://127.0.0.1:1"));
    assert_eq!((options.proxy, options.ca_cert), (None, None));
}

#[test]
fn the_same_faults_may_be_given_to_the_stand_in_itself() {
    let job = stand_in(
        "sandbox --listen [::1]:8080 --customers 10 --key k --journal j --seed 3 --latency 50ms --latency-spread 1s \
         --server-error 5% --reset 0.5 --hang 1% --truncate 1 --outage 5s..20s --unsigned-404 1% --unsigned-405 2% \
         --captive-portal 3% --refuse 4% --limit 100/s --limit-burst 2 --only delete",
    );
    assert_eq!(job.listen.to_string(), "[::1]:8080");
    assert_eq!(job.residents, Residents::Count(10));
    assert_eq!((job.key.as_str(), job.seed, job.journal), ("k", 3, Some(PathBuf::from("j"))));
    let faults = job.faults;
    assert_eq!((faults.reset, faults.truncate, faults.refuse), (Share(0.5), Share(1.0), Share(0.04)));
    assert_eq!(
        (faults.outage, faults.only),
        (Some((Duration::from_secs(5), Duration::from_secs(20))), Some(Verb::Delete))
    );
    assert_eq!(faults.throttle, Some(Throttle { per_second: 100.0, burst: 2, retry_after: true }));
}

#[test]
fn a_stand_in_knows_a_count_a_file_or_everybody() {
    assert_eq!(stand_in("sandbox").residents, Residents::Everybody);
    let Residents::File { path, reading, owners } = stand_in("sandbox --from customers.csv").residents else {
        panic!()
    };
    assert_eq!(path, PathBuf::from("customers.csv"));
    assert_eq!((reading.format, reading.limit, reading.columns.len()), (Wish::Recognise, u64::MAX, 2));
    assert_eq!(owners, [Owner::System, Owner::Caller]);
}

/// Kind, name, required, bare: of each column.
fn columns(line: &str) -> Vec<(u8, String, bool, bool)> {
    let columns = job(line, &[]).source.columns;
    columns.into_iter().map(|wish| (wish.kind.0, wish.name, wish.required, wish.bare)).collect()
}

#[test]
fn columns_follow_the_apis_preference() {
    let first = job("delete x", &[]).source.columns.remove(0);
    assert_eq!(first.kind, IdKind(0), "the preferred identity comes first");
    let both = |profile: (&str, bool, bool), user: (&str, bool, bool)| {
        vec![(0, profile.0.to_owned(), profile.1, profile.2), (1, user.0.to_owned(), user.1, user.2)]
    };
    assert_eq!(columns("delete x"), both(("profile_id", false, false), ("customer_user_id", false, true)));
    assert_eq!(columns("delete x --id-column user"), both(("profile_id", false, false), ("user", true, true)));
    assert_eq!(
        columns("delete x --profile-id-column pid"),
        both(("pid", true, true), ("customer_user_id", false, false))
    );
}

#[test]
fn without_a_header_columns_are_numbers() {
    assert_eq!(columns("delete x --no-header --id-column 2"), [(1, "2".to_owned(), true, true)]);
    assert_eq!(columns("delete x --no-header --format lines").len(), 2);
    assert_eq!(turned_down("delete x --no-header").0, 2);
    let (code, what) = turned_down("delete x --no-header --id-column user");
    assert_eq!((code, what.as_str()), (2, "with --no-header a column is a number from 1 on, and `user` is none"));
    assert_eq!(turned_down("delete x --no-header --id-column 0").0, 2);
}

#[test]
fn the_operator_is_who_the_system_says() {
    assert_eq!(job("delete x", &[("USER", ""), ("LOGNAME", "eve")]).operator, "eve");
    assert_eq!(job("delete x", &[]).operator, "unknown");
}

#[test]
fn what_makes_no_sense_is_turned_down_by_the_name_of_its_flag() {
    let lines = [
        ("delete", "<INPUT>"),
        ("delete x --rate fast", "--rate"),
        ("delete x --rate 0/s", "--rate"),
        ("delete x -c 0", "--concurrency"),
        ("delete x --timeout 0s", "--timeout"),
        ("delete x --timeout soon", "--timeout"),
        ("delete x --max-errors many", "--max-errors"),
        ("delete x --max-errors 101%", "--max-errors"),
        ("delete x --max-absent 95", "--max-absent"),
        ("delete x --shard 4/4", "--shard"),
        ("delete x --shard 1", "--shard"),
        ("delete x --delimiter ;;", "--delimiter"),
        ("delete x --delimiter \"", "--delimiter"),
        ("delete x --expect-sha256 abc", "--expect-sha256"),
        ("delete x --format xlsx", "--format"),
        ("delete x --sandbox --sandbox-faults latency=long", "--latency"),
        ("delete x --sandbox --sandbox-faults typo=1", "--typo"),
        ("delete x --sandbox --sandbox-faults outage=9s..3s", "--outage"),
        ("delete x --sandbox --sandbox-faults only=FETCH", "--only"),
        ("delete x --continue-from old", "--continue-from"),
        ("get x --out-profiles - --json", "--out-profiles"),
        ("get x --max-delete 5", "--max-delete"),
        ("get x --yes", "--yes"),
        ("verify x --continue-from old", "--continue-from"),
        ("verify x --max-absent 5%", "--max-absent"),
        ("delete x --new --retry-failed", "--retry-failed"),
        ("delete x --client-cert c", "--client-cert"),
        ("delete x --client-key k", "--client-key"),
        ("sandbox --listen 0.0.0.0:80", "--listen"),
        ("sandbox --customers 3 --from f", "--from"),
        ("sandbox --server-error 7", "--server-error"),
        ("sandbox --limit-burst 7", "--limit"),
        ("frobnicate", "frobnicate"),
    ];
    for (line, flag) in lines {
        let (code, what) = turned_down(line);
        assert_eq!(code, 2, "{line}: {what}");
        assert!(what.contains(flag), "`{line}` is turned down without naming {flag}: {what}");
    }
}

#[test]
fn a_wrong_address_or_description_is_a_matter_of_configuration() {
    let (code, what) = turned_down("delete x --base-url api.example.com");
    assert_eq!((code, what.as_str()), (78, "--base-url is not a URL that begins with https:// or http://"));
    assert_eq!(turned_down("delete x --api no-such-api").0, 78);
    assert_eq!(turned_down("delete x --api ./no-such-api.toml").0, 78);
}

#[test]
fn completions_and_manual_are_printed() {
    for line in [
        "completions bash",
        "man",
        "man delete",
        "man create",
        "man update",
        "man sync",
        "man get",
        "man verify",
        "man suppress",
    ] {
        let Ok(config) = configured(line, &[]) else { panic!("{line}") };
        assert!(matches!(config.command, Command::Print(text) if text.contains("tollgate")), "{line}");
    }
}

#[test]
fn a_dry_run_ends_with_the_real_command() {
    let digest = Digest([0xab; 32]);
    let hex = "ab".repeat(32);
    let real = |line: &str| job(line, &[]).again.for_real(Some((200, &digest)));
    let bound = format!("--expect-rows 200 --expect-sha256 {hex}");
    assert_eq!(real("delete x.csv --dry-run -j 4"), format!("tollgate delete x.csv -j 4 {bound}"));
    assert_eq!(real("delete -nq x.csv"), format!("tollgate delete -q x.csv {bound}"));
    assert_eq!(real("delete -n -c4 -"), format!("tollgate delete -c4 - {bound}"));
    assert_eq!(
        real("delete -n --expect-rows 200 -- -n"),
        format!("tollgate delete --expect-rows 200 --expect-sha256 {hex} -- -n")
    );
    let quoted = job("delete it's;rm --dry-run", &[]).again;
    assert_eq!(quoted.same(), r"tollgate delete 'it'\''s;rm' --dry-run");
    for line in ["delete x.csv --dry-run -j 4", "delete -nq x.csv", "delete -n -c4 -"] {
        let again = real(line);
        let dry = job(again.trim_start_matches("tollgate "), &[]).consent.dry_run;
        assert!(!dry, "`{again}` is still a dry run");
    }
}
