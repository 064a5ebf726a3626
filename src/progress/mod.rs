//! The spectators: a bar, plain lines, silence; and the screen that they share with every other word.
//!
//! Promises: nothing here can stop or slow a run (a bar that cannot be drawn is passed over); words, logs and the bar
//! never tear each other. What is said is a pure function of the pulse; only drawing touches the terminal.

mod screen;
mod spectators;
mod words;

pub use screen::{DataWriter, Screen, Writer};
pub use spectators::{Show, Watcher, choose};
pub use words::{details, headline, line, settled};
