//! What is asked of an input that a pipeline makes, and of a run that nobody watches.

use super::{Amount, Leniency, Patience};
use crate::{
    cli::{MassArgs, PipelineArgs},
    error::{Error, Exit},
    source::{InputName, Options},
};

/// What is asked of the input, and how the end is judged.
pub(super) fn wishes(args: &MassArgs, source: &Options, remembers: bool) -> Result<(Patience, Leniency), Error> {
    let pipeline = &args.pipeline;
    needs_every_row(pipeline, source)?;
    if args.path == InputName::Stdin {
        needs_no_file(pipeline)?;
    }
    if args.results.out.is_some() {
        needs_no_other_runs(pipeline, remembers)?;
    }
    let patience = Patience {
        wait: pipeline.wait_for_input.unwrap_or_default(),
        max_age: pipeline.max_input_age,
        min_rows: pipeline.min_rows,
    };
    Ok((patience, Leniency { tolerate: pipeline.tolerate, keep_runs: pipeline.keep_runs }))
}

fn needs_no_file(args: &PipelineArgs) -> Result<(), Error> {
    let (flag, why) = if args.wait_for_input.is_some() {
        ("--wait-for-input", "stdin waits by itself")
    } else if args.max_input_age.is_some() {
        ("--max-input-age", "stdin has no age")
    } else if args.min_rows.is_some() {
        ("--min-rows", "how many rows stdin has is known only at its end")
    } else {
        return Ok(());
    };
    Err(Error::new(Exit::Usage, format!("{flag} needs a file: {why}")).hint("write the rows into a file first"))
}

/// The rows of last time may have been those of another part.
fn needs_every_row(args: &PipelineArgs, source: &Options) -> Result<(), Error> {
    match args.min_rows {
        Some(Amount::Percent(_)) if !source.takes_every_row() => Err(Error::new(
            Exit::Usage,
            "--min-rows with a share of the rows of last time needs the whole input, not --skip, --limit or --shard",
        )
        .hint("give a number of rows")),
        Some(Amount::Percent(_) | Amount::Rows(_)) | None => Ok(()),
    }
}

/// With `--out` the run's directory stands alone.
fn needs_no_other_runs(args: &PipelineArgs, remembers: bool) -> Result<(), Error> {
    match args.min_rows {
        Some(Amount::Percent(_)) if !remembers => Err(Error::new(
            Exit::Usage,
            "--min-rows with a share has no last run to look at where --out names one directory",
        )
        .hint("give a number of rows, or --runs-dir instead of --out")),
        Some(Amount::Percent(_) | Amount::Rows(_)) | None => Ok(()),
    }?;
    if args.keep_runs.is_some() {
        return Err(Error::new(
            Exit::Usage,
            "--keep-runs has no other runs to take away where --out names one directory",
        )
        .hint("--runs-dir keeps runs side by side"));
    }
    Ok(())
}
