//! What the tests share.

#![expect(clippy::expect_used, reason = "helpers of tests may expect, as tests may")]

pub(crate) mod acts;
pub(crate) mod clock;
pub(crate) mod disk;
pub(crate) mod door;
pub(crate) mod leaks;
pub(crate) mod program;
pub(crate) mod record;
pub(crate) mod remote;
pub(crate) mod script;
pub(crate) mod stage;
pub(crate) mod world;
