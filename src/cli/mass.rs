//! The flags that every mass operation takes. Those that are hidden here show under `--help-all`.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    path::PathBuf,
    time::Duration,
};

use clap::Args;

use super::{FaultArgs, values};
use crate::{
    domain::{Amount, Digest, parse_duration},
    flow::{MaxAbsent, MaxErrors, Rate},
    remote::ApiName,
    source::{Dedupe, Format, InputName, Shard},
};

/// What every mass operation takes.
#[derive(Debug, Args)]
pub struct MassArgs {
    /// The file with the rows, or - for stdin
    ///
    /// CSV, JSON Lines, or one id a line; plain, gzip or zstd: recognised by name and content. stdin cannot be continued
    /// unless --out names the run's directory and the same rows are given again.
    #[arg(value_name = "INPUT", value_parser = values::input())]
    pub path: InputName,
    /// How it is read.
    #[command(flatten)]
    pub input: InputArgs,
    /// An input without rows is an error unless this is given
    #[arg(long, env = "TOLLGATE_ALLOW_EMPTY", hide = true, help_heading = "Input")]
    pub allow_empty: bool,
    /// A constant for the whole run; may be given several times
    ///
    /// A field of create, update and sync, which every row gets that has no value of its own there; or what the API
    /// wants to be told by any command (Crafter: tenantName). It has no environment name, since a value may hold any
    /// character that could stand between two of them.
    #[arg(long, value_name = "FIELD=VALUE", help_heading = "Input", value_parser = values::setting)]
    pub set: Vec<(String, String)>,
    /// What is asked of an input that a pipeline makes.
    #[command(flatten)]
    pub pipeline: PipelineArgs,
    /// What must hold, and when to stop.
    #[command(flatten)]
    pub checks: CheckArgs,
    /// How fast.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// Where results go.
    #[command(flatten)]
    pub results: ResultsArgs,
    /// How the API is reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// How the input is read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// The column (or JSON key) with your own ids [default: the API's name for them, customer_user_id]
    ///
    /// A row with both kinds of id goes by the API's own id and, when that is not found, by yours. With --no-header it
    /// is the column's number, from 1 on.
    #[arg(long, value_name = "NAME", env = "TOLLGATE_ID_COLUMN")]
    pub id_column: Option<String>,
    /// The column (or JSON key) with the API's own ids [default: the API's name for them, profile_id]
    #[arg(long, value_name = "NAME", env = "TOLLGATE_PROFILE_ID_COLUMN")]
    pub profile_id_column: Option<String>,
    /// How records are written: csv, jsonl, lines (bare ids) [default: recognised by name and content]
    #[arg(long, value_name = "FORMAT", env = "TOLLGATE_FORMAT", hide_possible_values = true,
          value_parser = values::format())]
    pub format: Option<Format>,
    /// Take so many rows at most (after --skip)
    #[arg(long, value_name = "N", env = "TOLLGATE_LIMIT")]
    pub limit: Option<u64>,
    /// Between the fields of CSV: one character, or tab [default: recognised by content]
    #[arg(long, value_name = "CHAR", env = "TOLLGATE_DELIMITER", hide = true, value_parser = values::delimiter)]
    pub delimiter: Option<u8>,
    /// The first line of CSV holds ids already; columns are given by number
    #[arg(long, env = "TOLLGATE_NO_HEADER", hide = true)]
    pub no_header: bool,
    /// Pass over so many rows at the beginning
    #[arg(long, value_name = "N", default_value_t = 0, env = "TOLLGATE_SKIP", hide = true)]
    pub skip: u64,
    /// Take only the K-th of N parts of the rows, K from 0 on like JOB_COMPLETION_INDEX; divide --rate by N
    #[arg(long, value_name = "K/N", default_value = "0/1", env = "TOLLGATE_SHARD", hide = true,
          value_parser = values::shard)]
    pub shard: Shard,
    /// Send a repeated id once: on, off, or auto (on up to a million rows, where no fields are set; costs memory for each)
    #[arg(long, value_name = "WHEN", default_value = "auto", env = "TOLLGATE_DEDUPE", hide = true,
          hide_possible_values = true, value_parser = values::dedupe())]
    pub dedupe: Dedupe,
    /// Send ids that look like a spreadsheet's or a database's accident (1.23457E+15, #N/A, NULL) all the same
    #[arg(long, env = "TOLLGATE_ALLOW_ODD_IDS", hide = true)]
    pub allow_odd_ids: bool,
}

