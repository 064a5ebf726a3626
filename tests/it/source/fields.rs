//! Columns become fields: each kind of value, good and bad, and what is refused as a whole.

use tollgate::{
    domain::{Action, Field, FieldKind, IdFormat, Past, Schema, Subject},
    error::Exit,
    source::{ColumnWish, FieldWish, Format, Options, Reader, Readings, Wish, survey},
};

use super::{
    CUSTOMER, PROFILE, customer, fixture, numbered, options,
    people::{field, said, text, updating, wanted, wishing},
    refused, rows, surveyed,
};

/// What a single cell of a column says, quoted as need be.
fn cell(column: &str, cell: &str) -> Result<String, String> {
    let input = format!("customer_user_id,{column},first_name\nc-1,\"{}\",Ada\n", cell.replace('"', "\"\""));
    let with_device = |options: &mut FieldWish| {
        if column == "meta.os" {
            options.set = vec![("meta.device_id".to_owned(), UUID.to_owned())];
        }
    };
    let mut settings = wanted(&input, &wishing(with_device)).remove(0)?;
    settings.retain(|setting| !setting.starts_with("first_name=") && !setting.starts_with("meta.device_id="));
    Ok(settings.pop().map_or_else(String::new, |setting| setting.split_once('=').unwrap().1.to_owned()))
}

const UUID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

