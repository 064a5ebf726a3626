//! Columns, delimiters, formats, and inputs that are not what they claim to be.

use std::io::{self, Read, Write};

use tollgate::{
    domain::{Batch, IdFormat, Past},
    error::{Error, Exit},
    source::{ColumnWish, Format, Options, Reader, Readings, Wish, survey},
};

use super::{
    CUSTOMER, Dribble, PROFILE, customer, fixture, known, lines, numbered, options, reasons, refused, rows, subjects,
    surveyed,
};

fn asking_for(name: &str) -> Options {
    let wish = ColumnWish {
        kind: CUSTOMER,
        name: name.to_owned(),
        required: true,
        bare: true,
        written: IdFormat::Any,
        creates: true,
    };
    Options { columns: vec![wish], ..options() }
}

#[test]
fn every_delimiter_is_recognised() {
    for delimiter in [",", "\t", ";", "|"] {
        let input =
            ["\"a, b; c | d\"", "customer_user_id", "x"].join(delimiter) + "\n1" + delimiter + "c-1" + delimiter;
        assert_eq!(subjects(input.as_bytes(), "-", &options()), known(&[(2, customer("c-1"))]), "{delimiter:?}");
    }
    let told = Options { delimiter: Wish::Is(b':'), ..options() };
    assert_eq!(subjects(b"x:customer_user_id\n,;:c-1\n", "-", &told), known(&[(2, customer("c-1"))]));
}

#[test]
fn the_delimiter_that_names_a_wished_column_wins() {
    let input = b"name, first, last;customer_user_id\nAda;c-1\n";
    assert_eq!(subjects(input, "-", &options()), known(&[(2, customer("c-1"))]));
}

#[test]
fn a_header_is_matched_exactly_but_for_blanks() {
    let input = b" customer_user_id ,Profile_ID\nc-1,c-2\n";
    assert_eq!(subjects(input, "-", &options()), known(&[(2, customer("c-1"))]));
}

#[test]
fn a_wished_column_that_stands_twice_is_refused() {
    let error = refused(b"customer_user_id,customer_user_id\na,b\n", "in.csv", &options());
    assert_eq!(error.what(), "in.csv has the column customer_user_id twice in its header");
}

#[test]
fn a_missing_column_names_those_found_and_the_flags() {
    let error = refused(b"user,mail\nc-1,a@example.com\n", "in.csv", &options());
    assert_eq!(error.what(), "in.csv has no column profile_id or customer_user_id; it has: user, mail");
    assert!(error.to_string().contains("--id-column") && error.to_string().contains("--format"), "{error}");
    let error = refused(b"customer_user_id,mail\nc-1,x\n", "in.csv", &asking_for("uid"));
    assert_eq!(error.what(), "in.csv has no column uid; it has: customer_user_id, mail");
    // stdin without a name: the same, since nothing fits.
    assert!(refused(b"user,mail\nc-1,x\n", "stdin", &options()).what().contains("it has: user, mail"));
}

#[test]
fn a_missing_header_does_not_put_people_into_messages() {
    let error = refused(b"c-1,ada@example.com\n", "in.csv", &options());
    assert!(error.what().ends_with("its first record, of 2 fields, does not look like a header"), "{error}");
}

#[test]
fn columns_by_number() {
    assert_eq!(subjects(b"c-1,x\nc-2,y\n", "-", &numbered()), known(&[(1, customer("c-1")), (2, customer("c-2"))]));
    let mut beyond = numbered();
    beyond.columns[0].name = "3".to_owned();
    assert_eq!(refused(b"c-1,x\n", "in", &beyond).what(), "in has 2 columns, so there is no column 3");
    beyond.columns[0].name = "0".to_owned();
    assert!(refused(b"c-1,x\n", "in", &beyond).what().contains("by its number"));
    let mut same = numbered();
    same.columns.push(ColumnWish { kind: PROFILE, ..same.columns[0].clone() });
    assert_eq!(refused(b"c-1,x\n", "in", &same).what(), "in has two kinds of id in one column, as it was told");
}

