//! The input: opened once, counted, and read again through the same descriptor.

use std::{
    fs::{self, File, Metadata},
    io::{self, BufReader, Read},
    os::unix::fs::FileExt,
};

use super::carry::carry;
use crate::{
    domain::{Batch, Past, Row},
    error::{Error, Exit},
    source::{Decision, Finish, InputName, Options, Reader, Survey, survey},
};

/// Enough for one system call per hundreds of rows.
const BUFFER: usize = 256 * 1024;

/// What the reader's thread reads from.
pub(super) type Bytes = Box<dyn Read + Send>;

/// The input, and what is known of it before the first call.
pub(super) enum Input {
    /// Counted, and rewound.
    File {
        /// Open for reading.
        file: File,
        /// As typed.
        name: String,
        /// The counting pass's findings.
        survey: Box<Survey>,
        /// For its age.
        metadata: Box<Metadata>,
    },
    /// Comes when it comes.
    Stdin,
}

impl Input {
    /// Opens the input and, if it is a file, counts it.
    pub(super) fn open(name: &InputName, options: &Options) -> Result<Self, Error> {
        let InputName::File(path) = name else { return Ok(Self::Stdin) };
        let name = path.display().to_string();
        let unreadable = |error: io::Error| cannot_open(&name, &error);
        // Asked first: a named pipe waits for its writer when it is opened, and hears no signal meanwhile.
        if !fs::metadata(path).map_err(unreadable)?.is_file() {
            return Err(
                Error::new(Exit::NoInput, format!("{name} is not a file")).hint("a pipe is read as `-`, from stdin")
            );
        }
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        let survey = Box::new(survey(BufReader::with_capacity(BUFFER, &file), &name, options, carry)?);
        Ok(Self::File { file, name, survey, metadata: Box::new(metadata) })
    }

    /// As typed.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::File { name, .. } => name,
            Self::Stdin => "-",
        }
    }

    /// What the counting pass found; nothing for stdin.
    pub(super) fn survey(&self) -> Option<&Survey> {
        match self {
            Self::File { survey, .. } => Some(survey),
            Self::Stdin => None,
        }
    }

    /// What is strange about a file, as the passes before the first call have seen it.
    pub(super) fn warnings<'a>(&'a self, decision: Option<&'a Decision>) -> impl Iterator<Item = &'a String> {
        let counted = self.survey().into_iter().flat_map(|survey| &survey.warnings);
        counted.chain(decision.into_iter().flat_map(|decision| &decision.warnings))
    }

    /// A reader over the whole input, from its beginning.
    pub(super) fn reader(&self, options: &Options) -> Result<Reader<Bytes>, Error> {
        let (name, rows) = match self {
            Self::File { name, survey, .. } => (name.as_str(), Some(survey.rows)),
            Self::Stdin => ("stdin", None),
        };
        Reader::open(self.bytes()?, name, options, rows)
    }

    /// Reads all of it, as if nothing were known of any row.
    pub(super) fn each_batch(
        &self,
        options: &Options,
        mut each: impl FnMut(&[Row]) -> Result<(), Error>,
    ) -> Result<Finish, Error> {
        let mut reader = self.reader(options)?;
        let nobody = Past::default();
        let mut batch = Batch::default();
        loop {
            let more = reader.next(&nobody, &mut batch)?;
            each(&batch.rows)?;
            batch.rows.clear();
            if !more {
                return reader.finish();
            }
        }
    }

    /// The whole input once more, from its beginning; of stdin, what is left of it.
    pub(super) fn bytes(&self) -> Result<Bytes, Error> {
        match self {
            Self::File { file, name, .. } => {
                let file = file.try_clone().map_err(|error| cannot_open(name, &error))?;
                Ok(Box::new(BufReader::with_capacity(BUFFER, Pass { file, offset: 0 })))
            }
            Self::Stdin => Ok(Box::new(io::stdin())),
        }
    }
}

/// One pass over a file. Clones of a descriptor share one position, so each pass keeps its own.
struct Pass {
    file: File,
    offset: u64,
}

impl Read for Pass {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

fn cannot_open(name: &str, error: &io::Error) -> Error {
    Error::new(Exit::NoInput, format!("{name} cannot be read: {error}"))
}