#[test]
fn good_cells_become_typed_values() {
    for (column, text, expected) in [
        ("email", "ada@example.com", "text ada@example.com"),
        ("email", "  ada@example.com ", "text ada@example.com"),
        ("meta.os", "  iOS  ", "text   iOS  "),
        ("meta.os", "Ärger Ärge", "text Ärger Ärge"),
        ("att_status", " 3 ", "number 3"),
        ("att_status", "0", "number 0"),
        ("score", "-1.50e+3", "number -1.50e+3"),
        ("score", "0.1", "number 0.1"),
        ("analytics_disabled", "yes", "boolean true"),
        ("analytics_disabled", "FALSE", "boolean false"),
        ("analytics_disabled", "0", "boolean false"),
        ("birthday", "2024-02-29", "text 2024-02-29"),
        ("birthday", "2000-02-29", "text 2000-02-29"),
        ("store", "stripe", "text stripe"),
        ("store", "paddle", "text paddle"),
        ("shop", "my shop", "text my shop"),
        ("token", UUID, "text 3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
        ("country", "de", "text DE"),
        ("ip", "192.0.2.1", "text 192.0.2.1"),
        ("roles", "a|b c", "texts a+b c"),
        ("custom.sport", "007", "text 007"),
        ("custom.a-b_c.d", "1", "text 1"),
        ("attributes.any key at all", "x", "text x"),
        ("email", "", ""),
        ("att_status", "  ", ""),
        ("email", "\\N", "null"),
        ("score", " \\N ", "null"),
        ("custom.sport", "\\N", "null"),
        ("attributes.x", "\\N", "null"),
    ] {
        assert_eq!(cell(column, text).as_deref(), Ok(expected), "{column}: {text:?}");
    }
}

#[test]
fn impossible_cells_name_the_column_and_the_rule_and_quote_nothing() {
    const EMAIL: &str = "is not an email address";
    const WHOLE: &str = "is not a whole number from 0 to 3";
    const NUMBER: &str = "is not a number as JSON writes it";
    const DAY: &str = "is not a day of the calendar, as YYYY-MM-DD";
    const COUNTRY: &str = "is not a country's two letters (ISO 3166-1)";
    let table: [(&str, &[&str], &str); 14] = [
        ("email", &["x", "@", "a@", "@b", "a@b@c", "a b@c", "a@\u{a0}b"], EMAIL),
        ("att_status", &["4", "-1", "-0", "007", "1.0", "+1", "one", "99999999999999999999"], WHOLE),
        ("score", &["007", "1.", ".5", "1e", "NaN", "inf", "1e999", "0x1", "1,5", "+1", "--1", "-"], NUMBER),
        ("analytics_disabled", &["2", "ja", "t", "tru"], "is neither true nor false"),
        ("birthday", &["2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-04-31"], DAY),
        ("birthday", &["2024-1-1", "01/02/2024", "2024-01-00", "0000-01-01", "2024-01-011", "２024-01-1"], DAY),
        ("store", &["Stripe", "ebay"], "is none of app_store, stripe"),
        ("token", &["3f2504e04f8941d39a0c0305e82c3301", "x"], "is not a UUID in 8-4-4-4-12 form"),
        ("country", &["DEU", "D", "1A", "é"], COUNTRY),
        ("ip", &["1.2.3", "256.1.1.1", "::1", "01.2.3.4"], "is not an IPv4 address"),
        ("roles", &["a||b", "|"], "is not a list of texts, none of them empty"),
        ("meta.os", &["12345678901"], "is longer than 10 characters"),
        ("custom.sport", &["12345678901"], "is longer than 10 characters"),
        ("att_status", &["\\N"], "cannot be null"),
    ];
    for (column, texts, rule) in table {
        for text in texts {
            assert_eq!(cell(column, text), Err(format!("column {column}: {rule}")), "{column}: {text:?}");
        }
    }
}

#[test]
fn a_malformed_row_still_shows_its_id_and_its_action() {
    let rows = rows(b"customer_user_id,email,action\nc-1,x,upsert\nc-2,\xff,\n", "-", &updating());
    assert_eq!((rows[0].id_bytes(), rows[0].action), (&b"c-1"[..], Action::Upsert));
    let reason = "column email: is not valid UTF-8".to_owned();
    assert_eq!(rows[1].subject, Subject::Malformed { id: b"c-2".to_vec(), reason });
    assert!(rows.iter().all(|row| row.fields.is_empty()));
}

#[test]
fn columns_that_are_no_fields_refuse_the_input() {
    let input = b"customer_user_id,plan,email,signed_up\nc-1,x,a@b,y\n";
    let error = refused(input, "in.csv", &updating());
    assert_eq!(error.what(), "in.csv has columns that are no fields of a profile: plan, signed_up");
    assert!(error.what_next().unwrap().contains("--ignore-column NAME"), "{error}");
    assert!(error.what_next().unwrap().contains("--only-column"), "{error}");
    // A person's data has no place in a message.
    let error = refused(b"customer_user_id,ada@example.com\nc-1,x\n", "in.csv", &updating());
    assert!(!error.what().contains("ada"), "{error}");
    let error = refused(b"customer_user_id,email, email \nc-1,a@b,a@b\n", "in.csv", &updating());
    assert_eq!(error.what(), "in.csv has the column email twice in its header");
    let error = refused(b"customer_user_id,email,\nc-1,a@b,\n", "in.csv", &updating());
    assert_eq!(error.what(), "in.csv has no name in its header for column 3");
    let error = refused(b"customer_user_id,custom.much_too_long\nc-1,x\n", "in.csv", &updating());
    assert_eq!(error.what(), "in.csv has a column of custom whose key is longer than 8 characters");
    let error = refused(b"customer_user_id,custom.a b\nc-1,x\n", "in.csv", &updating());
    assert!(error.what().contains("whose key has something else than letters"), "{error}");
    // The name of a group's rule is no column, and neither is a group itself.
    for name in ["meta.*", "custom", "custom.", "meta"] {
        let input = format!("customer_user_id,{name}\nc-1,x\n");
        assert!(refused(input.as_bytes(), "in.csv", &updating()).what().ends_with(name), "{name}");
    }
}

#[test]
fn columns_are_left_out_by_name() {
    let input = "customer_user_id,plan,email,,custom.a,custom.b\nc-1,x,a@b,y,1,2\n";
    let ignoring = wishing(|wish| wish.ignore = ["plan", "", "custom"].map(str::to_owned).to_vec());
    assert_eq!(wanted(input, &ignoring), [Ok(vec!["email=text a@b".to_owned()])]);
    let only = wishing(|wish| wish.only = Some(["custom.b", "email"].map(str::to_owned).to_vec()));
    assert_eq!(wanted(input, &only), [Ok(vec!["custom.b=text 2".to_owned(), "email=text a@b".to_owned()])]);
}

fn misused(input: &str, options: &Options) -> String {
    let counted = survey(input.as_bytes(), "-", options, Readings::in_turn).unwrap_err();
    let read = Reader::open(input.as_bytes(), "-", options, None).err().unwrap();
    assert_eq!(counted, read);
    assert_eq!(counted.exit(), Exit::Usage, "{counted}");
    counted.what().to_owned()
}

#[test]
fn wishes_that_make_no_sense_are_a_matter_of_the_command_line() {
    let input = "customer_user_id,email,action\nc-1,a@b,\n";
    let there = "names a column that is not there; it has: customer_user_id, email, action";
    let ignoring = |name: &str| wishing(|wish| wish.ignore = vec![name.to_owned()]);
    assert_eq!(misused(input, &ignoring("mail")), format!("`--ignore-column mail` {there}"));
    let only = wishing(|wish| wish.only = Some(vec!["mail".to_owned()]));
    assert_eq!(misused(input, &only), format!("`--only-column mail` {there}"));
    for name in ["customer_user_id", "action"] {
        assert!(misused(input, &ignoring(name)).contains("who a row is about"));
    }
    let setting = |name: &str, text: &str| wishing(|wish| wish.set = vec![(name.to_owned(), text.to_owned())]);
    assert_eq!(misused(input, &setting("mail", "x")), "`--set mail=…`: is no field of a profile");
    assert_eq!(misused(input, &setting("email", "x")), "`--set email=…`: is not an email address");
    assert_eq!(misused("", &setting("email", "x")), "`--set email=…`: is not an email address");
    assert!(misused(input, &setting("email", "")).starts_with("`--set email=…`: is empty"));
    assert!(misused(input, &setting("custom.a b", "x")).starts_with("`--set custom.a b=…`: has a key that has"));
    let twice = wishing(|wish| wish.set = vec![("shop".to_owned(), "stripe".to_owned()); 2]);
    assert_eq!(misused(input, &twice), "`--set shop=…`: stands twice");

    let nameless = Options { action: Action::Update, fields: updating().fields, ..numbered() };
    assert!(misused("c-1,x\n", &nameless).contains("without a header"));
    let deleting = Options { action: Action::Delete, ..nameless };
    assert_eq!(rows(b"c-1,x\n", "-", &deleting)[0].subject, Subject::Known(customer("c-1")));
}

#[test]
fn a_constant_is_for_rows_without_a_value_of_their_own() {
    let set = [("store", "stripe"), ("email", "all@example.com"), ("score", "\\N")];
    let setting = wishing(|wish| wish.set = set.map(|(name, text)| (name.to_owned(), text.to_owned())).to_vec());
    let of = |email: &str| vec![format!("email={email}"), "score=null".to_owned(), "store=text stripe".to_owned()];
    let expected = [Ok(of("text a@b")), Ok(of("text all@example.com")), Ok(of("null"))];
    assert_eq!(wanted("customer_user_id,email\nc-1,a@b\nc-2,\nc-3,\\N\n", &setting), expected);
    let lines = "{\"customer_user_id\":\"c-1\",\"email\":\"a@b\"}\n{\"customer_user_id\":\"c-2\"}\n\
                 {\"customer_user_id\":\"c-3\",\"email\":null}\n";
    assert_eq!(wanted(lines, &setting), expected);
    let bare = Options { format: Wish::Is(Format::Lines), ..setting };
    assert_eq!(wanted("c-1\n", &bare), [Ok(of("text all@example.com"))]);
    let nothing = Options { format: Wish::Is(Format::Lines), ..updating() };
    assert_eq!(refused(b"c-1\n", "in.txt", &nothing).what(), "in.txt has no field to update in any of its rows");
}

/// An empty cell means leave alone, and so do empty cells only.
#[test]
fn a_row_of_empty_cells_leaves_everything_as_it_is() {
    let input = "customer_user_id,email\nc-1,\nc-2,a@b\n";
    let said = wanted(input, &updating());
    assert_eq!(said, [Err("Idle".to_owned()), Ok(vec!["email=text a@b".to_owned()])]);
    let survey = surveyed(input.as_bytes(), "-", &updating());
    assert_eq!((survey.rows, survey.malformed), (2, 0));
    assert_eq!(wanted("{\"customer_user_id\":\"c-1\"}\n", &updating()), [Err("Idle".to_owned())]);
    // Nobody wants to update nothing at all: a column was forgotten.
    let error = refused(b"customer_user_id\nc-1\n", "in.csv", &updating());
    assert_eq!(error.what(), "in.csv has no field to update in any of its rows");
    for other in ["customer_user_id,action\nc-1,delete\n", "customer_user_id,action\nc-1,\n"] {
        assert_eq!(surveyed(other.as_bytes(), "-", &updating()).rows, 1, "a row may ask for something else");
    }
    let creating = Options { action: Action::Upsert, action_column: None, ..updating() };
    assert_eq!(
        surveyed(b"customer_user_id\nc-1\n", "-", &creating).rows,
        1,
        "creating nobody in particular is something"
    );
}

#[test]
fn what_fields_must_be_together() {
    let input = "customer_user_id,action,username,email,meta.os,meta.device_id,custom.a,custom.b,custom.c,custom.d\n\
                 c-1,create,,a@b,,,,,,\n\
                 c-2,create,ada,,,,,,,\n\
                 c-3,,,,iOS,,,,,\n\
                 c-4,,,,,,1,2,3,4\n\
                 c-5,,,,,,,,,\n\
                 c-6,delete,,not one,,,,,,\n\
                 c-7,upsert,,,,,,,,\n\
                 c-8,,,,,,1,,\\N,3\n";
    let reasons: Vec<_> = wanted(input, &updating()).into_iter().map(|row| row.err().unwrap_or_default()).collect();
    assert_eq!(
        reasons,
        [
            "column username: is needed to create",
            "",
            "column meta.device_id: is needed where another field of its group is given",
            "column custom: has more than 3 keys",
            "Idle",
            "",
            "",
            "",
        ]
    );
    let all = rows(input.as_bytes(), "-", &updating());
    assert!(all[5].fields.is_empty() && all[5].action == Action::Delete);
    // A setting finds its field again.
    let places: Vec<u16> = all[7].fields.iter().map(|setting| setting.field).collect();
    assert_eq!((places, said(&all[7].fields).len()), (vec![12; 3], 3));
}

#[test]
fn nobody_is_created_by_an_id_that_the_api_gives_out() {
    let wish = |kind, name: &str, creates| ColumnWish {
        kind,
        name: name.to_owned(),
        required: false,
        bare: creates,
        written: IdFormat::Any,
        creates,
    };
    let columns = vec![wish(PROFILE, "profile_id", false), wish(CUSTOMER, "customer_user_id", true)];
    let options = Options { columns, ..updating() };
    let input = "profile_id,customer_user_id,action,username\n\
                 p-1,,create,a\np-2,c-2,create,a\n,c-3,create,a\np-4,,upsert,a\np-5,,update,a\np-6,,delete,a\n";
    let reason = Err("column profile_id: a profile cannot be created by an id that the API gives out".to_owned());
    let wanted = wanted(input, &options);
    assert_eq!((&wanted[0], &wanted[3]), (&reason, &reason));
    assert_eq!(wanted.iter().filter(|row| row.is_ok()).count(), 4);
}

#[test]
fn each_row_may_say_what_it_wants() {
    let input = "customer_user_id,username,action\nc-1,a, Update \nc-2,a,CREATE\nc-3,a,upsert\nc-4,a,delete\nc-5,a,\n\
                 c-6,a,get\nc-7,a,nonsense\n";
    let rows = rows(input.as_bytes(), "-", &Options { action: Action::Upsert, ..updating() });
    let actions: Vec<Action> = rows.iter().take(5).map(|row| row.action).collect();
    assert_eq!(actions, [Action::Update, Action::Create, Action::Upsert, Action::Delete, Action::Upsert]);
    for row in &rows[5..] {
        let Subject::Malformed { reason, .. } = &row.subject else { panic!("line {}", row.line) };
        assert_eq!(reason, "column action: is none of update, create, upsert, delete");
    }
    let error = refused(b"customer_user_id,action,action\nc-1,,\n", "in.csv", &updating());
    assert_eq!(error.what(), "in.csv has the column action twice in its header");
    // Where no row is asked, the column is like any other.
    let deaf = Options { action_column: None, ..updating() };
    let error = refused(b"customer_user_id,action\nc-1,\n", "in.csv", &deaf);
    assert_eq!(error.what(), "in.csv has columns that are no fields of a profile: action");
}

#[test]
fn what_is_doubtful_is_warned_of_once_and_sent() {
    let input = fixture("doubtful.csv");
    let survey = surveyed(&input, "-", &updating());
    let said = |name: &str, rows: u64, what: &str, first: u64| {
        format!(
            "column {name}: {rows} rows {what} (the first on line {first}), which not all of the vendor's texts allow: \
             no row is held back for that"
        )
    };
    let expected = [
        said("first_name", 2, "have a value above 5 characters", 3),
        said("store", 1, "have an unusual word", 4),
        said("custom", 1, "have a value above 5 characters", 3),
        said("meta.*", 2, "say create without it", 2),
    ];
    assert_eq!(survey.warnings, expected);
    assert_eq!((survey.rows, survey.malformed), (6, 1));
    let (all, finish) = super::read(&input[..], "-", &updating(), &Past::default()).unwrap();
    assert_eq!((finish.warnings.as_slice(), all.rows.len()), (&expected[..], 6));
}

#[test]
fn without_a_schema_no_other_column_is_looked_at() {
    let deaf = FieldWish { ignore: vec!["nothing".to_owned()], only: Some(Vec::new()), ..FieldWish::default() };
    let options = Options { action: Action::Update, fields: deaf, ..options() };
    assert_eq!(wanted("customer_user_id,anything,,email\nc-1,\u{0},x,y\n", &options), [Ok(Vec::new())]);
    assert_eq!(wanted("{\"customer_user_id\":\"c-1\",\"x\":1,\"x\":2}\n", &options), [Ok(Vec::new())]);
}

#[test]
fn names_are_told_apart_whole() {
    let fields = vec![field("mail", text()), field("email", FieldKind::Email), field("email.old", text())];
    let options = wishing(|wish| wish.schema = Some(Schema { fields: fields.clone() }));
    let input = "customer_user_id,email.old,email,mail\nc-1,a,a@b,c\n";
    let expected = ["email=text a@b", "email.old=text a", "mail=text c"].map(str::to_owned).to_vec();
    assert_eq!(wanted(input, &options), [Ok(expected)]);
    let required = Field { required: vec![Action::Update], ..field("mail", text()) };
    let options = wishing(|wish| wish.schema = Some(Schema { fields: vec![required, fields[1].clone()] }));
    let reason = Err("column mail: is needed to update".to_owned());
    assert_eq!(wanted("customer_user_id,email\nc-1,a@b\n", &options), [reason]);
}
