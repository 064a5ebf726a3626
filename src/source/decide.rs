//! The pass that decides about every row before the first call.
//!
//! Promises: where the last one wins, each identity's last row that may be sent counts, and only that; but a deletion does
//! not count instead of a later row that is impossible. Whoever remembers is asked about each row that counts, and is told
//! who stands in a row that cannot be sent. It verifies nothing about the input's digest: the main pass does.

use std::io::Read;

use super::{
    bench::Bench,
    decision::Decision,
    options::Options,
    readings::{Carry, Readings},
    survey::Survey,
};
use crate::{
    domain::{Past, Recall},
    error::Error,
};

/// Decides about each of our rows, with the same `options` as `survey` was made with. `recall` is asked about each row
/// that counts: the last one of each identity that can be sent with [`Counting::Last`](super::Counting), else every one. What earlier
/// tries settled is asked about as well, but is in no set and in no count. `recall` stays on this thread, wherever `carry`
/// reads.
///
/// The input is opened once more, from its beginning, where the last row of some identity turns out to be none that can be
/// sent: the rows before these count instead, and `recall` hears of them at the end. But a deletion does not count instead
/// of a row whose fields are impossible, or that leaves everything as it is: it stays superseded. It is opened once more, too, where `recall` wants to be asked
/// again.
///
/// # Errors
/// [`Exit::Data`](crate::error::Exit::Data) as for [`super::survey`], and whatever `open` says.
pub fn decide<R: Read>(
    open: &dyn Fn() -> Result<R, Error>,
    name: &str,
    options: &Options,
    survey: &Survey,
    past: &Past,
    recall: Option<&mut dyn Recall>,
    carry: Carry<R>,
) -> Result<Decision, Error> {
    let mut bench = Bench::new(options, &survey.suspects, past, recall);
    let hashing = bench.hashing(options);
    let mut readings = Readings::open(open()?, name, options)?;
    carry(&mut readings, &hashing, &mut |pile| bench.take(pile))?;
    loop {
        let rest = bench.rest();
        if rest.is_empty() {
            return Ok(bench.finish(readings.schema()));
        }
        let mut once_more = Readings::open(open()?, name, options)?.only(rest);
        carry(&mut once_more, &hashing, &mut |pile| bench.take_again(pile))?;
    }
}
