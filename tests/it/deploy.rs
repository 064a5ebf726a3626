//! The manifests say what the exit codes mean, harden every pod, and type commands that the tool understands.
//!
//! They are read as text, by indentation: whether they are what Kubernetes accepts is checked by `.ci/run`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{fs, path::PathBuf, process::Command};

use tollgate::error::{Exit, JobAction};

/// What `--grace` is when nobody says otherwise, in seconds: a pod must be given longer.
const GRACE: u64 = 25;

fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("deploy").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const BASE_JOB: &str = "kubernetes/base/job.yaml";
const BASE_CRONJOB: &str = "kubernetes/base/cronjob.yaml";
const NO_VOLUME_JOB: &str = "kubernetes/overlays/no-volume/job.yaml";
const SHARDED_JOB: &str = "kubernetes/overlays/sharded/job.yaml";
/// Those that define a pod whole, rather than patch one.
const WHOLE: [&str; 2] = [BASE_JOB, BASE_CRONJOB];

/// A rule of a `podFailurePolicy`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    /// The pod was evicted: nobody's fault.
    IgnoreDisruption,
    /// An action on exit codes.
    OnCodes(String, Vec<u8>),
}

fn on(action: &str, exits: impl IntoIterator<Item = Exit>) -> Rule {
    Rule::OnCodes(action.to_owned(), exits.into_iter().map(Exit::code).collect())
}

/// The exits that another try cannot mend, ascending.
fn hopeless() -> impl Iterator<Item = Exit> {
    Exit::ALL.into_iter().filter(|exit| exit.job_action() == JobAction::FailJob)
}

/// The lines of the block under `key:`, trimmed, without comments: everything indented deeper than the key.
fn block<'a>(manifest: &'a str, key: &str) -> Vec<&'a str> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines = manifest.lines().skip_while(|line| line.trim() != format!("{key}:"));
    let depth = indent(lines.next().unwrap_or_else(|| panic!("no `{key}:` in\n{manifest}")));
    lines
        .filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#'))
        .take_while(|line| indent(line) > depth)
        .map(str::trim)
        .collect()
}

/// What stands after `key:` on the one line that begins with it.
fn value<'a>(lines: &[&'a str], key: &str) -> Option<&'a str> {
    let mut found = lines
        .iter()
        .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix(key)?.strip_prefix(':').map(str::trim));
    let first = found.next();
    assert_eq!(found.next(), None, "`{key}` stands there twice: {lines:?}");
    first
}

fn number(manifest: &str, key: &str) -> u64 {
    let lines: Vec<&str> = manifest.lines().collect();
    value(&lines, key).unwrap_or_else(|| panic!("no `{key}`")).parse().unwrap()
}

fn rules(manifest: &str) -> Vec<Rule> {
    let lines = block(manifest, "podFailurePolicy");
    assert_eq!(lines[0], "rules:");
    let starts: Vec<usize> = (1..lines.len()).filter(|&at| lines[at].starts_with("- action:")).collect();
    assert_eq!(starts.first(), Some(&1));
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    starts.iter().zip(ends).map(|(&start, end)| rule(&lines[start..end])).collect()
}

fn rule(lines: &[&str]) -> Rule {
    let action = value(lines, "action").unwrap();
    if action == "Ignore" {
        assert_eq!(
            lines[1..],
            ["onPodConditions:", "- type: DisruptionTarget", "status: \"True\""],
            "only an eviction may be ignored"
        );
        return Rule::IgnoreDisruption;
    }
    assert_eq!(lines[1], "onExitCodes:");
    assert_eq!(value(lines, "containerName"), Some("tollgate"));
    assert_eq!(value(lines, "operator"), Some("In"));
    assert_eq!(lines.len(), 5, "something in this rule is not understood: {lines:?}");
    let values = value(lines, "values").and_then(|list| list.strip_prefix('[')?.strip_suffix(']')).unwrap();
    Rule::OnCodes(action.to_owned(), values.split(',').map(|code| code.trim().parse().unwrap()).collect())
}

/// The command line of the only container, as it is after Kubernetes has put in the variables.
fn args(manifest: &str) -> Vec<String> {
    let lines = block(manifest, "args");
    lines
        .into_iter()
        .map(|line| line.strip_prefix("- ").unwrap().trim_matches('"'))
        .map(|arg| arg.replace("$(JOB_NAME)", "job").replace("$(JOB_COMPLETION_INDEX)", "0"))
        .inspect(|arg| assert!(!arg.contains("$("), "{arg} is not put in by anybody"))
        .collect()
}

fn arg<'a>(args: &'a [String], flag: &str) -> &'a str {
    let at = args.iter().position(|arg| arg == flag).unwrap_or_else(|| panic!("no {flag} in {args:?}"));
    &args[at + 1]
}

#[test]
fn a_job_gives_up_where_another_try_cannot_help() {
    for manifest in WHOLE {
        assert_eq!(rules(&read(manifest)), [Rule::IgnoreDisruption, on("FailJob", hopeless())], "{manifest}");
        assert!(number(&read(manifest), "backoffLimit") > 0, "{manifest}");
    }
}

