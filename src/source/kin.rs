//! Which rows of a file are about one person though they share no id: a third one joins them.
//!
//! Promises: any two rows that are joined by way of shared ids have a tie in common, whether or not the rows between them are
//! ever sent; and whoever stands in a row together with an id of somebody who was erased is found, in whichever of his
//! rows. Two bytes for each id of a row, and some 100 for each row that shares one. It reads ids alone.

use std::{
    cell::RefCell,
    collections::{HashMap, HashSet},
    io::Read,
};

use super::{
    options::Options,
    readings::{Carry, Entry, Hashing, Pile, Readings},
    suspects::{Prints, Suspects, Watch, Whole, Wholes},
};
use crate::{
    domain::{Circles, Kin, LineSet, Suppressed},
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
    let rows = shared_rows(open, name, options, carry, &mut |_, _| {}, || true)?;
    Ok(ties(&rows))
}

/// The rows of people one of whose rows has an id that `suppressed` holds, by whichever ids the others name them: whoever
/// is erased by one id would come back by the other. Reads the input up to twice more.
///
/// # Errors
/// As for [`kin`].
pub fn erased<R: Read>(
    open: &dyn Fn() -> Result<R, Error>,
    name: &str,
    options: &Options,
    suppressed: &Suppressed,
    carry: Carry<R>,
) -> Result<LineSet, Error> {
    let beside = RefCell::new(HashSet::new());
    let mut meet = |entry: &Entry, ids: Wholes| {
        if ids.second.is_some() && entry.reading.identity().is_some_and(|identity| suppressed.holds(identity)) {
            beside.borrow_mut().extend(ids.all());
        }
    };
    let rows = shared_rows(open, name, options, carry, &mut meet, || !beside.borrow().is_empty())?;
    let beside = beside.borrow();
    let mut circles = circles(&rows);
    let is_beside = |(_, (_, ids)): &(usize, &(u64, Wholes))| ids.all().any(|id: Whole| beside.contains(&id));
    let erased: HashSet<usize> =
        rows.iter().enumerate().filter(is_beside).map(|(place, _)| circles.first(place)).collect();
    let mut lines = LineSet::default();
    for (place, (line, _)) in rows.iter().enumerate() {
        if erased.contains(&circles.first(place)) {
            lines.insert(*line);
        }
    }
    Ok(lines)
}

/// The rows that share an id with another one; none where no row has two ids, or where nobody `wants` them once all were
/// met.
fn shared_rows<R: Read>(
    open: &dyn Fn() -> Result<R, Error>,
    name: &str,
    options: &Options,
    carry: Carry<R>,
    meet: &mut dyn FnMut(&Entry, Wholes),
    wants: impl FnOnce() -> bool,
) -> Result<Vec<(u64, Wholes)>, Error> {
    let hashing = Hashing { prints: Some(Prints::keyed(options.fingerprint_key)), printer: None };
    if !Readings::open(open()?, name, options)?.may_name_two() {
        return Ok(Vec::new());
    }
    let pass = |take: &mut dyn FnMut(&Pile)| {
        let mut readings = Readings::open(open()?, name, options)?.glancing(true);
        carry(&mut readings, &hashing, take)
    };
    let (mut watch, mut some_have_two) = (Watch::default(), false);
    pass(&mut |pile| {
        watch.expect(pile.entries.iter().filter_map(|entry| entry.wholes));
        for (entry, ids) in pile.entries.iter().filter_map(|entry| Some((entry, entry.wholes?))) {
            some_have_two |= ids.second.is_some();
            watch.meet(entry.line, ids);
            meet(entry, ids);
        }
    })?;
    let suspects = watch.suspects();
    let mut rows = Vec::new();
    if some_have_two && !suspects.is_empty() && wants() {
        pass(&mut |pile| {
            let of_several =
                pile.entries.iter().filter_map(|entry| Some((entry.line, shared(&suspects, entry.wholes?)?)));
            rows.extend(of_several);
        })?;
    }
    Ok(rows)
}

/// A row's ids, where one of them may stand in another row, too.
fn shared(suspects: &Suspects, ids: Wholes) -> Option<Wholes> {
    ids.all().any(|id| suspects.lines(id).is_some()).then_some(ids)
}

/// Rows that share an id are of one circle.
fn circles(rows: &[(u64, Wholes)]) -> Circles {
    let mut circles = Circles::of(rows.len());
    let mut by_id = HashMap::new();
    for (place, (_, ids)) in rows.iter().enumerate() {
        for id in ids.all() {
            circles.join(*by_id.entry(id).or_insert(place), place);
        }
    }
    circles
}

fn ties(rows: &[(u64, Wholes)]) -> Kin {
    let mut circles = circles(rows);
    // Whoever shares an id is told by that.
    let has_two_ids = rows.iter().enumerate().filter(|(_, (_, ids))| ids.second.is_some());
    let joined: HashSet<usize> = has_two_ids.map(|(place, _)| circles.first(place)).collect();
    let tie = |(place, (line, _)): (usize, &(u64, Wholes))| {
        let first = circles.first(place);
        joined.contains(&first).then_some((*line, first as u64))
    };
    Kin::of(rows.iter().enumerate().filter_map(tie).collect())
}
