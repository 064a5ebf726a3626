//! Each file of `fixtures/input` is read as what it is.

use tollgate::{domain::Digest, source::Options};

use super::{both, customer, fixture, known, options, profile, reasons, refused, rows, subjects, surveyed};

const UUID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

#[test]
fn the_demo_file_has_240_people_and_nothing_strange() {
    let survey = surveyed(&fixture("customers.csv"), "customers.csv", &options());
    assert_eq!((survey.rows, survey.malformed, survey.odd, survey.trimmed), (240, 0, 0, 0));
    assert_eq!(survey.warnings, Vec::<String>::new());
    assert_eq!(survey.layout.extension, "csv");
    assert_eq!(&*survey.layout.prelude, b"customer_user_id,profile_id,email,signed_up\n");
    assert_eq!(survey.samples.len(), 200);
    assert!(survey.samples.is_sorted_by(|one, other| one.line < other.line));
    assert!(survey.samples.iter().any(|sample| sample.identity.fallback().is_some()));
}

#[test]
fn tabs() {
    let expected = known(&[(2, customer("c-1")), (3, both(UUID, "c-2"))]);
    assert_eq!(subjects(&fixture("tabs.tsv"), "tabs.tsv", &options()), expected);
    assert_eq!(subjects(&fixture("tabs.tsv"), "-", &options()), expected);
}

#[test]
fn a_spreadsheets_sep_line() {
    let input = fixture("semicolon-sep.csv");
    assert_eq!(subjects(&input, "-", &options()), known(&[(3, customer("c-1")), (4, customer("c-2"))]));
    let layout = surveyed(&input, "-", &options()).layout;
    assert_eq!(&*layout.prelude, b"sep=;\r\ncustomer_user_id;email\r\n");
    assert_eq!(&*rows(&input, "-", &options())[0].original, b"c-1;a@example.com");
}

#[test]
fn a_byte_order_mark() {
    let input = fixture("bom.csv");
    assert_eq!(subjects(&input, "bom.csv", &options()), known(&[(2, customer("c-1"))]));
    assert_eq!(&*surveyed(&input, "-", &options()).layout.prelude, b"\xef\xbb\xbfcustomer_user_id,email\n");
}

#[test]
fn crlf_and_blank_lines() {
    let input = fixture("crlf.csv");
    assert_eq!(subjects(&input, "-", &options()), known(&[(2, customer("c-1")), (4, customer("c-2"))]));
    assert_eq!(&*rows(&input, "-", &options())[1].original, b"c-2,b@example.com");
}

#[test]
fn bad_utf8_spoils_its_row_only_where_the_id_is() {
    let input = fixture("bad-utf8.csv");
    assert_eq!(reasons(&input, "-", &options()), ["ok", "column customer_user_id: is not valid UTF-8", "ok"]);
    let row = &rows(&input, "-", &options())[1];
    assert_eq!((row.line, row.id_bytes()), (3, &b"c-\xff\xfe2"[..]));
}

#[test]
fn quoted_newlines_keep_the_line_numbers() {
    let input = fixture("quoted-newlines.csv");
    let expected = known(&[(2, customer("c-1")), (4, customer("c-2")), (8, customer("c-3"))]);
    assert_eq!(subjects(&input, "-", &options()), expected);
    assert_eq!(&*rows(&input, "-", &options())[1].original, b"c-2,\"x\r\ny\rz\"");
}

#[test]
fn json_lines() {
    let input = fixture("rows.jsonl");
    assert_eq!(
        reasons(&input, "rows.jsonl", &options()),
        [
            "ok",
            "ok",
            "ok",
            "column customer_user_id: is neither a text nor an integer",
            "is not one JSON object",
            "is not one JSON object",
            "column customer_user_id: stands twice in the object",
            "has no id: columns profile_id and customer_user_id are empty",
        ]
    );
    let subjects = subjects(&input, "-", &options());
    assert_eq!(
        subjects[..3],
        known(&[(1, customer("c-1")), (2, customer("1234567890123456789012")), (4, profile(UUID))])
    );
    assert_eq!(surveyed(&input, "-", &options()).layout.extension, "jsonl");
}

