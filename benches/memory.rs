//! Memory: what a run holds while millions of rows pass, and what a resume holds of them.
//!
//! Measured: the peak resident set (`VmHWM`) of the whole process `tollgate delete --dedupe off`, 64 wide, its pace
//! lifted, against a server on loopback that answers at once: for 100,000 rows, for 10,000,000 rows (all of them really
//! sent, which takes minutes, at most ten), and for one more `delete` of each over its own results with the last 100
//! lines cut off, which must hold the set of settled lines. A row's bits are the growth of that peak between the two.
//! Not measured: the page cache, which the kernel may drop; `--dedupe on`, which buys its memory (see `--help-all`).

mod support;

use std::{fs, path::Path};

use support::{LIFTED, Measured, Outcome, Server, customers, measure, say, tollgate, verdict, workplace};

const FEW: u64 = 100_000;
const MANY: u64 = 10_000_000;
const MOST_KIB: u64 = 48 * 1024;
/// The scan keeps seven sets of lines, and while they are folded into what the next try must know, two more.
const BITS: f64 = 9.0;
/// Allocators round up, threads come and go.
const NOISE_KIB: u64 = 2 * 1024;

fn main() -> Outcome {
    support::main(bench)
}

fn bench() -> Outcome {
    let place = workplace()?;
    let server = Server::start(0)?;
    say("memory: peak resident set in KiB (wall seconds)")?;
    say("rows             whole run          resume")?;
    let few = row(place.path(), &server, FEW)?;
    let many = row(place.path(), &server, MANY)?;
    let growth = many.0.peak.saturating_sub(few.0.peak);
    verdict(
        &format!("{} KiB at 10 million rows; the target is at most {MOST_KIB}", many.0.peak),
        many.0.peak <= MOST_KIB,
    )?;
    verdict(
        &format!("{growth} KiB more than at 100,000; the target is at most {NOISE_KIB} of noise"),
        growth <= NOISE_KIB,
    )?;
    let resumed = many.1.peak.saturating_sub(few.1.peak);
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let bits = (resumed * 1024 * 8) as f64 / (MANY - FEW) as f64;
    verdict(&format!("{bits:.1} bits for each row settled before; the target is at most {BITS}"), bits <= BITS)
}

/// A run and its resume.
fn row(place: &Path, server: &Server, rows: u64) -> Outcome<(Measured, Measured)> {
    let input = customers(place, rows)?;
    let out = place.join(format!("run-{rows}"));
    let command = || {
        let mut command = tollgate(server, &input, &out, LIFTED);
        command.args(["--dedupe", "off"]);
        command
    };
    let whole = measure(&mut command())?;
    support::unfinish(&out)?;
    let resume = measure(&mut command())?;
    say(&format!("{rows:<10} {:>8} ({:>6.1}) {:>8} ({:>6.1})", whole.peak, whole.wall, resume.peak, resume.wall))?;
    fs::remove_file(input)?;
    fs::remove_dir_all(out)?;
    Ok((whole, resume))
}
