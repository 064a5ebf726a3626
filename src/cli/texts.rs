//! Help beyond the flags: exit codes, examples, completions, the manual page.

use std::fmt::Write;

pub use clap_complete::Shell;

use super::{command, unhidden};
use crate::error::{Error, Exit};

/// The commands that have a manual page of their own.
pub(super) const DOCUMENTED: [&str; 10] =
    ["delete", "create", "update", "sync", "get", "verify", "suppress", "sandbox", "report", "api"];

/// At the foot of `-h`.
pub(super) const MORE: &str = "--help explains more, --help-all shows the seldom-used flags too.";

/// At the foot of each mass operation's `--help`.
const ENVIRONMENT: &str = "\
Environment:
  Every flag but --yes, --sandbox and --set has a name there: --max-delete is TOLLGATE_MAX_DELETE; a switch takes 1 or \
0. A flag wins over its variable, a variable over the default.
  HTTP_PROXY, HTTPS_PROXY, NO_PROXY, NO_COLOR and CLICOLOR_FORCE are honoured. RUST_LOG tunes the target `tollgate` \
alone.

Durations read 300ms, 2m, 1h, 30d.
";

const DELETE_EXAMPLES: &str = "\
Examples:
  Rehearse; nothing real is touched:
    tollgate delete customers.csv --sandbox
  Read and check everything, send nothing, get the real command:
    tollgate delete customers.csv --dry-run
  For real: it looks, asks, and may be stopped and started again at any time:
    tollgate delete customers.csv --api-key-file adapty.key --reference PRIV-118
  With the API's own ids in the record, and a look afterwards:
    tollgate delete customers.csv --api-key-file adapty.key --look --verify
  From a database:
    psql -Atc 'select id from erase' | tollgate delete - --api-key-file adapty.key --out run-1
  From cron; silent on success, and the next night goes on where this one had to leave (75):
    TOLLGATE_API_KEY_FILE=/etc/tollgate/key
    15 2 * * * tollgate delete /srv/erase.csv -qy --max-delete 5000 --runs-dir /var/lib/tollgate
";

const CREATE_EXAMPLES: &str = "\
Examples:
  Rehearse; nothing real is touched:
    tollgate create customers.csv --sandbox
  For real, but for those who were erased:
    tollgate create customers.csv --api-key-file adapty.key --suppress erased.list --suppress-key erased.key
  With a constant for everybody, and a column that is none of the API's:
    tollgate create customers.csv --api-key-file adapty.key --set custom_attributes.source=import \
--ignore-column remark
";

const UPDATE_EXAMPLES: &str = "\
Examples:
  Each column is a field; \\N takes a value away, an empty cell leaves it alone:
    tollgate update customers.csv --api-key-file adapty.key --null '\\N'
  One field of a wide export:
    tollgate update export.csv --api-key-file adapty.key --only-column email
";

const SYNC_EXAMPLES: &str = "\
Examples:
  The first time; later without --first, and only what has changed is sent:
    tollgate sync customers.csv --api-key-file adapty.key --action upsert --memory memory --first
  The system was filled by other means; take the export as sent:
    tollgate sync customers.csv --api-key-file adapty.key --memory memory --first --assume-sent
  From cron: wait for tonight's export, and do not believe one that is cut short or old:
    15 2 * * * tollgate sync /srv/export.csv -qy --memory /var/lib/tollgate/memory --wait-for-input 2h \
--max-input-age 26h --min-rows 90\\% --max-changes 50000 --keep-runs 30 --runs-dir /var/lib/tollgate
  Whoever is in the export no longer shall go too, if they are few:
    tollgate sync customers.csv --api-key-file adapty.key --memory memory --prune --max-delete 0.5%
";

const GET_EXAMPLES: &str = "\
Examples:
  The profiles are in profiles.jsonl in the run's directory:
    tollgate get customers.csv --api-key-file adapty.key
  Into another program:
    tollgate get customers.csv --api-key-file adapty.key --out-profiles - | jq -r .profile.profile_id
";

const VERIFY_EXAMPLES: &str = "\
Examples:
  A week after the deletion, held against what its looks recorded:
    tollgate verify customers.csv --api-key-file adapty.key --against tollgate-runs/20261121T024129Z-delete
";

const SUPPRESS_EXAMPLES: &str = "\
Examples:
  A key for a new list, to be kept apart from it and as long:
    (umask 077; head -c 32 /dev/urandom | base64 > erased.key)
  Who of them is on the list:
    tollgate suppress check customers.csv --suppress erased.list --suppress-key erased.key
  One of them asked to be taken off it:
    echo customer-1 | tollgate suppress remove - --suppress erased.list --suppress-key erased.key
";

/// The table of exit codes, from the enum itself.
pub(super) fn exit_codes() -> String {
    Exit::ALL.into_iter().fold("Exit codes:".to_owned(), |mut table, exit| {
        // Writing to a String cannot fail.
        let _infallible = write!(table, "\n  {:>3}  {}", exit.code(), exit.meaning());
        table
    })
}

/// The foot of `delete --help`.
pub(super) fn delete_epilogue() -> String {
    epilogue(DELETE_EXAMPLES)
}

/// The foot of `create --help`.
pub(super) fn create_epilogue() -> String {
    epilogue(CREATE_EXAMPLES)
}

/// The foot of `update --help`.
pub(super) fn update_epilogue() -> String {
    epilogue(UPDATE_EXAMPLES)
}

/// The foot of `sync --help`.
pub(super) fn sync_epilogue() -> String {
    epilogue(SYNC_EXAMPLES)
}

/// The foot of `get --help`.
pub(super) fn get_epilogue() -> String {
    epilogue(GET_EXAMPLES)
}

/// The foot of `verify --help`.
pub(super) fn verify_epilogue() -> String {
    epilogue(VERIFY_EXAMPLES)
}

/// The foot of `suppress --help`.
pub(super) fn suppress_epilogue() -> String {
    epilogue(SUPPRESS_EXAMPLES)
}

fn epilogue(examples: &str) -> String {
    format!("{ENVIRONMENT}\n{examples}\n{}", exit_codes())
}

/// Completions for a shell, seldom-used flags included.
#[must_use]
pub fn completions(shell: Shell) -> String {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut unhidden(command()), "tollgate", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// The manual page (troff) of a command, or of tollgate itself, seldom-used flags included.
///
/// # Errors
/// 70 when it cannot be written.
pub fn man(of: Option<&str>) -> Result<String, Error> {
    let mut whole = unhidden(command());
    whole.build();
    let page = of.and_then(|name| whole.find_subcommand(name)).unwrap_or(&whole);
    let mut out = Vec::new();
    clap_mangen::Man::new(page.clone())
        .render(&mut out)
        .map_err(|error| Error::new(Exit::Internal, format!("the manual page cannot be written: {error}")))?;
    Ok(String::from_utf8_lossy(&out).into_owned())
}