#[test]
fn bare_ids() {
    let input = fixture("bare-ids.txt");
    let expected = known(&[(1, customer("c-1")), (2, customer("c-2")), (4, customer("c-3")), (5, customer("c-4"))]);
    assert_eq!(subjects(&input, "bare-ids.txt", &options()), expected);
    assert_eq!(subjects(&input, "-", &options()), expected);
    let survey = surveyed(&input, "-", &options());
    assert_eq!((survey.trimmed, survey.layout.extension, survey.layout.prelude.len()), (1, "txt", 0));
}

#[test]
fn packed_files_are_read_to_their_last_part_and_hashed_as_they_stand() {
    for name in ["two-members.csv.gz", "two-frames.csv.zst"] {
        let input = fixture(name);
        let expected = known(&[(2, customer("c-1")), (3, customer("c-2")), (4, customer("c-3"))]);
        assert_eq!(subjects(&input, name, &options()), expected, "{name}");
        // By content, never by name.
        assert_eq!(subjects(&input, "plain.csv", &options()), expected, "{name}");
        let survey = surveyed(&input, name, &options());
        assert_eq!((survey.digest, survey.bytes), (Digest::of(&input), input.len() as u64), "{name}");
    }
}

#[test]
fn what_is_no_text_is_one_clear_error() {
    for (name, what) in [("utf16.csv", "UTF-16"), ("utf16-no-bom.csv", "UTF-16"), ("not-a-table.xlsx", "xlsx")] {
        let error = refused(&fixture(name), name, &options());
        assert!(error.what().starts_with(name) && error.what().contains(what), "{error}");
        assert!(error.to_string().contains("hint: export it as CSV"), "{error}");
    }
}

#[test]
fn odd_ids_are_malformed_unless_allowed_and_counted_either_way() {
    let input = fixture("odd-ids.csv");
    let odd = "column customer_user_id: is odd for an id (`--allow-odd-ids` sends it all the same)";
    let reasons = reasons(&input, "-", &options());
    assert_eq!((reasons.len(), reasons[0].as_str(), reasons[10].as_str()), (11, "ok", "ok"));
    assert!(reasons[1..10].iter().all(|reason| reason == odd), "{reasons:?}");
    assert_eq!(rows(&input, "-", &options())[3].id_bytes(), b"NULL");

    let strict = surveyed(&input, "-", &options());
    assert_eq!((strict.rows, strict.odd, strict.malformed), (11, 9, 9));
    let allowed = surveyed(&input, "-", &Options { allow_odd_ids: true, ..options() });
    assert_eq!((allowed.rows, allowed.odd, allowed.malformed), (11, 9, 0));
    assert!(allowed.warnings.iter().any(|warning| warning.starts_with("9 of 11 rows have an odd id")));
}

#[test]
fn header_only_has_no_rows() {
    let survey = surveyed(&fixture("header-only.csv"), "-", &options());
    assert_eq!((survey.rows, survey.samples.len(), &*survey.layout.prelude), (0, 0, &b"customer_user_id,email\n"[..]));
    assert_eq!(surveyed(b"", "-", &options()).rows, 0);
    assert_eq!(surveyed(b"\n  \r\n\n", "-", &options()).rows, 0);
}

#[test]
fn each_malformed_row_is_one_row_with_its_reason() {
    let input = fixture("mixed.csv");
    assert_eq!(
        reasons(&input, "-", &options()),
        [
            "ok",
            "has 4 fields where 2 are expected",
            "has no id: columns profile_id and customer_user_id are empty",
            "ok",
            "column customer_user_id: has a control character, which cannot travel in a header",
            "ok",
        ]
    );
    let survey = surveyed(&input, "-", &options());
    assert_eq!((survey.rows, survey.malformed, survey.trimmed, survey.non_ascii), (6, 3, 1, 1));
    assert!(survey.warnings.iter().any(|warning| warning.starts_with("1 rows have an id beyond ASCII")));
}
