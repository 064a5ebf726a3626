//! Rows in the order of their prints, however many they are: sorted runs, set aside on the disk and merged once.
//!
//! Promises: rows with one print come out as they were taken, one behind the other; RAM for one run and a buffer for each
//! other. The files have no name any more as soon as they are there, so that they go with the process. It does not
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

    /// Takes a row, in parts, which is far shorter than a run.
    pub(super) fn take(&mut self, who: Print, row: &[&[u8]]) -> io::Result<()> {
        let length = row.iter().map(|part| part.len()).sum();
        if self.rows.len() + HEAD + length > self.run && !self.order.is_empty() {
            self.set_aside()?;
        }
        // A run and one more row have far less than four gigabytes.
        let number = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        self.order.push((who, number(self.rows.len())));
        self.rows.extend_from_slice(&who.0);
        self.rows.extend_from_slice(&number(length).to_le_bytes());
        for part in row {
            self.rows.extend_from_slice(part);
        }
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

/// Rows in the order of their prints.
pub(super) struct Sorted {
    runs: Vec<Run>,
    /// The print that each run has come to; of one print, the run that was set aside first comes first.
    heads: BinaryHeap<Reverse<(Print, usize)>>,
    row: Vec<u8>,
}

impl Sorted {
    /// The next row; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<(Print, &[u8])>> {
        let Some(Reverse((who, run))) = self.heads.pop() else { return Ok(None) };
        std::mem::swap(&mut self.row, &mut self.runs[run].row);
        self.advance(run)?;
        Ok(Some((who, &self.row)))
    }

    /// The print of the row that comes next.
    pub(super) fn peek(&self) -> Option<Print> {
        self.heads.peek().map(|Reverse((who, _))| *who)
    }

    fn advance(&mut self, run: usize) -> io::Result<()> {
        let head = self.runs[run].advance()?;
        self.heads.extend(head.map(|who| Reverse((who, run))));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn sorted(rows: &[(u8, Vec<u8>)], aside: Option<Aside>, run: usize) -> Vec<(u8, Vec<u8>)> {
        let mut sorter = Sorter::new(aside, run);
        for (who, row) in rows {
            sorter.take(Print([*who; 16]), &[row]).unwrap();
        }
        let mut in_order = sorter.sorted().unwrap();
        let mut all = Vec::new();
        while let Some(ahead) = in_order.peek() {
            let (who, row) = in_order.next().unwrap().expect("it was ahead");
            assert_eq!(who, ahead);
            all.push((who.0[0], row.to_vec()));
        }
        assert_eq!(in_order.next().unwrap(), None);
        all
    }

    proptest! {
        #[test]
        fn rows_come_out_in_order_and_those_of_one_print_as_they_were_taken(
            rows in vec((0..20_u8, vec(any::<u8>(), 0..9)), 0..60),
            run in 1..400_usize,
        ) {
            let directory = tempfile::tempdir().unwrap();
            let aside = Aside { directory: directory.path().to_owned(), privacy: Privacy { group: false } };
            let mut in_order = rows.clone();
            in_order.sort_by_key(|(who, _)| *who);
            prop_assert_eq!(&sorted(&rows, None, run), &in_order);
            prop_assert_eq!(&sorted(&rows, Some(aside), run), &in_order);
            prop_assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        }
    }
}