impl InputArgs {
    /// As if nothing had been said, by the same parser.
    pub(crate) fn unsaid() -> Result<Self, String> {
        super::group([]).map_err(|told| told.to_string())
    }
}

/// What is asked of an input that a pipeline makes, and of a run that nobody watches.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pipeline")]
pub struct PipelineArgs {
    /// Stop before the first call unless the input has so many rows, or so many per cent of the last complete run's
    #[arg(long, value_name = "N|N%", env = "TOLLGATE_MIN_ROWS", value_parser = Amount::parse)]
    pub min_rows: Option<Amount>,
    /// Leave with 0 although so many rows, or so many per cent of all, were refused, failed or invalid
    #[arg(long, value_name = "N|N%", default_value = "0", env = "TOLLGATE_TOLERATE", value_parser = Amount::parse)]
    pub tolerate: Amount,
    /// Wait so long for a file that is not there yet [default: not at all]
    #[arg(long, value_name = "DURATION", env = "TOLLGATE_WAIT_FOR_INPUT", hide = true, value_parser = parse_duration)]
    pub wait_for_input: Option<Duration>,
    /// Stop before the first call when the file was written longer ago than this: last night's export
    #[arg(long, value_name = "DURATION", env = "TOLLGATE_MAX_INPUT_AGE", hide = true, value_parser = parse_duration)]
    pub max_input_age: Option<Duration>,
    /// After a complete run, keep the last N complete runs of this command and take older ones away
    #[arg(long, value_name = "N", env = "TOLLGATE_KEEP_RUNS", hide = true)]
    pub keep_runs: Option<NonZeroUsize>,
}

/// What must hold before the first call, and when to stop: for every mass operation.
#[derive(Debug, Args)]
#[command(next_help_heading = "Safety")]
pub struct CheckArgs {
    /// Read, check and count everything, send nothing, and print the real command
    #[arg(short = 'n', long, env = "TOLLGATE_DRY_RUN")]
    pub dry_run: bool,
    /// Rehearse against a stand-in inside this process; nothing real is touched
    ///
    /// Needs no key and asks nothing; --base-url, --proxy and certificates are not looked at. It has no
    /// environment name: nothing may linger that makes a change pretended.
    #[arg(long)]
    pub sandbox: bool,
    /// How the stand-in misbehaves: latency=50ms,server-error=5%,limit=100/s (the flags of `tollgate sandbox`)
    #[arg(long, value_name = "FAULTS", default_value = "", env = "TOLLGATE_SANDBOX_FAULTS", hide = true, requires = "sandbox",
          hide_default_value = true, value_parser = FaultArgs::parse)]
    pub sandbox_faults: FaultArgs,
    /// Stop before the first call unless the key belongs to this app
    #[arg(long, value_name = "ID", env = "TOLLGATE_EXPECT_APP")]
    pub expect_app: Option<String>,
    /// Stop before the first call unless the input has exactly so many rows
    #[arg(long, value_name = "N", env = "TOLLGATE_EXPECT_ROWS")]
    pub expect_rows: Option<u64>,
    /// Stop before the first call unless the input has this SHA-256 digest
    #[arg(long, value_name = "HEX", env = "TOLLGATE_EXPECT_SHA256", value_parser = values::digest)]
    pub expect_sha256: Option<Digest>,
    /// Stop when more than so many rows (50) or per cent of the answered (20%, from 100 on) are refused or failed
    #[arg(long, value_name = "N|N%", default_value = "20%", env = "TOLLGATE_MAX_ERRORS",
          value_parser = values::max_errors)]
    pub max_errors: MaxErrors,
}

