//! The input: opened once, counted, and read again through the same descriptor.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
};

use super::{
    carry::carry,
    pass::{Blocks, Pass},
};
use crate::{
    domain::{Batch, Past, Row},
    error::{Error, Exit},
    source::{Decision, Finish, InputName, Options, Reader, Survey, survey},
};

/// What the reader's thread reads from.
pub(super) type Bytes = Box<dyn Read + Send>;

/// The input, and what is known of it before the first call.
pub(super) enum Input {
    /// Counted, and rewound.
    File {
        /// Open for reading.
        file: File,
        /// As the counting pass met them.
        blocks: Blocks,
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
        let blocks = Blocks::default();
        let counting = Pass::counting(file.try_clone().map_err(unreadable)?, blocks.clone());
        let survey = Box::new(survey(counting, &name, options, carry)?);
        Ok(Self::File { file, blocks, name, survey, metadata: Box::new(metadata) })
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
            Self::File { file, blocks, name, .. } => {
                let file = file.try_clone().map_err(|error| cannot_open(name, &error))?;
                Ok(Box::new(Pass::again(file, blocks.clone())))
            }
            Self::Stdin => Ok(Box::new(io::stdin())),
        }
    }
}

fn cannot_open(name: &str, error: &io::Error) -> Error {
    Error::new(Exit::NoInput, format!("{name} cannot be read: {error}"))
}
