//! What the tests share.

pub mod disk;
pub mod remote;
pub mod stage;
