//! The only printer: words to stderr, data to stdout, and neither tears the bar.

use std::{
    fmt,
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget};

use crate::error::{Error, Exit};

/// The bar is redrawn at most so many times a second: more is flicker, and costs CPU.
const REDRAWS_PER_SECOND: u8 = 10;

/// A place where bytes go.
type Sink = Arc<Mutex<dyn Write + Send>>;

/// The screen: a handle that is cheap to clone; all clones share one bar.
#[derive(Clone)]
pub struct Screen {
    bars: MultiProgress,
    words: Sink,
    data: Sink,
}

impl fmt::Debug for Screen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Screen")
    }
}

impl Screen {
    /// The process's own stderr and stdout.
    #[must_use]
    pub fn standard() -> Self {
        let target = ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND);
        Self { bars: MultiProgress::with_draw_target(target), ..Self::onto(io::stderr(), io::stdout()) }
    }

    /// Other sinks for words and data, without a place for a bar: for tests.
    #[must_use]
    pub fn onto(words: impl Write + Send + 'static, data: impl Write + Send + 'static) -> Self {
        Self {
            bars: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
            words: Arc::new(Mutex::new(words)),
            data: Arc::new(Mutex::new(data)),
        }
    }

    /// Says something on stderr, as a line of its own. A stderr that takes nothing is no reason to stop.
    pub fn say(&self, text: &str) {
        let _unheard = self.put(&self.words, format!("{text}\n").as_bytes());
    }

    /// Writes data to stdout, followed by a newline unless it ends with one. A reader that has left is no error.
    ///
    /// # Errors
    /// 74 when stdout fails in any other way.
    pub fn data(&self, text: &str) -> Result<(), Error> {
        let end = if text.ends_with('\n') { "" } else { "\n" };
        match self.put(&self.data, format!("{text}{end}").as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::new(Exit::Io, format!("cannot write to stdout: {error}")))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Writes to stderr like [`Screen::say`], as the logs want it: `telemetry::init(.., move || screen.writer(), ..)`.
    #[must_use]
    pub fn writer(&self) -> Writer {
        Writer(self.clone())
    }

    /// Writes to stdout, as those want it who write much: every failure is told, that of a reader who has left as well.
    #[must_use]
    pub fn data_writer(&self) -> DataWriter {
        DataWriter(self.clone())
    }

    /// Runs `speak` while no bar is on the screen: for prompts, which use the terminal themselves.
    pub fn aside<T>(&self, speak: impl FnOnce() -> T) -> T {
        self.bars.suspend(speak)
    }

    /// Puts a bar at the screen's foot.
    pub(super) fn seat(&self, bar: ProgressBar) -> ProgressBar {
        self.bars.add(bar)
    }

    fn put(&self, sink: &Sink, bytes: &[u8]) -> io::Result<()> {
        self.aside(|| {
            let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
            sink.write_all(bytes)?;
            sink.flush()
        })
    }
}

/// Where data are written, whole lines at a time.
#[derive(Debug, Clone)]
pub struct DataWriter(Screen);

impl Write for DataWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.put(&self.0.data, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where log lines are written, whole events at a time.
#[derive(Debug, Clone)]
pub struct Writer(Screen);

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.put(&self.0.words, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
