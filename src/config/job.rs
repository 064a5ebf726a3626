//! A mass operation: from flags to a complete job.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use super::{
    Again, Leniency, MemoryWish, Patience, SuppressWish, Surroundings, pipeline, rows, said, syncing,
    target::{Target, target},
    wanted::Wanted,
};
use crate::{
    cli::{CheckArgs, MassArgs, ResultsArgs},
    domain::{Action, Digest, Task},
    error::{Error, Exit},
    flow,
    remote::Description,
    report::{Place, Whereabouts},
    source::{self, InputName},
};

/// One mass operation, complete.
#[derive(Debug)]
pub struct Job {
    /// What the run is for.
    pub task: Task,
    /// The API.
    pub description: Description,
    /// Where rows come from.
    pub input: InputName,
    /// How they are read.
    pub source: source::Options,
    /// How they are sent.
    pub flow: flow::Options,
    /// To whom they are sent.
    pub target: Target,
    /// Where results go.
    pub place: Place,
    /// Where profiles go.
    pub profiles: ProfilesTo,
    /// A deletion whose looks the rows are held against; `None` is a real absence.
    pub against: Option<PathBuf>,
    /// What a sync remembers.
    pub memory: Option<MemoryWish>,
    /// The list of those who shall not come back: a deletion enters them, everything else heeds it.
    pub suppress: Option<SuppressWish>,
    /// The file with the key under which ids stand in what the run leaves; `None` where they stand in clear.
    pub hash_ids: Option<PathBuf>,
    /// What is asked of the input.
    pub patience: Patience,
    /// How the end is judged, and what is kept.
    pub leniency: Leniency,
    /// What was agreed to beforehand.
    pub consent: Consent,
    /// An input without rows is well.
    pub allow_empty: bool,
    /// The summary as JSON on stdout.
    pub json: bool,
    /// Who runs this, for the record.
    pub operator: String,
    /// Why, for the record: a ticket; may be empty.
    pub reference: String,
    /// The effective values of the flags that shape the run, for the record; never a secret.
    pub options_said: BTreeMap<String, String>,
    /// The same command once more, for hints.
    pub again: Again,
}

impl Job {
    /// Whether the same command would continue this run: a rehearsal is always new, and rows from stdin have no digest
    /// by which their run would be found again.
    #[must_use]
    pub fn can_be_continued(&self) -> bool {
        match (&self.target, &self.input, &self.place.whereabouts) {
            (Target::Sandbox(_), _, _) | (_, InputName::Stdin, Whereabouts::Under(_)) => false,
            (Target::Real { .. }, InputName::File(_), _) | (_, InputName::Stdin, Whereabouts::Exact(_)) => true,
        }
    }
}

/// Where the profiles go that are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfilesTo {
    /// No row asks for its profile.
    Nowhere,
    /// Into the run's directory.
    Directory,
    /// Into this file.
    File(PathBuf),
    /// Onto stdout.
    Stdout,
}

/// What was agreed to beforehand; `None` is a real absence: nothing is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Send nothing.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
    /// The app that the key must belong to.
    pub expect_app: Option<String>,
    /// How many rows the input must have.
    pub expect_rows: Option<u64>,
    /// The digest that the input must have.
    pub expect_sha256: Option<Digest>,
}

/// From flags to a complete job.
pub(super) fn configure(args: Wanted, again: Again, around: &Surroundings<'_>) -> Result<Job, Error> {
    one_thing_on_stdout(&args)?;
    needs_no_clear_ids(&args)?;
    let api = Description::load(&args.mass.connection.api.name)?;
    let (description, constants) = rows::constants(args.task, &args.mass.set, api)?;
    has_calls_for(&args, &description)?;
    can_name_its_app(&args.mass.checks, &description)?;
    let flow = flow_options(&args, &description, around);
    let source = rows::reading(&args, constants, &description, around)?;
    syncing::sees_every_row(args.memory.as_ref(), &source)?;
    let (patience, leniency) = pipeline::wishes(&args.mass, &source, args.memory.is_some())?;
    let MassArgs { path, checks, results, connection, allow_empty, set, .. } = args.mass;
    let hash_ids = results.hash_ids.clone();
    let mut job = Job {
        task: args.task,
        target: target(connection, &checks, flow.width, &description, around)?,
        input: path,
        allow_empty,
        json: results.json,
        operator: operator(&results, around),
        reference: results.reference.clone().unwrap_or_default(),
        consent: consent(checks, args.guards.yes),
        place: place(results, args.continue_from)?,
        profiles: args.profiles,
        against: args.against,
        memory: args.memory,
        suppress: args.suppress,
        hash_ids,
        patience,
        leniency,
        description,
        source,
        flow,
        options_said: BTreeMap::new(),
        again,
    };
    job.options_said = said::options(&job, &set);
    Ok(job)
}

