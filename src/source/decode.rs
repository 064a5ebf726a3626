//! Bytes in: unpacked when they are packed.
//!
//! Promises: gzip with several members and zstd
//! with several frames are read to their end; what is cut off or has a tail is an error, never a short input. It does
//! not know what the bytes mean.

use std::io::{self, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::error::{Error, Exit};

/// How much is asked of the input at once.
const CHUNK: usize = 256 * 1024;
/// Enough to tell what packs the input: the magic bytes of gzip and zstd.
const MAGIC: usize = 4;

/// The input as it stands on disk: counted on the way.
struct Tap<R> {
    inner: R,
    bytes: u64,
    /// Read ahead to recognise the packing; handed out first.
    head: Vec<u8>,
    /// The input itself failed, as opposed to what unpacks it.
    broken: bool,
}

impl<R: Read> Tap<R> {
    fn new(inner: R) -> Self {
        Self { inner, bytes: 0, head: Vec::new(), broken: false }
    }

    /// Up to [`MAGIC`] bytes of the beginning, which stay to be read.
    fn peek(&mut self) -> io::Result<&[u8]> {
        let mut magic = [0; MAGIC];
        let mut have = 0;
        while have < MAGIC {
            match self.pull(&mut magic[have..])? {
                0 => break,
                read => have += read,
            }
        }
        self.head.extend_from_slice(&magic[..have]);
        Ok(&self.head)
    }

    fn pull(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.inner.read(into) {
                Ok(read) => {
                    // A reader that claims more than the buffer holds must not make us panic.
                    let read = read.min(into.len());
                    self.bytes += read as u64;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.broken = true;
                    return Err(error);
                }
            }
        }
    }
}

impl<R: Read> Read for Tap<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.head.is_empty() {
            return self.pull(into);
        }
        let take = self.head.len().min(into.len());
        into[..take].copy_from_slice(&self.head[..take]);
        self.head.drain(..take);
        Ok(take)
    }
}

enum Unpacker<R: Read> {
    Plain(Tap<R>),
    Gzip(Box<MultiGzDecoder<BufReader<Tap<R>>>>),
    Zstd(zstd::stream::read::Decoder<'static, BufReader<Tap<R>>>),
}

/// The input's unpacked bytes.
pub(super) struct Bytes<R: Read> {
    name: String,
    unpacker: Unpacker<R>,
}

/// An input that was read to its end.
pub(super) struct Drained<R> {
    pub(super) input: R,
    /// How many it has, as they stand on disk.
    pub(super) bytes: u64,
}

impl<R: Read> Bytes<R> {
    /// Recognises the packing by the first bytes; `name` is for messages.
    pub(super) fn open(input: R, name: &str) -> Result<Self, Error> {
        let mut tap = Tap::new(input);
        let packed = |tap| BufReader::with_capacity(CHUNK, tap);
        let unpacker = match tap.peek().map_err(|error| unreadable(name, &error))? {
            [0x1f, 0x8b, ..] => Unpacker::Gzip(Box::new(MultiGzDecoder::new(packed(tap)))),
            // A frame, or a skippable frame before it (RFC 8878, 3.1.1 and 3.1.2).
            [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
                let decoder = zstd::stream::read::Decoder::with_buffer(packed(tap));
                Unpacker::Zstd(decoder.map_err(|error| damaged(name, "zstd", &error))?)
            }
            _ => Unpacker::Plain(tap),
        };
        Ok(Self { name: name.to_owned(), unpacker })
    }

    /// The input's name, for messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Reads unpacked bytes; 0 at the end.
    pub(super) fn read(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        let result = match &mut self.unpacker {
            Unpacker::Plain(tap) => tap.read(into),
            Unpacker::Gzip(decoder) => decoder.read(into),
            Unpacker::Zstd(decoder) => decoder.read(into),
        };
        result.map_err(|error| self.explain(&error))
    }

    /// Reads what is left on disk, unpacking no more of it.
    pub(super) fn drain(self) -> Result<Drained<R>, Error> {
        let mut tap = match self.unpacker {
            Unpacker::Plain(tap) => tap,
            Unpacker::Gzip(decoder) => decoder.into_inner().into_inner(),
            Unpacker::Zstd(decoder) => decoder.finish().into_inner(),
        };
        let mut scratch = vec![0; CHUNK];
        while tap.pull(&mut scratch).map_err(|error| unreadable(&self.name, &error))? > 0 {}
        Ok(Drained { input: tap.inner, bytes: tap.bytes })
    }

    /// Tells an input that cannot be read from one that cannot be unpacked.
    fn explain(&self, error: &io::Error) -> Error {
        let (packing, tap) = match &self.unpacker {
            Unpacker::Plain(_) => return unreadable(&self.name, error),
            Unpacker::Gzip(decoder) => ("gzip", decoder.get_ref().get_ref()),
            Unpacker::Zstd(decoder) => ("zstd", decoder.get_ref().get_ref()),
        };
        if tap.broken { unreadable(&self.name, error) } else { damaged(&self.name, packing, error) }
    }
}

fn unreadable(name: &str, error: &io::Error) -> Error {
    let exit = if error.kind() == io::ErrorKind::NotFound { Exit::NoInput } else { Exit::Data };
    Error::new(exit, format!("{name} cannot be read: {error}"))
}

fn damaged(name: &str, packing: &str, error: &io::Error) -> Error {
    Error::new(Exit::Data, format!("{name} is {packing}, but damaged, cut off or with something behind it: {error}"))
        .hint("pack it again, or hand it over unpacked")
}
