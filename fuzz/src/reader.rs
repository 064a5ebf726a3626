//! Any input, plain or packed: no byte of it but blanks is lost, and packing changes nothing.
//!
//! Bits of the first byte: 0 and 1 the format, 2 no header, 3 odd ids, 4 a repeated row counts once, 5 packed by gzip in
//! two members, 6 packed by zstd in two frames.

use std::io::Write as _;

use super::{Held, held, options};
use flate2::{Compression, write::GzEncoder};
use tollgate::source::{Dedupe, Format, Options, Wish};

/// The target.
pub fn check(data: &[u8]) {
    let Some((bits, input)) = data.split_first() else { return };
    let format = [Wish::Recognise, Wish::Is(Format::Csv), Wish::Is(Format::JsonLines), Wish::Is(Format::Lines)];
    let has = |bit: u8| bits >> bit & 1 == 1;
    let mut options = Options {
        header: !has(2),
        allow_odd_ids: has(3),
        dedupe: if has(4) { Dedupe::On } else { Dedupe::Off },
        ..options(format[usize::from(bits & 3)], None)
    };
    if !options.header {
        "1".clone_into(&mut options.columns[1].name);
    }
    let plain = held(input, &options);
    let is_packed = input.starts_with(b"\x1f\x8b") || matches!(input, [_, b'\xb5', ..] | [_, b'*', b'M', ..]);
    if let (Ok(held), false) = (&plain, is_packed) {
        assert_eq!(without_blanks(&all_bytes(held)), without_blanks(input), "a byte was lost");
    }
    for packed in [has(5).then(|| gzip(input)), has(6).then(|| zstd(input))].into_iter().flatten() {
        if is_packed || input.is_empty() {
            continue;
        }
        match (&plain, held(&packed, &options)) {
            (Ok(plain), Ok(packed)) => assert_eq!((&plain.rows, &plain.prelude), (&packed.rows, &packed.prelude)),
            (plain, packed) => assert_eq!(plain.as_ref().err(), packed.as_ref().err()),
        }
    }
}

fn all_bytes(held: &Held) -> Vec<u8> {
    let rows = held.rows.iter().map(|row| &*row.original);
    std::iter::once(held.prelude.as_slice()).chain(rows).flatten().copied().collect()
}

fn without_blanks(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect()
}

fn gzip(input: &[u8]) -> Vec<u8> {
    let (first, second) = input.split_at(input.len() / 2);
    let member = |bytes: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes all")
    };
    [member(first), member(second)].concat()
}

fn zstd(input: &[u8]) -> Vec<u8> {
    let (first, second) = input.split_at(input.len() / 2);
    [first, second].map(|bytes| zstd::bulk::compress(bytes, 1).expect("memory takes all")).concat()
}
