//! Who watches: a bar, one plain line a minute, nobody.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::{Screen, words};
use crate::flow::{Pulse, Spectator};

/// How long plain lines are apart: often enough to see a stall, seldom enough for a log that is kept.
const LINE_EVERY: Duration = Duration::from_mins(1);

/// Which spectator watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// A bar: stderr is a terminal.
    Bar,
    /// One plain line every 60 s.
    Lines,
    /// Nothing: `-q`, `--no-progress`.
    Nothing,
}

/// The spectator that was asked for.
#[derive(Debug)]
pub struct Watcher(Seat);

#[derive(Debug)]
enum Seat {
    Bar(Bar),
    Lines(Lines),
    Empty,
}

/// Seats the spectator that was asked for.
#[must_use]
pub fn choose(show: Show, screen: &Screen) -> Watcher {
    Watcher(match show {
        Show::Bar => Seat::Bar(Bar::new(screen)),
        Show::Lines => Seat::Lines(Lines { screen: screen.clone(), next: LINE_EVERY }),
        Show::Nothing => Seat::Empty,
    })
}

impl Spectator for Watcher {
    fn show(&mut self, pulse: &Pulse) {
        match &mut self.0 {
            Seat::Bar(bar) => bar.show(pulse),
            Seat::Lines(lines) => lines.show(pulse),
            Seat::Empty => {}
        }
    }
}

/// Two lines at the foot of a terminal, cleared when the run is over.
#[derive(Debug)]
struct Bar {
    bar: ProgressBar,
    total: Option<u64>,
}

impl Bar {
    /// While the total is unknown; `wide_msg` is cut to the terminal's width.
    const OPEN: &str = "{spinner} {prefix}\n  {wide_msg}";
    /// Once the total is known.
    const MEASURED: &str = "[{bar:30}] {prefix}\n  {wide_msg}";

    fn new(screen: &Screen) -> Self {
        let bar = screen.seat(ProgressBar::new_spinner());
        bar.set_style(style(Self::OPEN));
        Self { bar, total: None }
    }

    fn show(&mut self, pulse: &Pulse) {
        if let Some(total) = pulse.total.filter(|_| pulse.total != self.total) {
            self.total = pulse.total;
            self.bar.set_length(total);
            self.bar.set_style(style(Self::MEASURED));
        }
        self.bar.set_prefix(words::headline(pulse));
        self.bar.set_message(words::details(pulse));
        self.bar.set_position(words::settled(pulse));
        self.bar.tick();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A template that does not parse costs its looks, not the run.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

#[derive(Debug)]
struct Lines {
    screen: Screen,
    next: Duration,
}

impl Lines {
    fn show(&mut self, pulse: &Pulse) {
        if pulse.elapsed >= self.next {
            self.screen.say(&words::line(pulse));
            while self.next <= pulse.elapsed {
                self.next += LINE_EVERY;
            }
        }
    }
}
