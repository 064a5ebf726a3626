//! The list of those who shall not come back, while rows are deleted: the reader's thread enters the ids of rows, and a
//! thread of its own those that looks tell.
//!
//! Promises: one of them at a time; what was entered is on the disk before the flow goes on. It does not know whom it is
//! about.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread::Builder,
};

use futures::{FutureExt as _, future::LocalBoxFuture};
use tokio::sync::oneshot;

use crate::{
    domain::Id,
    error::{Error, Exit},
    flow::Register,
    memory::SuppressList,
};

/// The list, for the threads that write it.
#[derive(Clone)]
pub(super) struct List(Arc<Mutex<SuppressList>>);

impl List {
    pub(super) fn of(list: SuppressList) -> Self {
        Self(Arc::new(Mutex::new(list)))
    }

    /// A thread that panicked while it held it ends the run anyway.
    pub(super) fn lock(&self) -> MutexGuard<'_, SuppressList> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ids of somebody who is about to be deleted, and who waits for them to be entered.
struct Entry {
    ids: Vec<Id>,
    entered: oneshot::Sender<Result<(), Error>>,
}

/// The thread that enters what looks tell, as the flow sees it. It ends when this is dropped.
pub(super) struct Registrar(Sender<Entry>);

impl Registrar {
    pub(super) fn of(list: List) -> Result<Self, Error> {
        let (queue, entries) = channel();
        let thread = Builder::new().name("register".to_owned()).spawn(move || keep(&list, &entries));
        thread.map_err(|error| Error::no_thread(&error))?;
        Ok(Self(queue))
    }
}

/// Whatever has come meanwhile is entered together: each writing waits for the disk.
fn keep(list: &List, entries: &Receiver<Entry>) {
    while let Ok(first) = entries.recv() {
        let all: Vec<Entry> = std::iter::once(first).chain(entries.try_iter()).collect();
        let entered = list.lock().enter_ids(all.iter().flat_map(|entry| &entry.ids)).map(drop);
        for entry in all {
            let _nobody_waits = entry.entered.send(entered.clone());
        }
        if entered.is_err() {
            return;
        }
    }
}

impl Register for Registrar {
    fn enter(&self, ids: Vec<Id>) -> LocalBoxFuture<'_, Result<(), Error>> {
        let (entered, waiting) = oneshot::channel();
        let sent = self.0.send(Entry { ids, entered });
        let gone = || Error::new(Exit::Internal, "the thread that keeps the suppression list has gone");
        async move {
            match sent {
                Ok(()) => waiting.await.unwrap_or_else(|_| Err(gone())),
                Err(_) => Err(gone()),
            }
        }
        .boxed_local()
    }
}
