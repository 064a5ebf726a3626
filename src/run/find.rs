//! `tollgate report DIR --find INPUT`: what became of somebody, said by line numbers.

use super::{Stage, input::Input, naming};
use crate::{
    config::FindWish,
    domain::{Naming, Row, Subject, say_count},
    error::{Error, Exit},
    report::{Audit, FOUND_HEADER, Found, Wanted, find, its_naming},
};

/// How many rows without a line are named.
const SHOWN: usize = 10;

/// Writes the lines about each row of the input; 1 when a row has none.
pub(super) fn perform(wish: &FindWish, audit: &Audit, dir: &std::path::Path, stage: &Stage) -> Result<Exit, Error> {
    let (its, ours) = (&audit.run.destination.api, wish.description.name());
    if its != ours {
        let what = format!("the run in {} was on {its}, and these ids would be read as {ours}'s", dir.display());
        return Err(Error::new(Exit::Config, what).hint("say which API it is with --api NAME|FILE"));
    }
    let given = naming::of(wish.hash_ids.as_deref(), &wish.description)?;
    let naming = its_naming(&audit.run, dir, &given)?;
    let (mut wanted, mut rows) = (Wanted::default(), Vec::new());
    Input::open(&wish.input, &wish.source)?.each_batch(&wish.source, |batch| {
        for row in batch {
            rows.push(row.line);
            want(&mut wanted, row, &naming);
        }
        Ok(())
    })?;
    let found = find(dir, &wanted)?;
    stage.screen.data(&csv(&found))?;
    rows.retain(|row| found.binary_search_by_key(row, |found| found.row).is_err());
    if rows.is_empty() {
        return Ok(Exit::Success);
    }
    let shown: Vec<String> = rows.iter().take(SHOWN).map(u64::to_string).collect();
    let more = if rows.len() > SHOWN { ", \u{2026}" } else { "" };
    stage.tell(&format!("{} rows have no line of their own: {}{more}", say_count(rows.len() as u64), shown.join(", ")));
    Ok(Exit::Rows)
}

/// A row that was malformed in the run is of no kind there, whatever it is here.
fn want(wanted: &mut Wanted, row: &Row, naming: &Naming) {
    match &row.subject {
        Subject::Known(identity) | Subject::Spared(identity, _) => {
            for id in identity.ids() {
                wanted.add(row.line, naming.id(id).as_bytes());
                wanted.add(row.line, &naming.unkind(id.text().as_bytes()));
            }
        }
        Subject::Malformed { id, .. } => wanted.add(row.line, &naming.unkind(id)),
    }
}

fn csv(found: &[Found]) -> String {
    let lines = found.iter().map(|found| format!("{},{}", found.row, String::from_utf8_lossy(&found.fields)));
    std::iter::once(FOUND_HEADER.to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}
