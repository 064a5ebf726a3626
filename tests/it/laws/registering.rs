//! Whoever is found by a look is entered by all ids that it tells, before he is deleted.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};

use futures::{FutureExt as _, future::LocalBoxFuture};
use tokio::time::{Instant, sleep_until};
use tollgate::{
    domain::{Id, Verdict},
    error::{Error, Exit},
    flow::{Ending, Options, Register},
};

use super::{deletions, millis};
use crate::support::{
    remote::Script,
    stage::{Stage, name, options, people},
    world::own,
};

/// A slow one, which fails once so many have been entered.
struct Book {
    began: RefCell<Option<Instant>>,
    entered: RefCell<BTreeMap<String, Duration>>,
    most: usize,
}

impl Book {
    fn of(most: usize) -> Rc<Self> {
        Rc::new(Self { began: RefCell::default(), entered: RefCell::default(), most })
    }
}

impl Register for Book {
    #[expect(clippy::disallowed_methods, reason = "a slow disk, on the paused clock")]
    fn enter(&self, ids: Vec<Id>) -> LocalBoxFuture<'_, Result<(), Error>> {
        async move {
            // The stage's clock stands at nothing when the first look is answered, but for the time that this took.
            let began = *self.began.borrow_mut().get_or_insert_with(|| Instant::now() - millis(20));
            sleep_until(Instant::now() + millis(30)).await;
            if self.entered.borrow().len() >= self.most {
                return Err(Error::new(Exit::Io, "the disk is full"));
            }
            self.entered.borrow_mut().extend(ids.iter().map(|id| (id.text().to_owned(), began.elapsed())));
            Ok(())
        }
        .boxed_local()
    }
}

#[test]
fn nobody_is_deleted_before_every_name_of_his_is_entered() {
    let rows = people(30);
    let book = Book::of(usize::MAX);
    let options = Options { look: true, ..options(100.0, 4) };
    let register: Option<Rc<dyn Register>> = Some(Rc::clone(&book) as Rc<dyn Register>);
    let script = Script::calm(&rows, millis(20));
    let seen = Stage { register, ..Stage::new(options, rows, script) }.play();
    assert_eq!((seen.report.ending.clone(), seen.count(Verdict::Deleted)), (Ending::Complete, 30));
    let entered = book.entered.borrow();
    for delete in deletions(&seen) {
        assert!(entered[&own(delete.id())] <= delete.at, "{} was deleted first", delete.id());
    }
}

#[test]
fn whoever_cannot_be_entered_is_not_deleted_and_the_run_ends() {
    let rows = people(30);
    let book = Book::of(5);
    let options = Options { look: true, ..options(100.0, 4) };
    let script = Script::calm(&rows, millis(20));
    let seen =
        Stage { register: Some(Rc::clone(&book) as Rc<dyn Register>), ..Stage::new(options, rows, script) }.play();
    assert!(matches!(&seen.report.ending, Ending::RegisterLost(error) if error.what() == "the disk is full"));
    assert_eq!(seen.exit(), 74);
    let entered = book.entered.borrow();
    assert!(deletions(&seen).all(|delete| entered.contains_key(&own(delete.id()))));
    assert!(entered.len() <= 8, "four walk at once");
    assert!(!entered.contains_key(&own(&name(29))));
}
