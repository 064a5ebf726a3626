//! Which rows of a file are about one person though they share no id: a third one joins them.
//!
//! Promises: any two rows that are joined by way of shared ids have a tie in common, whether or not the rows between them are
//! ever sent. Two bytes for each id of a row, and some 100 for each row that shares one. It reads ids alone.

use std::{
    collections::{HashMap, HashSet},
    io::Read,
};

use super::{
    options::Options,
    readings::{Carry, Hashing, Pile, Readings},
    suspects::{Prints, Suspects, Watch, Wholes},
};
use crate::{
    domain::{Circles, Kin},
    error::Error,
};

/// Reads the input twice more: to see which ids stand in several rows, and what ties these.
///
/// # Errors
/// [`Exit::Data`](crate::error::Exit::Data) as for [`super::survey`], and whatever `open` says.
pub fn kin<R: Read>(
    open: &dyn Fn() -> Result<R, Error>,
    name: &str,
    options: &Options,
    carry: Carry<R>,
) -> Result<Kin, Error> {
    let hashing = Hashing { prints: Some(Prints::keyed(options.fingerprint_key)), printer: None };
    let pass = |take: &mut dyn FnMut(&Pile)| {
        let mut readings = Readings::open(open()?, name, options)?.glancing(true);
        carry(&mut readings, &hashing, take)
    };
    let (mut watch, mut some_have_two) = (Watch::default(), false);
    pass(&mut |pile| {
        watch.expect(pile.0.iter().filter_map(|entry| entry.wholes));
        for (line, ids) in pile.0.iter().filter_map(|entry| Some((entry.line, entry.wholes?))) {
            some_have_two |= ids.second.is_some();
            watch.meet(line, ids);
        }
    })?;
    let suspects = watch.suspects();
    if suspects.is_empty() || !some_have_two {
        return Ok(Kin::default());
    }
    let mut rows = Vec::new();
    pass(&mut |pile| {
        let of_several = pile.0.iter().filter_map(|entry| Some((entry.line, shared(&suspects, entry.wholes?)?)));
        rows.extend(of_several);
    })?;
    Ok(ties(&rows))
}

/// A row's ids, where one of them may stand in another row, too.
fn shared(suspects: &Suspects, ids: Wholes) -> Option<Wholes> {
    ids.all().any(|id| suspects.lines(id).is_some()).then_some(ids)
}

fn ties(rows: &[(u64, Wholes)]) -> Kin {
    let mut circles = Circles::of(rows.len());
    let mut by_id = HashMap::new();
    for (place, (_, ids)) in rows.iter().enumerate() {
        for id in ids.all() {
            circles.join(*by_id.entry(id).or_insert(place), place);
        }
    }
    // Whoever shares an id is told by that.
    let has_two_ids = rows.iter().enumerate().filter(|(_, (_, ids))| ids.second.is_some());
    let joined: HashSet<usize> = has_two_ids.map(|(place, _)| circles.first(place)).collect();
    let tie = |(place, (line, _)): (usize, &(u64, Wholes))| {
        let first = circles.first(place);
        joined.contains(&first).then_some((*line, first as u64))
    };
    Kin::of(rows.iter().enumerate().filter_map(tie).collect())
}
