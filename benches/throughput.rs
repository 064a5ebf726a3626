//! Throughput: what the house costs beside the requests themselves.
//!
//! Measured: user and system time of the whole process `tollgate delete` for 200,000 deletions over loopback, 64 wide,
//! its pace lifted, everything on (two passes over the input, the look, the canary, results, chain, syncing on the
//! build's disk), as a multiple of the same for a bare `reqwest` loop with the same client settings, headers, width and
//! server that does none of that. Both run in turn, three times, and their medians are compared. Wall time is shown,
//! but with few cores it is shared with the server.
//! Not measured: the server, TLS, HTTP/2, a real network.

mod support;

use support::{LIFTED, Outcome, Server, customers, measure, median, peer, say, tollgate, verdict, workplace};

const ROWS: u64 = 200_000;
const ROUNDS: usize = 3;
const TARGET: f64 = 1.3;

fn main() -> Outcome {
    support::main(bench)
}

fn bench() -> Outcome {
    let place = workplace()?;
    let input = customers(place.path(), ROWS)?;
    let server = Server::start(0)?;
    say("throughput: CPU seconds (wall seconds) for 200,000 deletions")?;
    say("round      bare loop        tollgate")?;
    let (mut bare, mut ours) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        let loop_took = peer(&server, ROWS)?;
        let tollgate_took =
            measure(&mut tollgate(&server, &input, &place.path().join(format!("run-{round}")), LIFTED))?;
        say(&format!(
            "{round:<5} {:>7.2} ({:>5.2}) {:>7.2} ({:>5.2})",
            loop_took.cpu, loop_took.wall, tollgate_took.cpu, tollgate_took.wall
        ))?;
        bare.push(loop_took.cpu);
        ours.push(tollgate_took.cpu);
    }
    let ratio = median(ours) / median(bare);
    verdict(&format!("{ratio:.2} times the bare loop's CPU; the target is at most {TARGET}"), ratio <= TARGET)
}