#[test]
fn a_told_delimiter_and_a_quoted_newline_in_the_first_row_without_a_header() {
    let told = Options { delimiter: Wish::Is(b':'), ..numbered() };
    assert_eq!(reasons(b"c-1:\"x\ny\":z\nc-2:y:z\n", "-", &told), ["ok", "ok"]);
}

#[test]
fn a_list_that_begins_with_a_columns_name_is_a_table() {
    for input in [&b"customer_user_id\nc-1\n"[..], b"customer_user_id;x\nc-1;y\n"] {
        assert_eq!(subjects(input, "ids.txt", &options()), known(&[(2, customer("c-1"))]));
    }
    assert_eq!(subjects(b"c,1\n", "ids.lst.gz", &options()), known(&[(1, customer("c,1"))]));
    let told = Options { format: Wish::Recognise, delimiter: Wish::Recognise, ..numbered() };
    assert_eq!(subjects(b"c-1,x\n", "ids.txt", &told), known(&[(1, customer("c-1"))]));
}

#[test]
fn the_name_decides_before_the_content() {
    assert!(refused(b"c-1\nc-2\n", "ids.csv", &options()).what().contains("has no column"));
    assert_eq!(reasons(b"c-1\n", "ids.NDJSON.zst", &options()), ["is not one JSON object"]);
    let told = Options { format: Wish::Is(Format::Lines), ..options() };
    assert_eq!(subjects(b"{1}\n", "ids.jsonl", &told), known(&[(1, customer("{1}"))]));
}

#[test]
fn json_is_read_by_the_wished_keys_only() {
    let input = br#" {"a":{"customer_user_id":"no"},"customer_user_id":"c\u002d1","z":[1,"}"]} "#;
    assert_eq!(subjects(input, "-", &options()), known(&[(1, customer("c-1"))]));
    for bad in [r#"{"customer_user_id":true}"#, r#"{"customer_user_id":1e5}"#, r#"{"customer_user_id":["c"]}"#] {
        let expected = ["column customer_user_id: is neither a text nor an integer"];
        assert_eq!(reasons(bad.as_bytes(), "-", &options()), expected, "{bad}");
    }
    for bad in [r#"{"customer_user_id":"c"} {}"#, r#"{"customer_user_id":"c"#, r#"{"a":}"#] {
        assert_eq!(reasons(bad.as_bytes(), "-", &options()), ["is not one JSON object"], "{bad}");
    }
}

#[test]
fn a_lone_carriage_return_ends_a_line() {
    let expected = known(&[(2, customer("c-1")), (4, customer("c-2"))]);
    assert_eq!(subjects(b"customer_user_id\rc-1\r\rc-2", "-", &options()), expected);
}

#[test]
fn an_unclosed_quote_names_the_line_where_it_opens() {
    let mut input = b"customer_user_id,note\nc-1,x\nc-2,\"open\n".to_vec();
    let short = refused(&input, "in.csv", &options());
    assert_eq!(short.what(), "in.csv ends inside a quoted field of the record that opens on line 3");
    for number in 0..100_000 {
        writeln!(input, "c-{number},someone").unwrap();
    }
    let long = refused(&input, "in.csv", &options());
    assert_eq!(long.what(), "in.csv has a record above 1 MiB, which opens on line 3");
    assert!(long.to_string().contains("look for a quote (\") on line 3"), "{long}");
}

#[test]
fn a_record_of_1_mib_passes_and_one_byte_more_does_not() {
    for (options, head) in [(options(), &b"customer_user_id,note\nc-1,"[..]), (lines(), b"")] {
        let opened = head.split(|byte| *byte == b'\n').count();
        let begun = head.len() - head.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        for end in ["", "\n", "\r\n"] {
            let fits = [head, &vec![b'x'; 1024 * 1024 - begun], end.as_bytes()].concat();
            assert_eq!(surveyed(&fits, "-", &options).rows, 1);
            let large = [head, &vec![b'x'; 1024 * 1024 - begun + 1], end.as_bytes()].concat();
            let expected = format!("in has a record above 1 MiB, which opens on line {opened}");
            let error = refused(&large, "in", &options);
            assert_eq!(error.what(), expected);
            assert!(!error.to_string().contains("quote"), "there is none: {error}");
        }
    }
}

