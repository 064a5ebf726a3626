//! Resume: how fast rows that an earlier try settled are passed over.
//!
//! Measured: wall time of the whole process `tollgate delete --dedupe off` over 5,000,000 rows of which all but the
//! last 100 stand in the results of an earlier try, as rows per second: start, counting pass and digest, verification of
//! every link of the results' chain, look, main pass with its own digest, the 100 deletions, closing. Three times,
//! median; beside it, as the floor under any program that verifies, one pass of SHA-256 over the same results and two
//! over the input, by the library's own digest on one core. Files are in the page cache.
//! Not measured: reading from a slow disk, which may be the limit there.

mod support;

use std::{fs, path::Path};

use support::{LIFTED, Outcome, Server, customers, measure, median, say, tollgate, verdict, workplace};
use tokio::time::Instant;
use tollgate::domain::Digest;

const ROWS: u32 = 5_000_000;
const ROUNDS: usize = 3;
const TARGET: f64 = 2_000_000.0;

fn main() -> Outcome {
    support::main(bench)
}

fn bench() -> Outcome {
    let place = workplace()?;
    let input = customers(place.path(), ROWS.into())?;
    let out = place.path().join("run");
    let server = Server::start(0)?;
    let command = || {
        let mut command = tollgate(&server, &input, &out, LIFTED);
        command.args(["--dedupe", "off"]);
        command
    };
    let first = measure(&mut command())?;
    say(&format!("resume: 5,000,000 rows, made by a real run of {:.0} s", first.wall))?;
    say(&format!("floor: {:.2} s for hashing alone", hashing(&input, &out)?))?;
    say("round  seconds  CPU seconds  rows per second")?;
    let mut rates = Vec::new();
    for round in 1..=ROUNDS {
        support::unfinish(&out)?;
        let resumed = measure(&mut command())?;
        let rate = f64::from(ROWS) / resumed.wall;
        say(&format!("{round:<5} {:>8.2} {:>12.2} {rate:>16.0}", resumed.wall, resumed.cpu))?;
        rates.push(rate);
    }
    let rate = median(rates);
    verdict(&format!("{rate:.0} rows a second; the target is at least {TARGET}"), rate >= TARGET)
}

fn hashing(input: &Path, out: &Path) -> Outcome<f64> {
    let (input, results) = (fs::read(input)?, fs::read(out.join("results.csv"))?);
    let begun = Instant::now();
    let digests = [&input, &input, &results].map(|bytes| std::hint::black_box(Digest::of(bytes)));
    std::hint::black_box(digests);
    Ok(begun.elapsed().as_secs_f64())
}
