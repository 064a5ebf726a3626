//! What the simulation shares with the other tests: the simulated disk and the scripted API.

#[path = "../it/support/disk.rs"]
#[expect(dead_code, reason = "the other tests ask more of it")]
pub(crate) mod disk;
#[path = "../it/support/remote.rs"]
pub(crate) mod remote;
#[path = "../it/support/script.rs"]
#[expect(dead_code, reason = "the other tests ask more of it")]
pub(crate) mod script;
#[path = "../it/support/stage.rs"]
#[expect(dead_code, reason = "the other tests ask more of it")]
pub(crate) mod stage;
#[path = "../it/support/world.rs"]
#[expect(dead_code, reason = "the other tests ask more of it")]
pub(crate) mod world;
