//! From command lines to jobs: what creates, updates and suppresses, and what every pipeline may ask for.

use std::{num::NonZeroUsize, path::PathBuf, time::Duration};

use tollgate::{
    config::{Amount, SuppressWish},
    domain::{Action, Task},
    flow::MaxAbsent,
    source::{Dedupe, FieldWish},
};

use super::{configured, job, said, turned_down};

fn fields(line: &str) -> FieldWish {
    job(line, &[]).source.fields
}

fn pair(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn a_creation_sends_every_row_in_file_order_and_expects_nobody() {
    let made = job("create x", &[]);
    assert_eq!((made.task, made.source.action), (Task::Create, Action::Create));
    assert_eq!((made.source.dedupe, made.source.decided), (Dedupe::Off, None));
    assert!(made.flow.in_order && !made.flow.compare && !made.consent.yes);
    assert_eq!((made.flow.canary, made.flow.max_absent), (5, MaxAbsent::Off));
    assert_eq!((made.flow.max_create, made.flow.max_changes), (u64::MAX, u64::MAX));
    assert_eq!(made.source.action_column, None);
    let bounded = job("create x --max-create 7 --max-changes 9 --canary 0 -y --dedupe on", &[]);
    assert_eq!((bounded.flow.max_create, bounded.flow.max_changes), (7, 9));
    assert_eq!((bounded.flow.canary, bounded.consent.yes, bounded.source.dedupe), (0, true, Dedupe::On));
}

#[test]
fn an_update_may_be_held_against_the_server_and_doubts_a_key_that_finds_nobody() {
    let made = job("update x", &[]);
    assert_eq!((made.task, made.source.action, made.source.dedupe), (Task::Update, Action::Update, Dedupe::Off));
    assert_eq!(made.flow.max_absent, MaxAbsent::Percent(95.0));
    assert!(made.flow.in_order && !made.flow.compare && made.source.decided.is_none());
    assert!(job("update x --compare server", &[]).flow.compare);
    assert_eq!(job("update x --max-absent off", &[]).flow.max_absent, MaxAbsent::Off);
}

#[test]
fn what_it_was_told_stands_in_the_record() {
    let made = job(
        r"update x --null \N --set email=a@b.c --set attribution.channel= --ignore-column a,b --ignore-column c \
          --only-column email --suppress erased --suppress-key k --compare server --max-changes 9 --tolerate 1% \
          --min-rows 90% --max-input-age 26h --wait-for-input 2h --keep-runs 30"
            .replace("\\\n", "")
            .as_str(),
        &[],
    );
    let own = |line: &&str| !said(&job("delete x", &[])).lines().any(|plain| plain == *line);
    insta::assert_snapshot!(said(&made).lines().filter(own).collect::<Vec<_>>().join("\n"), @r"
    compare server
    dedupe off
    ignore-column a
    b
    c
    keep-runs 30
    max-changes 9
    max-create unbounded
    max-input-age 93600s
    min-rows 90%
    null \N
    only-column email
    set email=a@b.c
    attribution.channel=
    suppress erased
    tolerate 1%
    wait-for-input 7200s
    ");
}

#[test]
fn a_plain_update_records_its_defaults() {
    let own = |line: &&str| !said(&job("delete x", &[])).lines().any(|plain| plain == *line);
    insta::assert_snapshot!(said(&job("update x", &[])).lines().filter(own).collect::<Vec<_>>().join("\n"), @r"
    compare off
    dedupe off
    ignore-column none
    max-changes unbounded
    max-create unbounded
    null none
    only-column all
    ");
}

#[test]
fn columns_are_fields_only_where_fields_are_set() {
    for line in ["delete x", "get x", "verify x"] {
        assert_eq!(fields(line), FieldWish::default(), "{line}");
    }
    for line in ["create x", "update x", "sync x"] {
        let told = fields(line);
        assert!(told.schema.is_some(), "{line}");
        assert_eq!((told.null, told.ignore, told.only, told.set), (None, vec![], None, vec![]), "{line}");
    }
    let told = fields(r"update x --null \N --ignore-column a,b --ignore-column c --only-column d");
    assert_eq!(told.null.as_deref(), Some(r"\N"));
    assert_eq!((told.ignore, told.only), (["a", "b", "c"].map(str::to_owned).into(), Some(vec!["d".to_owned()])));
}

#[test]
fn a_constant_may_hold_anything_and_is_said_once() {
    let told = fields("sync x --set email=a@b.c --set custom_attributes.note=a=b,c --set phone_number=");
    let expected = [pair("email", "a@b.c"), pair("custom_attributes.note", "a=b,c"), pair("phone_number", "")];
    assert_eq!(told.set, expected);
    for line in ["sync x --set email=a --set email=b", "delete x --set email=a", "get x --set email=a"] {
        let (code, what) = turned_down(line);
        assert_eq!((code, what.starts_with("--set email")), (2, true), "{line}: {what}");
    }
}

#[test]
fn what_an_api_wants_to_be_told_is_no_field_and_stands_in_the_record() {
    for command in ["delete", "get", "create"] {
        let made = job(&format!("{command} x --api crafter --set tenantName=corporate"), &[]);
        assert_eq!(made.source.fields.set, [], "{command}");
        assert_eq!(made.options_said["set"], "tenantName=corporate", "{command}");
    }
    let (code, what) = turned_down("delete x --api crafter --set email=a");
    assert_eq!((code, what.as_str()), (2, "--set email has no meaning for delete, which sets no field"));
}

#[test]
fn a_list_of_the_erased_comes_with_its_key() {
    for command in ["delete", "create", "update", "sync"] {
        let made = job(&format!("{command} x --suppress erased --suppress-key k"), &[]);
        let wish = SuppressWish { list: PathBuf::from("erased"), key: PathBuf::from("k") };
        assert_eq!((made.suppress, &*made.options_said["suppress"]), (Some(wish), "erased"), "{command}");
        assert_eq!(job(&format!("{command} x"), &[]).suppress, None, "{command}");
        assert_eq!(turned_down(&format!("{command} x --suppress l")).1.split(' ').next(), Some("--suppress"));
        assert_eq!(turned_down(&format!("{command} x --suppress-key k")).1.split(' ').next(), Some("--suppress-key"));
    }
}

#[test]
fn a_pipeline_asks_nothing_unless_told() {
    for command in ["delete", "create", "update", "sync", "get", "verify"] {
        let plain = job(&format!("{command} x"), &[]);
        assert_eq!(
            (plain.patience.wait, plain.patience.max_age, plain.patience.min_rows),
            (Duration::ZERO, None, None)
        );
        assert_eq!((plain.leniency.tolerate, plain.leniency.keep_runs), (Amount::Rows(0), None));
        let asks = "--wait-for-input 2h --max-input-age 1d --min-rows 90% --tolerate 0.5% --keep-runs 30";
        let told = job(&format!("{command} x {asks}"), &[]);
        assert_eq!(
            (told.patience.wait, told.patience.max_age),
            (Duration::from_hours(2), Some(Duration::from_hours(24)))
        );
        assert_eq!(
            (told.patience.min_rows, told.leniency.tolerate),
            (Some(Amount::Percent(90.0)), Amount::Percent(0.5))
        );
        assert_eq!(told.leniency.keep_runs, NonZeroUsize::new(30));
    }
}

#[test]
fn what_a_pipeline_cannot_have_is_turned_down() {
    let lines = [
        ("delete - --wait-for-input 1m", "--wait-for-input needs a file"),
        ("update - --max-input-age 1m", "--max-input-age needs a file"),
        ("get - --min-rows 5", "--min-rows needs a file"),
        ("update x --out o --min-rows 90%", "--min-rows with a share"),
        ("sync x --out o --min-rows 90%", "--min-rows with a share"),
        ("sync x --memory m --min-rows 90% --shard 1/2", "--min-rows with a share of the rows of last time needs"),
        ("verify x --out o --keep-runs 3", "--keep-runs has no other runs"),
        ("create x --keep-runs 0", "invalid value '0' for '--keep-runs"),
        ("create x --tolerate 101%", "invalid value '101%' for '--tolerate"),
        ("create x --null=", "a value is required for '--null"),
        ("create x --set email", "invalid value 'email' for '--set"),
        ("create x --set =a", "invalid value '=a' for '--set"),
        ("create x --compare server", "unexpected argument '--compare'"),
        ("create x --max-absent 5%", "unexpected argument '--max-absent'"),
        ("create x --continue-from old", "unexpected argument '--continue-from'"),
        ("update x --compare memory", "invalid value 'memory' for '--compare"),
        ("update x --max-create 5", "unexpected argument '--max-create'"),
        ("update x --memory m", "unexpected argument '--memory'"),
        ("get x --suppress l", "unexpected argument '--suppress'"),
    ];
    for (line, expected) in lines {
        let (code, what) = turned_down(line);
        assert!(code == 2 && what.starts_with(expected), "`{line}` leaves with {code}: {what}");
    }
    assert_eq!(job("update x --out o --min-rows 5", &[]).patience.min_rows, Some(Amount::Rows(5)));
    assert_eq!(job("sync x --out o --min-rows 9% --memory m", &[]).patience.min_rows, Some(Amount::Percent(9.0)));
}

/// A description that can look and delete, and nothing else.
const READ_ONLY: &str = r#"
version = 1
name = "small"
base_url = "https://small.example"
default_rate = "20/s"
[key]
variable = "SMALL_KEY"
header = "Authorization"
[[identities]]
name = "id"
owner = "caller"
path = "{id}"
[operations.look]
method = "GET"
path = "/{id}"
status = 200
body = "json"
fields = ["id"]
[operations.delete]
method = "DELETE"
path = "/{id}"
status = 204
body = "empty"
delete_tells = true
[errors]
not_found = ["gone"]
credentials = [401]
[[errors.bodies]]
signature = ["code"]
code = "code"
[answers]
request_id = []
[probe]
identity = "id"
id = "nobody"
"#;

#[test]
fn what_an_api_cannot_do_is_said_with_what_its_description_lacks() {
    let directory = tempfile::tempdir().expect("a directory");
    let api = directory.path().join("small.toml");
    std::fs::write(&api, READ_ONLY).expect("a file");
    let api = api.display();
    configured(&format!("delete x --api {api}"), &[]).unwrap_or_else(|error| panic!("{error}"));
    let lines =
        [("create x", "create"), ("update x", "update"), ("sync x", "update"), ("sync x --action upsert", "create")];
    for (line, operation) in lines {
        let error = configured(&format!("{line} --api {api}"), &[]).expect_err("it has no such call");
        assert_eq!(error.exit().code(), 78, "{line}: {error}");
        let hint = error.what_next().unwrap_or_default();
        assert!(hint.contains(&format!("[operations.{operation}]")), "{line}: {hint}");
    }
    configured(&format!("sync x --action delete --api {api}"), &[]).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_dry_run_of_a_change_ends_with_the_real_command() {
    let line = r"update -n x.csv --null \N --set custom_attributes.a=it's --ignore-column name,note";
    let real = job(line, &[]).again.for_real(None);
    assert_eq!(
        real,
        r"tollgate update x.csv --null '\N' --set 'custom_attributes.a=it'\''s' --ignore-column name,note"
    );
    assert!(job(line, &[]).consent.dry_run);
}
