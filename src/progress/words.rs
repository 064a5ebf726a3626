//! What a spectator says: pure functions of the pulse.

use std::time::Duration;

use crate::{
    domain::{Verdict, say_count, say_duration},
    flow::Pulse,
};

/// Rows that are settled, those of earlier tries included.
#[must_use]
pub fn settled(pulse: &Pulse) -> u64 {
    pulse.skipped.saturating_add(pulse.tally.settled())
}

/// The bar's first line: `82,400 of 200,000 (41.2%), ETA 1h 38m`.
#[must_use]
pub fn headline(pulse: &Pulse) -> String {
    match eta(pulse) {
        Some(eta) => format!("{}, ETA {}", share(pulse), say_duration(eta)),
        None => share(pulse),
    }
}

/// The bar's second line: first what is out of the ordinary, since a narrow terminal cuts the end.
#[must_use]
pub fn details(pulse: &Pulse) -> String {
    let mut parts: Vec<String> = trouble(pulse).into_iter().collect();
    parts.push(format!("{:.1} requests/s now", pulse.rate));
    parts.push(format!("{} in flight", pulse.in_flight));
    parts.push(counted(pulse.retries, "retry", "retries"));
    parts.push(format!("{} failed", say_count(failed(pulse))));
    parts.extend(overall(pulse).map(|rate| format!("{rate:.1} rows/s overall")));
    parts.join(" · ")
}

/// The plain line: `settled 82,400 of 200,000 (41.2%), 20.0 requests/s, 12 in flight, 3 retries, 0 failed, ETA 1h 38m`.
#[must_use]
pub fn line(pulse: &Pulse) -> String {
    let mut parts = vec![
        format!("settled {}", share(pulse)),
        format!("{:.1} requests/s", pulse.rate),
        format!("{} in flight", pulse.in_flight),
        counted(pulse.retries, "retry", "retries"),
        format!("{} failed", say_count(failed(pulse))),
    ];
    parts.extend(eta(pulse).map(|eta| format!("ETA {}", say_duration(eta))));
    parts.extend(trouble(pulse));
    parts.join(", ")
}

/// `82,400 of 200,000 (41.2%)`, or `82,400 rows` while the total is unknown.
fn share(pulse: &Pulse) -> String {
    let done = settled(pulse);
    match pulse.total {
        None => counted(done, "row", "rows"),
        Some(0) => "0 of 0".to_owned(),
        Some(total) => format!("{} of {} ({})", say_count(done), say_count(total), per_cent(done, total)),
    }
}

/// In tenths, rounded down: 100.0% is said when it is true.
fn per_cent(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1000 / u128::from(whole.max(1));
    format!("{}.{}%", tenths / 10, tenths % 10)
}

fn failed(pulse: &Pulse) -> u64 {
    pulse.tally.of(Verdict::Failed)
}

/// Rows of this try per second since it began; rows that earlier tries settled cost no time and do not count.
fn overall(pulse: &Pulse) -> Option<f64> {
    let seconds = pulse.elapsed.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate that is shown with one decimal")]
    let rate = pulse.tally.total() as f64 / seconds;
    (seconds > 0.0 && rate > 0.0).then_some(rate)
}

/// How long the rest takes at the overall rate; unknown before the first row and when the total is.
fn eta(pulse: &Pulse) -> Option<Duration> {
    let left = pulse.total?.saturating_sub(pulse.skipped).saturating_sub(pulse.tally.total());
    #[expect(clippy::cast_precision_loss, reason = "an estimate that is shown in two units")]
    let seconds = left as f64 / overall(pulse)?;
    Duration::try_from_secs_f64(seconds.ceil()).ok()
}

/// Why nothing moves, or not at the usual pace: the strongest reason alone.
fn trouble(pulse: &Pulse) -> Option<String> {
    if pulse.draining {
        Some("leaving: waiting for what is on the wire".to_owned())
    } else if pulse.investigating {
        Some("a suspicious answer is looked into".to_owned())
    } else if let Some(since) = pulse.outage {
        Some(format!("the API has not answered for {}", say_duration(since)))
    } else {
        pulse.held.map(|left| format!("held: the API asked for a pause, {} left", say_duration(left)))
    }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", say_count(count), if count == 1 { one } else { many })
}
