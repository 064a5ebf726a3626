//! What the tests share.

pub mod disk;
pub mod door;
pub mod program;
pub mod record;
pub mod remote;
pub mod stage;