/// What every row may ask for unless it says so itself, and what `--prune` would do.
fn has_calls_for(args: &Wanted, api: &Description) -> Result<(), Error> {
    let prunes = args.memory.as_ref().is_some_and(|memory| memory.prune.is_some());
    let missing = needed(args.wants.action)
        .iter()
        .copied()
        .chain(prunes.then_some(Action::Delete))
        .find(|action| !api.offers(*action));
    missing.map_or(Ok(()), |action| {
        let word = action.word();
        Err(Error::new(Exit::Config, format!("the description of {} has no call to {word} a profile", api.name()))
            .hint(format!("if the API has one, say it there, under [operations.{word}]")))
    })
}

/// The operations that an action is made of, as far as they can be missing.
const fn needed(action: Action) -> &'static [Action] {
    match action {
        Action::Upsert => &[Action::Create, Action::Update],
        Action::Create => &[Action::Create],
        Action::Update => &[Action::Update],
        Action::Delete => &[Action::Delete],
        Action::Get => &[Action::Get],
        Action::Verify => &[Action::Verify],
    }
}

fn can_name_its_app(args: &CheckArgs, api: &Description) -> Result<(), Error> {
    if args.expect_app.is_none() || api.names_apps() {
        return Ok(());
    }
    Err(Error::new(Exit::Usage, format!("--expect-app has no meaning for {}, whose answers name no app", api.name())))
}

/// Who reads profiles from stdout would stumble over a summary.
fn one_thing_on_stdout(args: &Wanted) -> Result<(), Error> {
    if args.profiles == ProfilesTo::Stdout && args.mass.results.json {
        return Err(Error::new(Exit::Usage, "--out-profiles - and --json both want stdout: give one of them"));
    }
    Ok(())
}

/// What a run writes besides its results, and reads again, cannot be hashed.
fn needs_no_clear_ids(args: &Wanted) -> Result<(), Error> {
    if args.mass.results.hash_ids.is_none() {
        return Ok(());
    }
    if args.memory.as_ref().is_some_and(|memory| memory.prune.is_some()) {
        return Err(Error::new(Exit::Usage, "--prune writes down in clear whom it deletes, against --hash-ids")
            .hint("leave out --prune, and give those who left to `tollgate delete --hash-ids`"));
    }
    if args.profiles == ProfilesTo::Directory {
        return Err(Error::new(
            Exit::Usage,
            "profiles name people, so they cannot be kept in the directory of a run with --hash-ids",
        )
        .hint("--out-profiles FILE or --out-profiles - takes them elsewhere"));
    }
    Ok(())
}

fn flow_options(args: &Wanted, api: &Description, around: &Surroundings<'_>) -> flow::Options {
    let Wanted { mass: MassArgs { pace, checks, .. }, guards, wants, .. } = args;
    let rate = pace.rate.unwrap_or_else(|| api.default_rate());
    flow::Options {
        rate,
        burst: pace.burst.unwrap_or_else(|| rate.default_burst()),
        width: pace.concurrency,
        max_attempts: pace.max_attempts,
        timeout: pace.timeout,
        max_hold: pace.max_hold,
        give_up_after: pace.give_up_after,
        max_duration: pace.max_duration.unwrap_or(Duration::MAX),
        grace: pace.grace,
        canary: guards.canary,
        look: guards.look,
        verify_after: guards.verify_after,
        max_delete: guards.max_delete,
        max_create: guards.max_create,
        max_changes: guards.max_changes,
        in_order: wants.in_order,
        compare: wants.compare,
        max_errors: checks.max_errors,
        max_absent: guards.max_absent,
        seed: around.seed,
    }
}

/// Who runs this: as said, or as the system knows them.
fn operator(args: &ResultsArgs, around: &Surroundings<'_>) -> String {
    args.operator
        .clone()
        .or_else(|| around.variable("USER"))
        .or_else(|| around.variable("LOGNAME"))
        .unwrap_or_else(|| "unknown".to_owned())
}

fn consent(args: CheckArgs, yes: bool) -> Consent {
    Consent {
        dry_run: args.dry_run,
        yes,
        expect_app: args.expect_app,
        expect_rows: args.expect_rows,
        expect_sha256: args.expect_sha256,
    }
}

fn place(args: ResultsArgs, continue_from: Option<PathBuf>) -> Result<Place, Error> {
    if continue_from.is_some() && args.out.is_none() {
        return Err(Error::new(Exit::Usage, "--continue-from needs --out")
            .hint("--out NEW --continue-from OLD writes to NEW and passes over what OLD settled well"));
    }
    if args.new && args.retry_failed {
        return Err(Error::new(Exit::Usage, "--new begins anew and --retry-failed goes on: give one of them"));
    }
    Ok(Place {
        whereabouts: args.out.map_or(Whereabouts::Under(args.runs_dir), Whereabouts::Exact),
        new: args.new,
        continue_from,
        retry_failed: args.retry_failed,
        group_readable: args.group_readable,
    })
}
