//! A mass operation: from flags to a complete job.

use std::{collections::BTreeMap, num::NonZeroU32, path::PathBuf, time::Duration};

use secrecy::SecretString;

use super::{
    Again, Amount, Leniency, MemoryWish, Patience, SuppressWish, Surroundings, part::part, reading::reading, said,
    sandbox, wanted::Wanted,
};
use crate::{
    cli::{CheckArgs, ConnectionArgs, FaultArgs, ResultsArgs},
    domain::{Digest, Task},
    error::{Error, Exit},
    flow,
    remote::{self, ClientIdentity, Description, KeySource},
    report::{Place, Whereabouts},
    sandbox::{Faults, Part},
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
    /// Of several rows of one identity only the last one is sent.
    pub last_wins: bool,
    /// The list of those who shall not come back: a deletion enters them, everything else heeds it.
    pub suppress: Option<SuppressWish>,
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

/// To whom requests are sent.
#[derive(Debug, Clone)]
pub enum Target {
    /// The API itself.
    Real {
        /// How it is reached.
        connection: Connection,
        /// Where the key comes from.
        key: KeyWish,
    },
    /// A stand-in inside this process.
    Sandbox(Rehearsal),
}

/// A stand-in inside this process.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// Which API it plays.
    pub part: Part,
    /// How it misbehaves.
    pub faults: Faults,
    /// Seeds profile ids and faults.
    pub seed: u64,
    /// How it is reached: without base URL, proxy and certificates.
    pub connection: Connection,
}

/// Where the key comes from. A dry run never asks.
#[derive(Debug, Clone)]
pub enum KeyWish {
    /// A file.
    File(PathBuf),
    /// The API's own environment variable, as it was found.
    Given(SecretString),
    /// A hidden prompt on the terminal.
    Ask,
}

/// [`remote::Options`] before the key is known; meanings as there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    base_url: Option<String>,
    ca_cert: Option<PathBuf>,
    client_identity: Option<ClientIdentity>,
    proxy: Option<String>,
    allow_http: bool,
    connect_timeout: Duration,
    width: NonZeroU32,
}

impl Connection {
    /// Elsewhere: a stand-in's address.
    #[must_use]
    pub fn at(self, base_url: String) -> Self {
        Self { base_url: Some(base_url), ..self }
    }

    /// Where the API lives, if not where its description says.
    #[must_use]
    pub fn base_url(&self) -> Option<&str> {
        self.base_url.as_deref()
    }

    /// Complete, with the key.
    #[must_use]
    pub fn with(self, key: KeySource) -> remote::Options {
        remote::Options {
            base_url: self.base_url,
            key,
            ca_cert: self.ca_cert,
            client_identity: self.client_identity,
            proxy: self.proxy,
            allow_http: self.allow_http,
            connect_timeout: self.connect_timeout,
            width: self.width,
        }
    }
}

/// From flags to a complete job.
pub(super) fn configure(args: Wanted, again: Again, around: &Surroundings<'_>) -> Result<Job, Error> {
    one_thing_on_stdout(&args)?;
    let description = Description::load(&args.connection.api)?;
    let flow = flow_options(&args, &description, around);
    let source = reading(args.task.usual(), &args.input, &description, around)?;
    let options_said = said::options(&flow, &source, &args.profiles, args.against.as_deref());
    can_name_its_app(&args.checks, &description)?;
    Ok(Job {
        task: args.task,
        target: target(args.connection, &args.checks, flow.width, &description, around)?,
        input: args.path,
        allow_empty: args.allow_empty,
        json: args.results.json,
        operator: operator(&args.results, around),
        reference: args.results.reference.clone().unwrap_or_default(),
        consent: consent(args.checks, args.guards.yes),
        place: place(args.results, args.continue_from)?,
        profiles: args.profiles,
        against: args.against,
        memory: None,
        last_wins: false,
        suppress: None,
        patience: Patience::default(),
        leniency: Leniency { tolerate: Amount::Rows(0), keep_runs: None },
        description,
        source,
        flow,
        options_said,
        again,
    })
}

fn can_name_its_app(args: &CheckArgs, api: &Description) -> Result<(), Error> {
    if args.expect_app.is_none() || api.names_apps() {
        return Ok(());
    }
    Err(Error::new(Exit::Usage, format!("--expect-app has no meaning for {}, whose answers name no app", api.name())))
}

/// Who reads profiles from stdout would stumble over a summary.
fn one_thing_on_stdout(args: &Wanted) -> Result<(), Error> {
    if args.profiles == ProfilesTo::Stdout && args.results.json {
        return Err(Error::new(Exit::Usage, "--out-profiles - and --json both want stdout: give one of them"));
    }
    Ok(())
}

fn flow_options(args: &Wanted, api: &Description, around: &Surroundings<'_>) -> flow::Options {
    let Wanted { pace, guards, checks, .. } = args;
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
        max_create: u64::MAX,
        max_changes: u64::MAX,
        in_order: false,
        compare: false,
        max_errors: checks.max_errors,
        max_absent: guards.max_absent,
        seed: around.seed,
    }
}

fn target(
    args: ConnectionArgs,
    checks: &CheckArgs,
    width: NonZeroU32,
    api: &Description,
    around: &Surroundings<'_>,
) -> Result<Target, Error> {
    if checks.sandbox {
        let part = part(&args.api, api);
        return Ok(Target::Sandbox(rehearsal(part, args.connect_timeout, &checks.sandbox_faults, width)));
    }
    let key = key(args.api_key_file.clone(), api, around);
    Ok(Target::Real { connection: connection(args, width)?, key })
}

/// Nothing of the real connection is left, so that no flag or variable can lead a rehearsal elsewhere.
fn rehearsal(part: Part, connect_timeout: Duration, faults: &FaultArgs, width: NonZeroU32) -> Rehearsal {
    Rehearsal {
        part,
        seed: faults.seed,
        faults: sandbox::faults(faults),
        connection: Connection {
            base_url: None,
            ca_cert: None,
            client_identity: None,
            proxy: None,
            allow_http: false,
            connect_timeout,
            width,
        },
    }
}

fn key(file: Option<PathBuf>, api: &Description, around: &Surroundings<'_>) -> KeyWish {
    match file {
        Some(file) => KeyWish::File(file),
        None => around.variable(api.key_variable()).map_or(KeyWish::Ask, |key| KeyWish::Given(key.into())),
    }
}

fn connection(args: ConnectionArgs, width: NonZeroU32) -> Result<Connection, Error> {
    Ok(Connection {
        base_url: args.base_url.as_deref().map(base_url).transpose()?,
        ca_cert: args.ca_cert,
        client_identity: client_identity(args.client_cert, args.client_key)?,
        proxy: args.proxy,
        allow_http: args.allow_http,
        connect_timeout: args.connect_timeout,
        width,
    })
}

fn base_url(text: &str) -> Result<String, Error> {
    let url = text.trim().trim_end_matches('/');
    if ["https://", "http://"].iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme)) {
        Ok(url.to_owned())
    } else {
        Err(Error::new(Exit::Config, "--base-url is not a URL that begins with https:// or http://")
            .hint("for example --base-url https://api.example.com"))
    }
}

fn client_identity(certificate: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<ClientIdentity>, Error> {
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(ClientIdentity { certificate, key })),
        (Some(_), None) => Err(Error::new(Exit::Usage, "--client-cert needs --client-key, the certificate's key")),
        (None, Some(_)) => Err(Error::new(Exit::Usage, "--client-key needs --client-cert, the key's certificate")),
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
