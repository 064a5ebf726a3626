//! Rows in the order of their prints, however many they are: sorted runs, set aside on the disk and merged once.
//!
//! Promises: of several rows with one print the last one taken comes out, and that once; RAM for one run and a buffer for
//! each other. The files have no name any more as soon as they are there, so that they go with the process. It does not
//! know what the rows say.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    fs::{self, File, OpenOptions},
    io::{self, BufReader, BufWriter, Cursor, Read, Seek as _, Write as _},
    path::PathBuf,
};

use super::place::Privacy;
use crate::domain::Print;

/// Bytes of rows that are sorted at once: ten million rows of a usual size make some fifty runs.
pub(super) const RUN: usize = 16 << 20;
/// What of each run is at hand.
const BUFFER: usize = 64 << 10;
/// Of a row in a run: its print, and its length.
const HEAD: usize = 20;

/// Where runs are set aside.
#[derive(Debug, Clone)]
pub(super) struct Aside {
    pub(super) directory: PathBuf,
    pub(super) privacy: Privacy,
}

impl Aside {
    fn file(&self, number: usize) -> io::Result<File> {
        let path = self.directory.join(format!("sorting-{number}"));
        let mut options = OpenOptions::new();
        let file = self.privacy.open(&path, options.read(true).write(true).create(true).truncate(true))?;
        fs::remove_file(&path)?;
        Ok(file)
    }
}

/// Takes rows, and puts them in order.
pub(super) struct Sorter {
    /// `None`: all runs stay in RAM.
    aside: Option<Aside>,
    run: usize,
    /// The rows of the run that is being taken, one behind the other.
    rows: Vec<u8>,
    /// Where each of them begins.
    order: Vec<(Print, u32)>,
    runs: Vec<Run>,
}

impl std::fmt::Debug for Sorter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sorter({})", self.runs.len())
    }
}

impl Sorter {
    /// Sorts so many bytes of rows at once; [`RUN`] is a good number, and the highest.
    pub(super) fn new(aside: Option<Aside>, run: usize) -> Self {
        Self { aside, run: run.min(RUN), rows: Vec::new(), order: Vec::new(), runs: Vec::new() }
    }

    /// Takes a row, which is far shorter than a run.
    pub(super) fn take(&mut self, who: Print, row: &[u8]) -> io::Result<()> {
        if self.rows.len() + HEAD + row.len() > self.run && !self.order.is_empty() {
            self.set_aside()?;
        }
        // A run and one more row have far less than four gigabytes.
        let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        self.order.push((who, number(self.rows.len())));
        self.rows.extend_from_slice(&who.0);
        self.rows.extend_from_slice(&number(row.len()).to_le_bytes());
        self.rows.extend_from_slice(row);
        Ok(())
    }

    /// All rows taken, in order.
    pub(super) fn sorted(mut self) -> io::Result<Sorted> {
        if !self.order.is_empty() {
            self.set_aside()?;
        }
        let mut sorted = Sorted { runs: self.runs, heads: BinaryHeap::new(), row: Vec::new() };
        for run in 0..sorted.runs.len() {
            sorted.advance(run)?;
        }
        Ok(sorted)
    }

    fn set_aside(&mut self) -> io::Result<()> {
        // Of one print, the row that was taken first comes first.
        self.order.sort_unstable();
        let run = if let Some(aside) = &self.aside {
            let mut out = BufWriter::with_capacity(BUFFER, aside.file(self.runs.len())?);
            self.order.iter().try_for_each(|(_, at)| out.write_all(self.row(*at)))?;
            let mut file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            Run::over(BufReader::with_capacity(BUFFER, file))
        } else {
            let rows: Vec<u8> = self.order.iter().flat_map(|(_, at)| self.row(*at)).copied().collect();
            Run::over(Cursor::new(rows))
        };
        self.runs.push(run);
        self.rows.clear();
        self.order.clear();
        Ok(())
    }

    fn row(&self, at: u32) -> &[u8] {
        let row = self.rows.get(at as usize..).unwrap_or_default();
        row.get(..HEAD + length(row)).unwrap_or_default()
    }
}

/// The length of a row that begins here, without its head.
fn length(row: &[u8]) -> usize {
    row.get(16..HEAD).and_then(|length| length.try_into().ok()).map_or(0, |length| u32::from_le_bytes(length) as usize)
}

/// One run, and the row that it has come to.
struct Run {
    rest: Box<dyn Read>,
    row: Vec<u8>,
}

impl Run {
    fn over(rest: impl Read + 'static) -> Self {
        Self { rest: Box::new(rest), row: Vec::new() }
    }

    /// Reads the next row; `None` at the end.
    fn advance(&mut self) -> io::Result<Option<Print>> {
        let mut head = [0; HEAD];
        if self.rest.by_ref().take(HEAD as u64).read(&mut head[..1])? == 0 {
            return Ok(None);
        }
        self.rest.read_exact(&mut head[1..])?;
        self.row.resize(length(&head), 0);
        self.rest.read_exact(&mut self.row)?;
        let mut who = [0; 16];
        who.copy_from_slice(&head[..16]);
        Ok(Some(Print(who)))
    }
}

/// Rows in the order of their prints, each print once.
pub(super) struct Sorted {
    runs: Vec<Run>,
    /// The print that each run has come to; of one print, the run that was set aside first comes first.
    heads: BinaryHeap<Reverse<(Print, usize)>>,
    row: Vec<u8>,
}

impl Sorted {
    /// The next row; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<(Print, &[u8])>> {
        while let Some(Reverse((who, run))) = self.heads.pop() {
            std::mem::swap(&mut self.row, &mut self.runs[run].row);
            self.advance(run)?;
            if self.heads.peek().is_none_or(|Reverse((next, _))| *next != who) {
                return Ok(Some((who, &self.row)));
            }
        }
        Ok(None)
    }

    fn advance(&mut self, run: usize) -> io::Result<()> {
        let head = self.runs[run].advance()?;
        self.heads.extend(head.map(|who| Reverse((who, run))));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn sorted(rows: &[(u8, Vec<u8>)], aside: Option<Aside>, run: usize) -> Vec<(u8, Vec<u8>)> {
        let mut sorter = Sorter::new(aside, run);
        for (who, row) in rows {
            sorter.take(Print([*who; 16]), row).unwrap();
        }
        let mut in_order = sorter.sorted().unwrap();
        let mut all = Vec::new();
        while let Some((Print(who), row)) = in_order.next().unwrap() {
            all.push((who[0], row.to_vec()));
        }
        all
    }

    proptest! {
        #[test]
        fn the_last_row_of_each_print_comes_out_in_order(
            rows in vec((0..20_u8, vec(any::<u8>(), 0..9)), 0..60),
            run in 1..400_usize,
        ) {
            let directory = tempfile::tempdir().unwrap();
            let aside = Aside { directory: directory.path().to_owned(), privacy: Privacy { group: false } };
            let last: BTreeMap<u8, Vec<u8>> = rows.iter().cloned().collect();
            let last: Vec<(u8, Vec<u8>)> = last.into_iter().collect();
            prop_assert_eq!(&sorted(&rows, None, run), &last);
            prop_assert_eq!(&sorted(&rows, Some(aside), run), &last);
            prop_assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        }
    }
}
