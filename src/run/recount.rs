//! `tollgate report DIR`: verifies the chain and counts the results anew, taking nobody's word for it; or finds somebody.

use super::{Stage, find};
use crate::{
    config::ReportJob,
    domain::{Verdict, say_count},
    error::{Error, Exit},
    report::{Audit, audit},
};

/// Counts anew; 65 when lines are missing or the chain is broken.
pub(super) fn perform(job: &ReportJob, stage: &Stage) -> Result<Exit, Error> {
    let audit = audit(&job.dir)?;
    let exit = match &job.find {
        Some(wish) => find::perform(wish, &audit, &job.dir, stage)?,
        None => sum_up(job, &audit, stage)?,
    };
    if audit.recorded_head_occurs {
        return Ok(exit);
    }
    Err(Error::new(Exit::Data, format!("the head that run.json recorded does not occur in {}", job.dir.display()))
        .hint("lines that were written are missing: compare with a copy"))
}

fn sum_up(job: &ReportJob, audit: &Audit, stage: &Stage) -> Result<Exit, Error> {
    if job.json {
        let json = serde_json::to_string_pretty(audit)
            .map_err(|error| Error::new(Exit::Internal, format!("the report cannot be put into JSON: {error}")))?;
        stage.screen.data(&json)?;
    } else {
        stage.screen.data(&words(audit))?;
    }
    Ok(Exit::Success)
}

fn words(audit: &Audit) -> String {
    let mut lines = vec![
        format!("run        {} on {} ({})", audit.run.command, audit.run.destination.host, audit.run.destination.api),
        format!("begun      {} by {}", audit.run.started.rfc3339(), audit.run.operator.as_deref().unwrap_or("unknown")),
        format!("input      {}", audit.run.input.name),
    ];
    lines.extend(audit.run.app.as_ref().map(|app| format!("app        {app}")));
    lines.extend(audit.run.reference.as_ref().map(|reference| format!("reference  {reference}")));
    lines.extend(audit.run.hash_ids.as_ref().map(|key| format!("ids        hashed with key {key}")));
    lines.extend(audit.run.input.digest.map(|digest| format!("sha256     {digest}")));
    for verdict in Verdict::ALL {
        let rows = audit.totals.of(verdict);
        if rows > 0 {
            lines.push(format!("{:<10} {}", verdict.word(), say_count(rows)));
        }
    }
    lines.push(format!("lines      {}, {} of them superseded", say_count(audit.lines), say_count(audit.superseded)));
    lines.push(format!("chain      holds, head {}", audit.head));
    lines.push(format!("complete   {}", if audit.complete { "yes" } else { "no" }));
    lines.join("\n")
}
