//! The reader at its first row, and whom to look at before anything is touched; or the rows of a finished run once more.

use super::{
    beforehand::Beforehand,
    expect,
    input::{Bytes, Input},
};
use crate::{
    config::Job,
    domain::{Batch, Past, Row, Sample, Subject},
    error::{Error, Exit},
    report::State,
    source::{Decision, Reader},
};

/// How many identities are looked at before anything is touched.
const LOOKS: usize = 20;

/// The reader at its first row, and whom to look at.
pub(super) struct Opening {
    pub(super) reader: Reader<Bytes>,
    /// What had to be read of stdin to have somebody to look at.
    pub(super) first: Option<Batch>,
    pub(super) samples: Vec<Sample>,
}

impl Opening {
    /// Samples are spread over the file; where earlier tries left too few of them, the next rows are taken.
    ///
    /// Where a pass over the whole input decided which rows will be sent, it chose among these.
    pub(super) fn of(input: &Input, job: &Job, past: &Past, decision: Option<&Decision>) -> Result<Self, Error> {
        let reader = input.reader(&job.source)?;
        if let Some(decision) = decision {
            return Ok(Self { reader, first: None, samples: spread(decision.samples.clone()) });
        }
        let Some(survey) = input.survey() else { return Self::of_stdin(reader.replaying(), job, past) };
        // Whoever shall not come back is not asked about either.
        let is_erased = |sample: &Sample| past.suppressed.as_ref().is_some_and(|list| list.holds(&sample.identity));
        let is_left = |sample: &&Sample| !past.settled.contains(sample.line) && !is_erased(sample);
        let left = survey.samples.iter().filter(is_left).cloned().collect();
        let mut samples = spread(left);
        if samples.len() < LOOKS && !past.settled.is_empty() {
            samples = next_rows(input.reader(&job.source)?, past)?;
        }
        Ok(Self { reader, first: None, samples })
    }

    fn of_stdin(mut reader: Reader<Bytes>, job: &Job, past: &Past) -> Result<Self, Error> {
        let mut first = Batch::default();
        // Of a pipe nobody knows yet what the other shards take.
        if !reader.next(past, &mut first)? && !expect::may_be_empty(job, u64::MAX) {
            return Err(expect::no_rows());
        }
        let samples = spread(first.rows.iter().filter_map(sample).collect());
        Ok(Self { reader, first: Some(first), samples })
    }
}

/// The first rows that are left.
fn next_rows(mut reader: Reader<Bytes>, past: &Past) -> Result<Vec<Sample>, Error> {
    let (mut samples, mut batch) = (Vec::new(), Batch::default());
    while samples.len() < LOOKS && reader.next(past, &mut batch)? {
        samples.extend(batch.rows.iter().filter_map(sample));
    }
    samples.truncate(LOOKS);
    Ok(samples)
}

fn sample(row: &Row) -> Option<Sample> {
    match &row.subject {
        Subject::Known(identity) => Some(Sample { line: row.line, identity: identity.clone() }),
        Subject::Spared(..) | Subject::Malformed { .. } => None,
    }
}

/// At most [`LOOKS`] of them, evenly.
fn spread(samples: Vec<Sample>) -> Vec<Sample> {
    let count = samples.len();
    let wanted = count.min(LOOKS);
    let mut chosen = (0..wanted).map(|nth| nth * count / wanted.max(1)).peekable();
    let picked = samples.into_iter().enumerate().filter(|(place, _)| chosen.next_if_eq(place).is_some());
    picked.map(|(_, sample)| sample).collect()
}

/// The rows of a finished run once more, which are not sent, where there is anything to be learned or done by them.
///
/// Stdin has no digest: that the run is about these very rows is known only when all of them were read. And a list that is
/// given only now does not know whom the run has deleted.
///
/// # Errors
/// 65 when they are others, or more; as [`Beforehand::prepare`].
pub(super) fn once_more(
    input: &Input,
    job: &Job,
    past: &Past,
    state: &State,
    beforehand: &Beforehand,
) -> Result<(), Error> {
    let is_known = input.survey().is_some();
    if is_known && !past.names_settled {
        return Ok(());
    }
    let reader = input.reader(&job.source)?;
    let mut reader = if is_known { reader } else { reader.replaying() };
    let (mut batch, mut without_line) = (Batch::default(), 0);
    while reader.next(past, &mut batch)? {
        without_line += batch.rows.len() as u64;
        batch = beforehand.prepare(batch)?.into_batch();
    }
    if reader.finish()?.rows == state.rows_read && without_line <= state.totals.of(crate::domain::Verdict::Failed) {
        return Ok(());
    }
    Err(Error::new(Exit::Data, "stdin has other rows than the finished run in this directory")
        .hint("give a new list another directory with --out"))
}