#[test]
fn without_a_volume_loss_is_loud() {
    let job = read(NO_VOLUME_JOB);
    assert_eq!(rules(&job), [on("FailJob", hopeless())]);
    assert_eq!(number(&job, "backoffLimit"), 0);
    assert!(block(&job, "volumes").contains(&"persistentVolumeClaim: null"));
    assert!(block(&job, "volumes").contains(&"emptyDir:"));
}

#[test]
fn a_shard_fails_alone_for_its_rows_and_all_fail_for_what_they_share() {
    let own = [Exit::Rows, Exit::Guard];
    let shared = hopeless().filter(|exit| !own.contains(exit));
    let expected = [Rule::IgnoreDisruption, on("FailIndex", own), on("FailJob", shared)];
    assert_eq!(rules(&read(SHARDED_JOB)), expected);
}

#[test]
fn shards_divide_the_rows_and_the_pace() {
    let whole = args(&read(BASE_JOB));
    let sharded = read(SHARDED_JOB);
    let shard = args(&sharded);
    let per_second = |args: &[String]| arg(args, "--rate").strip_suffix("/s").unwrap().parse::<u64>().unwrap();
    let shards = number(&sharded, "completions");
    assert_eq!(number(&sharded, "parallelism"), shards);
    assert_eq!(arg(&shard, "--shard"), format!("0/{shards}"));
    assert_eq!(per_second(&shard) * shards, per_second(&whole));
    assert!(sharded.contains("completionMode: Indexed\n") && number(&sharded, "backoffLimitPerIndex") > 0);
    assert!(sharded.contains("fieldPath: metadata.annotations['batch.kubernetes.io/job-completion-index']"));
    // A run locks the directory above its own: two shards must not share it.
    let out = "- /runs/$(JOB_NAME)/shard-$(JOB_COMPLETION_INDEX)/run";
    assert!(block(&sharded, "args").contains(&out));
}

#[test]
fn every_pod_passes_the_restricted_standard() {
    for manifest in WHOLE {
        let text = read(manifest);
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for needed in [
            "restartPolicy: Never",
            "automountServiceAccountToken: false",
            "enableServiceLinks: false",
            "runAsNonRoot: true",
            "type: RuntimeDefault",
            "allowPrivilegeEscalation: false",
            "readOnlyRootFilesystem: true",
            "drop: [ALL]",
            "fieldPath: metadata.labels['batch.kubernetes.io/job-name']",
            "secretName: tollgate-key",
        ] {
            assert!(lines.contains(&needed), "{manifest} lacks `{needed}`");
        }
        for id in ["runAsUser", "runAsGroup", "fsGroup"] {
            assert_eq!(number(&text, id), 65532, "{manifest}");
        }
        assert!(
            number(&text, "terminationGracePeriodSeconds") > GRACE + 10,
            "{manifest}: no time to close the journal"
        );
        assert!(number(&text, "activeDeadlineSeconds") > 0, "{manifest}");
        assert_eq!(text.matches("image:").count(), 1, "{manifest}: this test looks at one container");
    }
    let nightly = read(BASE_CRONJOB);
    assert!(nightly.contains("concurrencyPolicy: Forbid\n") && nightly.contains("suspend: true\n"));
}

/// The command is typed with an input that is not there: everything else about it must be well.
#[test]
fn the_tool_understands_every_command_line() {
    let home = tempfile::tempdir().unwrap();
    let key = home.path().join("key");
    fs::write(&key, "secret_live_for_the_manifests").unwrap();
    for manifest in [BASE_JOB, BASE_CRONJOB, SHARDED_JOB] {
        let typed = args(&read(manifest)).into_iter().map(|arg| match arg.as_str() {
            "/secrets/adapty-api-key" => key.display().to_string(),
            path if path.starts_with('/') => format!("{}{path}", home.path().display()),
            _ => arg,
        });
        let left = Command::new(env!("CARGO_BIN_EXE_tollgate")).args(typed).env_clear().output().unwrap();
        let words = String::from_utf8_lossy(&left.stderr);
        assert_eq!(left.status.code(), Some(i32::from(Exit::NoInput.code())), "{manifest}: {words}");
    }
}

#[test]
fn the_image_fits_the_manifests_and_the_crate() {
    let dockerfile = read("Dockerfile");
    assert!(dockerfile.contains("\nUSER 65532:65532\n"), "numeric, and the manifests' own");
    assert!(dockerfile.ends_with("\nENTRYPOINT [\"/usr/local/bin/tollgate\"]\n"), "exec form: signals must arrive");
    let images: Vec<&str> = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")).collect();
    let builder = format!("rust:{}-slim-bookworm AS builder", env!("CARGO_PKG_RUST_VERSION"));
    assert_eq!(images, [builder.as_str(), "gcr.io/distroless/cc-debian12:nonroot"], "both of one Debian, for glibc");
    let kustomization = read("kubernetes/base/kustomization.yaml");
    assert!(kustomization.contains(&format!("newTag: {}\n", env!("CARGO_PKG_VERSION"))));
}
