//! Latency and pace: how well the house fills the wire, and how evenly it goes.
//!
//! Measured, first: requests per second of wall time, 64 wide, against a server that answers after 50 ms, from the
//! first DELETE's arrival at the server to the last one's, for `tollgate delete` (its pace lifted, no canary) as a part
//! of the same for a bare `reqwest` loop; in turn, three times, medians.
//! Measured, second: a pace of 500/s with its default burst of 25, as arrivals at the server: the mean pace over the
//! minute from the first arrival to the last, and the densest window of one second wherever it begins. A request passes
//! the gate a little before it arrives, and a busy machine may deliver two late ones at once: two per cent of the pace
//! (10 arrivals) are granted for that.
//! Not measured: start, counting and closing; TLS, HTTP/2, a real network.

mod support;

use support::{Arrivals, LIFTED, Outcome, Server, customers, measure, median, peer, say, tollgate, verdict, workplace};

/// At 64 in 50 ms, about ten seconds' worth.
const ROWS: u64 = 12_800;
const LATENCY: u64 = 50;
const ROUNDS: usize = 3;
const TARGET: f64 = 0.98;

const PACE: u64 = 500;
const BURST: u64 = PACE / 20;
const MINUTE: u64 = 60;
const TOLERANCE: f64 = 0.01;
/// What delivery may add to a window.
const GRANTED: u64 = PACE / 50;

fn main() -> Outcome {
    support::main(|| {
        width()?;
        pace()
    })
}

fn width() -> Outcome {
    let place = workplace()?;
    let input = customers(place.path(), ROWS)?;
    say("latency: requests per second, 64 wide against 50 ms")?;
    say("round  bare loop  tollgate")?;
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let server = Server::start(LATENCY)?;
        peer(&server, ROWS)?;
        let bare_rate = rate(&server.arrivals()?);
        let server = Server::start(LATENCY)?;
        measure(tollgate(&server, &input, &place.path().join(format!("run-{round}")), LIFTED).args(["--canary", "0"]))?;
        let our_rate = rate(&server.arrivals()?);
        say(&format!("{round:<5} {bare_rate:>10.1} {our_rate:>9.1}"))?;
        bare.push(bare_rate);
        ours.push(our_rate);
    }
    let ratio = median(ours) / median(bare);
    verdict(&format!("{:.1}% of the bare loop; the target is at least 98%", ratio * 100.0), ratio >= TARGET)
}

fn pace() -> Outcome {
    let place = workplace()?;
    let input = customers(place.path(), PACE * MINUTE)?;
    let server = Server::start(0)?;
    let asked = format!("{PACE}/s");
    let mut command = tollgate(&server, &input, &place.path().join("run"), &asked);
    measure(command.args(["--canary", "0"]))?;
    let arrivals = server.arrivals()?;
    let mean = rate(&arrivals);
    let bound = PACE + BURST + GRANTED;
    say(&format!("pace: {} deletions at {asked} took {:.2} s", arrivals.count, arrivals.span))?;
    verdict(
        &format!("{mean:.2}/s on average; the target is within 1% of {asked}"),
        (mean / 500.0 - 1.0).abs() <= TOLERANCE,
    )?;
    verdict(
        &format!("{} in the densest second; the bound is {PACE} + {BURST} + {GRANTED} granted", arrivals.densest),
        arrivals.densest <= bound,
    )
}

/// Requests per second between the first arrival and the last.
fn rate(arrivals: &Arrivals) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "thousands")]
    let count = arrivals.count.saturating_sub(1) as f64;
    count / arrivals.span
}