#[test]
fn an_id_too_long_is_cut_in_its_row() {
    let long = "x".repeat(5000);
    let rows = rows(long.as_bytes(), "-", &lines());
    assert_eq!(rows[0].id_bytes().len(), 4096);
    assert_eq!(reasons(long.as_bytes(), "-", &lines()), ["the id: is longer than 4096 bytes"]);
}

#[test]
fn packed_files_that_are_cut_or_have_a_tail_are_refused() {
    for name in ["two-members.csv.gz", "two-frames.csv.zst"] {
        let whole = fixture(name);
        let cut = refused(&whole[..whole.len() - 5], name, &options());
        assert!(cut.what().starts_with(&format!("{name} is ")) && cut.what().contains("damaged, cut off"), "{cut}");
        let tail = refused(&[&whole[..], b"garbage behind it"].concat(), name, &options());
        assert!(tail.what().contains("with something behind it"), "{tail}");
    }
}

/// Gives its bytes, then fails for ever.
struct Broken<'a>(&'a [u8], io::ErrorKind);

impl Read for Broken<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() { Err(self.1.into()) } else { self.0.read(into) }
    }
}

#[test]
fn a_persistent_read_error_is_final() {
    let (plain, packed) = (fixture("customers.csv"), fixture("two-members.csv.gz"));
    for bytes in [&plain[..], &packed[..60], &packed[..2]] {
        let error = survey(Broken(bytes, io::ErrorKind::WouldBlock), "in", &options(), Readings::in_turn).unwrap_err();
        assert_eq!(error.exit(), Exit::Data);
        assert!(error.what().starts_with("in cannot be read: "), "{error}");
    }
    let gone = survey(Broken(b"", io::ErrorKind::NotFound), "in", &options(), Readings::in_turn).unwrap_err();
    assert_eq!(gone.exit(), Exit::NoInput);

    let mut reader = Reader::open(Broken(&plain, io::ErrorKind::Other), "in", &options(), None).unwrap();
    let mut batch = Batch::default();
    let first = first_error(&mut reader, &mut batch);
    assert_eq!(reader.next(&Past::default(), &mut batch).unwrap_err(), first);
    assert_eq!(batch, Batch::default());
}

/// What is read before the error is handed on.
fn first_error<R: Read>(reader: &mut Reader<R>, batch: &mut Batch) -> Error {
    loop {
        match reader.next(&Past::default(), batch) {
            Ok(goes_on) => assert!(goes_on, "the input ended without its error"),
            Err(error) => return error,
        }
    }
}

/// Fails once, then goes on as if nothing had happened.
struct Hiccup<'a>(&'a [u8], bool);

impl Read for Hiccup<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if std::mem::take(&mut self.1) { Err(io::ErrorKind::TimedOut.into()) } else { self.0.read(into) }
    }
}

#[test]
fn nothing_is_read_after_an_error() {
    let start = b"c-1\nc-2\n".repeat(20);
    let input = start.chain(Hiccup(b"c-3\nc-4\n", true));
    let mut reader = Reader::open(input, "in", &lines(), None).unwrap();
    let mut batch = Batch::default();
    let first = first_error(&mut reader, &mut batch);
    assert_eq!(reader.next(&Past::default(), &mut batch), Err(first));
}

#[test]
fn a_second_byte_order_mark_belongs_to_the_id_and_makes_it_odd() {
    let reasons = reasons("\u{feff}\u{feff}c-1,x\nc-2,y\n".as_bytes(), "-", &numbered());
    assert!(reasons[0].contains("is odd") && reasons[1] == "ok", "{reasons:?}");
}

