//! What the machine is told before it runs: how the input is read, what `run.json` begins with, what the memory knows.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    io::Cursor,
    rc::Rc,
    time::Duration,
};

use tollgate::{
    domain::{
        Action, Decided, Destination, Dice, Field, FieldKind, Fields, Id, IdFormat, IdKind, Identity, Known, Moment,
        Naming, Past, Recall, Schema, Setting, Value,
    },
    error::Error,
    memory::{Memory, Recollection},
    report::{Immutable, InputFacts},
    source::{self, ColumnWish, Counting, Dedupe, FieldWish, Format, Options, Readings, Shard, Wish},
};

use crate::{
    model::{Model, State, is_so},
    power::Drive,
    rows::{Deed, Entry, Rows},
    support::remote::APP,
};

/// How long it is believed that somebody is missing: no history lasts so long by the memory's clock.
const AGAIN: Duration = Duration::from_hours(12);
/// Under which repeats are remembered.
pub(crate) const KEY: [u8; 32] = [7; 32];

/// The memory's drive, and who holds it now.
#[derive(Default)]
pub(crate) struct Store {
    drive: RefCell<Drive>,
    /// The store gets its name last: one whose beginning was cut short is not there.
    has_name: Cell<bool>,
    fails_after: Cell<Option<u64>>,
    open: RefCell<Option<Rc<RefCell<Memory>>>>,
    /// How many tries have asked what it holds.
    tries: Cell<i64>,
}

/// The memory of one try.
pub(crate) struct Beforehand {
    pub(crate) memory: Rc<RefCell<Memory>>,
    recollection: Recollection,
    now: Moment,
}

/// From one try to the next; what is remembered is told apart by the minute.
const BETWEEN_TRIES: i64 = 2 * 60_000;

impl Store {
    /// The time of the present try.
    pub(crate) fn now(&self) -> Moment {
        Moment::from_millis(now().millis() + self.tries.get() * BETWEEN_TRIES)
    }

    /// Opens it, as a process that begins.
    pub(crate) fn open(&self) -> Result<Rc<RefCell<Memory>>, Error> {
        let kinds = ["profile_id".to_owned(), "customer_user_id".to_owned()];
        if !self.has_name.get() {
            *self.drive.borrow_mut() = Drive::default();
        }
        let drive = self.drive.borrow().clone();
        if let Some(changes) = self.fails_after.take() {
            drive.cut_after(changes);
        }
        let memory = Memory::over(drive, &KEY, "memory", &destination(), &kinds, true)?;
        self.has_name.set(true);
        let memory = Rc::new(RefCell::new(memory));
        *self.open.borrow_mut() = Some(Rc::clone(&memory));
        Ok(memory)
    }

    /// So many further changes of the drive succeed.
    pub(crate) fn fail_after(&self, changes: u64) {
        self.fails_after.set(Some(changes));
    }

    /// The process is gone; one that died did not even close its store.
    pub(crate) fn leave(&self, died: bool, dice: &mut Dice) {
        self.fails_after.set(None);
        let drive = self.drive.borrow();
        if died {
            drive.cut_after(0);
        }
        drop(self.open.borrow_mut().take());
        drive.restore(dice);
    }
}

impl Store {
    /// Whatever is remembered as sent is so at the API: of one row alone, and of a person's rows together.
    pub(crate) fn claims_only_what_is_so(&self, rows: &Rows, state: &State) {
        let memory = self.open().expect("a drive that is well");
        for asked in rounds(&rows.entries) {
            let mut recollection =
                memory.borrow_mut().recollect(self.now(), None, AGAIN).expect("a drive that is well");
            for entry in asked {
                let known = recollection.ask(&identity(entry), action(entry.deed), &fields(entry));
                let is_so = match known {
                    Known::Same => is_so(rows, (state, BTreeSet::new()), &[entry]),
                    Known::Missing | Known::Taken => {
                        let word = if known == Known::Missing { "missing" } else { "exists" };
                        Model::new(rows, state.clone(), BTreeSet::new()).expect(entry) == word
                    }
                    Known::Changed | Known::Refused | Known::Erased => true,
                };
                assert!(is_so, "line {} is remembered as {known:?}, and is not so", entry.line);
            }
        }
        let mut recollection = memory.borrow_mut().recollect(self.now(), None, AGAIN).expect("a drive that is well");
        let decided = decision(&mut recollection, &rows.bytes(), rows, &Past::default()).expect("a good file");
        for entry in rows.entries.iter().filter(|entry| decided.unchanged.contains(entry.line)) {
            let person = rows.of_one_person(entry);
            let is_known =
                |row: &&Entry| decided.unchanged.contains(row.line) || decided.before.spares(row.line).is_some();
            assert!(person.iter().all(is_known), "line {} is known without the others", entry.line);
            // Who was missing a while ago is not asked about, though a later row may have created him.
            let sent: Vec<&Entry> =
                person.into_iter().filter(|row| !decided.before.missing.contains(row.line)).collect();
            assert!(
                is_so(rows, (state, BTreeSet::new()), &sent),
                "line {} and others are remembered, and are not so",
                entry.line
            );
        }
        drop((memory, recollection));
        drop(self.open.borrow_mut().take());
    }
}