/// When nobody seems to be there.
#[derive(Debug, Args)]
#[command(next_help_heading = "Safety")]
pub struct AbsentArgs {
    /// Stop when so many per cent of the first 200 answered rows were not there (from 50 on), or off
    ///
    /// The key then probably belongs to another app, or the work was done already.
    #[arg(long, value_name = "N%|off", default_value = "95%", env = "TOLLGATE_MAX_ABSENT",
          value_parser = values::max_absent)]
    pub max_absent: MaxAbsent,
}

/// How fast.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pace")]
pub struct PaceArgs {
    /// Requests of any kind per second (20/s), minute (600/m) or hour [default: the API's; Adapty: 20/s]
    ///
    /// The limit belongs to the key, which your live backend may share. A 429 halves the pace, which then creeps back.
    #[arg(long, visible_alias = "tpslimit", value_name = "RATE", env = "TOLLGATE_RATE", value_parser = Rate::parse)]
    pub rate: Option<Rate>,
    /// Requests on the wire at once
    ///
    /// Width caps rate (Little's law): 8 wide at 100 ms is 80/s, whatever --rate says. The closing line tells when
    /// width was the limit.
    #[arg(
        short = 'c',
        long,
        short_alias = 'j',
        alias = "jobs",
        value_name = "N",
        default_value = "16",
        env = "TOLLGATE_CONCURRENCY"
    )]
    pub concurrency: NonZeroU32,
    /// Leave (75) after so much time; the same command goes on [default: unbounded]
    #[arg(long, value_name = "DURATION", env = "TOLLGATE_MAX_DURATION", value_parser = parse_duration)]
    pub max_duration: Option<Duration>,
    /// Leave (75) when the API has not answered for so long
    #[arg(long, value_name = "DURATION", default_value = "2h", env = "TOLLGATE_GIVE_UP_AFTER",
          value_parser = parse_duration)]
    pub give_up_after: Duration,
    /// Leave (75) when the API asks for a longer pause than this
    #[arg(long, value_name = "DURATION", default_value = "15m", env = "TOLLGATE_MAX_HOLD", hide = true,
          value_parser = parse_duration)]
    pub max_hold: Duration,
    /// Requests that may leave at once after a lull [default: a twentieth of a second's worth, at least 1]
    #[arg(long, value_name = "N", env = "TOLLGATE_BURST", hide = true)]
    pub burst: Option<NonZeroU32>,
    /// Attempts (not retries) that may count against one row before it is failed
    #[arg(long, value_name = "N", default_value = "10", env = "TOLLGATE_MAX_ATTEMPTS", hide = true)]
    pub max_attempts: NonZeroU32,
    /// How long one attempt may take, its answer included
    #[arg(long, value_name = "DURATION", default_value = "30s", env = "TOLLGATE_TIMEOUT", hide = true,
          value_parser = values::some_time)]
    pub timeout: Duration,
    /// How long requests on the wire are awaited after the first signal; below Kubernetes' 30 s
    #[arg(long, value_name = "DURATION", default_value = "25s", env = "TOLLGATE_GRACE", hide = true,
          value_parser = parse_duration)]
    pub grace: Duration,
}