#[test]
fn packed_files_in_small_pieces() {
    for name in ["two-members.csv.gz", "two-frames.csv.zst"] {
        let whole = surveyed(&fixture(name), name, &options());
        assert_eq!(survey(Dribble::new(&fixture(name), 1), name, &options(), Readings::in_turn).unwrap(), whole);
    }
}

#[test]
fn a_large_packed_file_is_read_whole() {
    let plain: Vec<u8> =
        (0..50_000).flat_map(|number| format!("c-{number}-{}\n", number * 7919).into_bytes()).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).unwrap();
    let zstd = zstd::encode_all(&plain[..], 1).unwrap();
    for packed in [gzip.finish().unwrap(), zstd] {
        assert!(packed.len() > 100_000);
        assert_eq!(rows(&packed, "ids.txt", &options()), rows(&plain, "ids.txt", &options()));
    }
}

#[test]
fn a_foreign_start_is_recognised_byte_by_byte_too() {
    let zip = fixture("not-a-table.xlsx");
    assert!(survey(Dribble::new(&zip, 1), "in", &options(), Readings::in_turn).unwrap_err().what().contains("xlsx"));
    let twice = {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(&fixture("two-members.csv.gz")).unwrap();
        packer.finish().unwrap()
    };
    assert!(refused(&twice, "in", &options()).what().contains("packed twice"));
}

#[test]
fn the_spreadsheets_limit_is_named() {
    let warns = |rows: usize| {
        let input = format!("customer_user_id\n{}", "c-1\n".repeat(rows));
        // Rows passed over count too, and cost less.
        let end = Options { skip: 1_000_000, ..options() };
        surveyed(input.as_bytes(), "-", &end).warnings.iter().any(|warning| warning.contains("spreadsheet"))
    };
    assert!(warns(1_048_575));
    assert!(!warns(1_048_574));
}

#[test]
fn lost_leading_zeros_are_named() {
    let warns = |ids: &[&str]| {
        let warnings = surveyed(ids.join("\n").as_bytes(), "ids.txt", &options()).warnings;
        warnings.iter().any(|warning| warning.contains("leading zeros"))
    };
    assert!(warns(&["123456", "234567", "34567", "456789", "567890"]));
    assert!(!warns(&["123456", "234567", "034567", "456789", "567890"]));
    assert!(!warns(&["123456", "234567", "345678"]));
    assert!(!warns(&["123456", "234567", "34567", "456789", "c-1"]));
    assert!(!warns(&["1", "22", "333", "4444", "55555"]));
}

/// What no flag can make an id of this API is told before what is merely odd.
#[test]
fn an_id_written_in_another_way_is_named_with_its_column() {
    let written = |format, written| {
        let plain = asking_for("id");
        let columns = plain.columns.iter().map(|wish| ColumnWish { written, ..wish.clone() }).collect();
        Options { columns, format: Wish::Is(format), ..plain }
    };
    let rule = "is not 24 hexadecimal digits, as this API's ids are";
    let hex = |format| written(format, IdFormat::Hex24);
    let csv = b"id\n 507f1f77bcf86cd799439011 \n1e2345678901234567890123\nNULL\n507f1f77bcf86cd79943901\n";
    let of_column = format!("column id: {rule}");
    assert_eq!(reasons(csv, "-", &hex(Format::Csv)), ["ok", "ok", &of_column, &of_column]);
    let json = b"{\"id\":\"507f1f77bcf86cd799439011\"}\n{\"id\":507}\n";
    assert_eq!(reasons(json, "-", &hex(Format::JsonLines)), ["ok", &of_column]);
    let lines = b"507f1f77bcf86cd799439011\nx\n";
    assert_eq!(reasons(lines, "-", &hex(Format::Lines)), ["ok".to_owned(), format!("the id: {rule}")]);
    let nil = b"id\n00000000-0000-0000-0000-000000000000\n0dd5f1a0\n";
    let reasons = reasons(nil, "-", &written(Format::Csv, IdFormat::Uuid));
    assert!(reasons[0].contains("is odd") && reasons[1].starts_with("column id: is not a UUID"), "{reasons:?}");
}
