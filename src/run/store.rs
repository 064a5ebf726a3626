//! A sync's memory, shared: the reader's thread forgets, the journal's remembers.
//!
//! Promises: one of them at a time. It does not know when to do either.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::memory::Memory;

/// The memory, for the threads that need it.
#[derive(Clone)]
pub(super) struct Store(Arc<Mutex<Memory>>);

impl Store {
    pub(super) fn of(memory: Memory) -> Self {
        Self(Arc::new(Mutex::new(memory)))
    }

    /// A thread that panicked while it held it ends the run anyway; what it had committed is whole.
    pub(super) fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