/// Where results go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Results")]
pub struct ResultsArgs {
    /// The run's directory, exactly this one: --runs-dir is not looked at
    #[arg(long, value_name = "DIR", env = "TOLLGATE_OUT")]
    pub out: Option<PathBuf>,
    /// Where runs are kept: the unfinished one with the same input, command and host goes on, or a new one is made
    #[arg(long, value_name = "DIR", default_value = "tollgate-runs", env = "TOLLGATE_RUNS_DIR")]
    pub runs_dir: PathBuf,
    /// Begin anew, even where a run would go on or is finished
    #[arg(long, env = "TOLLGATE_NEW")]
    pub new: bool,
    /// Try the failed rows of a finished run again
    #[arg(long, env = "TOLLGATE_RETRY_FAILED")]
    pub retry_failed: bool,
    /// Let the group read and write what is otherwise private: for a shared volume
    #[arg(long, env = "TOLLGATE_GROUP_READABLE", hide = true)]
    pub group_readable: bool,
    /// Put keyed hashes in place of ids into everything the run leaves, under the key in this file
    ///
    /// HMAC-SHA-256, 64 hex digits; results.csv, failed.csv and absent.csv then name nobody. Whoever has the key finds
    /// people again: `tollgate report DIR --find INPUT --hash-ids KEYFILE`. Logs never name anybody.
    #[arg(long, value_name = "KEYFILE", env = "TOLLGATE_HASH_IDS")]
    pub hash_ids: Option<PathBuf>,
    /// Why, for the record: a ticket
    #[arg(long, value_name = "TICKET", env = "TOLLGATE_REFERENCE")]
    pub reference: Option<String>,
    /// Who, for the record [default: USER or LOGNAME, else unknown]
    #[arg(long, value_name = "NAME", env = "TOLLGATE_OPERATOR", hide = true)]
    pub operator: Option<String>,
    /// The summary as JSON on stdout
    ///
    /// A sync's has that of its --prune in it.
    #[arg(long, env = "TOLLGATE_JSON")]
    pub json: bool,
}

/// Which API it is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct ApiArg {
    /// The API: the name of one that is built in, or a description of your own (a path)
    #[arg(long = "api", value_name = "NAME|FILE", default_value = "adapty", env = "TOLLGATE_API", value_parser = values::api())]
    pub name: ApiName,
}

/// How the API is reached.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Which API it is.
    #[command(flatten)]
    pub api: ApiArg,
    /// A file that holds the key [default: the API's variable (Adapty: ADAPTY_API_KEY), else a hidden prompt]
    ///
    /// The key is never an argument: arguments are seen by everybody on the machine and kept in histories.
    #[arg(long, value_name = "FILE", env = "TOLLGATE_API_KEY_FILE")]
    pub api_key_file: Option<PathBuf>,
    /// Where the API lives, if not where its description says
    #[arg(long, value_name = "URL", env = "TOLLGATE_BASE_URL")]
    pub base_url: Option<String>,
    /// How long a connection may take to be made
    #[arg(long, value_name = "DURATION", default_value = "10s", env = "TOLLGATE_CONNECT_TIMEOUT", hide = true,
          value_parser = values::some_time)]
    pub connect_timeout: Duration,
    /// Further certificates to trust, PEM; the system's stay trusted
    #[arg(long, value_name = "FILE", env = "TOLLGATE_CA_CERT", hide = true)]
    pub ca_cert: Option<PathBuf>,
    /// A certificate to show, PEM; needs --client-key
    #[arg(long, value_name = "FILE", env = "TOLLGATE_CLIENT_CERT", hide = true)]
    pub client_cert: Option<PathBuf>,
    /// The private key of --client-cert, PEM
    #[arg(long, value_name = "FILE", env = "TOLLGATE_CLIENT_KEY", hide = true)]
    pub client_key: Option<PathBuf>,
    /// A proxy [default: HTTP_PROXY, HTTPS_PROXY, NO_PROXY]
    #[arg(long, value_name = "URL", env = "TOLLGATE_PROXY", hide = true)]
    pub proxy: Option<String>,
    /// Allow plain HTTP to another host than this machine: the key then travels in clear
    #[arg(long, env = "TOLLGATE_ALLOW_HTTP", hide = true)]
    pub allow_http: bool,
}