/// To be asked at once: no id twice, since a recollection is asked about the rows of one export.
fn rounds(entries: &[Entry]) -> Vec<Vec<&Entry>> {
    let mut rounds: Vec<Vec<&Entry>> = Vec::new();
    for entry in entries.iter().filter(|entry| !entry.ids.is_empty()) {
        match rounds.iter_mut().find(|round| !round.iter().any(|other| other.shares_an_id(&entry.ids))) {
            Some(round) => round.push(entry),
            None => rounds.push(vec![entry]),
        }
    }
    rounds
}

fn identity(entry: &Entry) -> Identity {
    let id = |text: &String| {
        let kind = IdKind(u8::from(!text.starts_with("profile")));
        Id::parse(kind, text).expect("a good id")
    };
    match entry.ids.as_slice() {
        [one] => Identity::one(id(one)),
        [first, second] => Identity::two(id(first), id(second)),
        ids => panic!("one or two: {ids:?}"),
    }
}

const fn action(deed: Deed) -> Action {
    match deed {
        Deed::Delete => Action::Delete,
        Deed::Update => Action::Update,
        Deed::Upsert => Action::Upsert,
        Deed::Create => Action::Create,
    }
}

fn fields(entry: &Entry) -> Fields {
    let setting = |plan: &String| Setting { name: "plan".into(), field: 0, value: Value::Text(plan.as_str().into()) };
    Fields::new(entry.plan.iter().map(setting).collect())
}

impl Beforehand {
    pub(crate) fn complete(self, rows: &Rows) -> Result<(), Error> {
        self.memory.borrow_mut().complete(&self.recollection, rows.entries.len() as u64, self.now)
    }
}

/// Asks the memory about every row, before the first call.
pub(crate) fn decided(store: &Store, input: &[u8], rows: &Rows, past: &mut Past) -> Result<Beforehand, Error> {
    let memory = store.open()?;
    store.tries.set(store.tries.get() + 1);
    let now = store.now();
    let mut recollection = memory.borrow_mut().recollect(now, None, AGAIN)?;
    past.decided = decision(&mut recollection, input, rows, past)?;
    memory.borrow_mut().learn(&recollection, now)?;
    Ok(Beforehand { memory, recollection, now })
}

fn decision(recollection: &mut Recollection, input: &[u8], rows: &Rows, past: &Past) -> Result<Decided, Error> {
    let (options, name) = (source(rows), "customers.csv");
    let survey = source::survey(Cursor::new(input), name, &options, Readings::in_turn)?;
    let open = || Ok(Cursor::new(input));
    let decision = source::decide(&open, name, &options, &survey, past, Some(recollection), Readings::in_turn)?;
    Ok(decision.decided)
}

/// How these rows are read.
pub(crate) fn source(rows: &Rows) -> Options {
    let wish = |kind, name: &str| ColumnWish {
        kind: IdKind(kind),
        name: name.to_owned(),
        required: false,
        bare: kind == 1,
        written: IdFormat::Any,
        creates: true,
    };
    let field = || Field {
        name: "plan".to_owned(),
        kind: FieldKind::Text { least: 0, most: None, doubtful_above: None },
        nullable: true,
        required: Vec::new(),
        with_group: false,
        doubtful_without: Vec::new(),
    };
    let schema = rows.is_sync.then(|| Schema { fields: vec![field()] });
    Options {
        format: Wish::Is(Format::Csv),
        delimiter: Wish::Is(b','),
        header: true,
        columns: vec![wish(0, "profile_id"), wish(1, "customer_user_id")],
        allow_odd_ids: false,
        dedupe: if rows.dedupe { Dedupe::On } else { Dedupe::Off },
        shard: Shard { index: 0, count: 1 },
        skip: 0,
        limit: u64::MAX,
        action: if rows.is_sync { Action::Update } else { Action::Delete },
        action_column: rows.is_sync.then(|| "action".to_owned()),
        fields: FieldWish { schema, ..FieldWish::default() },
        decided: rows.is_sync.then_some(Counting::Every),
        fingerprint_key: KEY,
        seed: 1,
    }
}

pub(crate) fn now() -> Moment {
    Moment::from_millis(1_795_226_340_123)
}

fn destination() -> Destination {
    Destination {
        api: "adapty".to_owned(),
        host: "api.adapty.io:443".to_owned(),
        base_path: "/".to_owned(),
        parameters: BTreeMap::new(),
    }
}

pub(crate) fn immutable(naming: &Naming) -> Immutable {
    Immutable {
        hash_ids: naming.key_id().map(str::to_owned),
        tool_version: "0.1.0".to_owned(),
        command: "delete".to_owned(),
        destination: destination(),
        app: Some(APP.to_owned()),
        operator: Some("Ada".to_owned()),
        reference: None,
        key_fingerprint: "ab12".to_owned(),
        input: InputFacts { name: "customers.csv".to_owned(), size: None, digest: None, rows: None },
        options: BTreeMap::new(),
        sandbox: false,
        started: now(),
        turn: 1,
    }
}
