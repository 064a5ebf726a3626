//! A memory's store with bytes changed: it is as before or damaged, and says which.
//!
//! The input is a list of changes to a sound store of 40 people, six bytes each: where (four bytes, little end first),
//! what is to be added to the byte there, and how many bytes from there on are meant.
#![no_main]

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use libfuzzer_sys::fuzz_target;
use redb::StorageBackend;
use tollgate::{
    domain::{
        Action, Destination, Evidence, Fields, Id, IdKind, Identity, Moment, Outcome, Recall as _, Row, Setting,
        Subject, Value, Verdict,
    },
    error::{Error, Exit},
    memory::Memory,
};

const KEY: [u8; 32] = [7; 32];

static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    // What a panic says is nobody's business here: the store's own are caught, any other still ends the process.
    std::panic::set_hook(Box::new(|_| {}));
    let drive = Drive::default();
    let mut memory = open(&drive, true).expect("an empty one is begun");
    work(&mut memory).expect("a sound one works");
    drop(memory);
    let bytes = drive.0.lock().expect("nobody panicked").clone();
    bytes
});

fuzz_target!(|data: &[u8]| {
    let mut bytes = SOUND.clone();
    for change in data.chunks_exact(6).take(64) {
        let at = u32::from_le_bytes([change[0], change[1], change[2], change[3]]) as usize % bytes.len();
        let end = (at + usize::from(change[5]).max(1)).min(bytes.len());
        bytes[at..end].iter_mut().for_each(|byte| *byte = byte.wrapping_add(change[4]));
    }
    let drive = Drive(Arc::new(Mutex::new(bytes)));
    if let Err(error) = open(&drive, false).and_then(|mut memory| work(&mut memory)) {
        assert!(matches!(error.exit(), Exit::Data | Exit::Config | Exit::Guard | Exit::Io), "{error}");
    }
});

fn open(drive: &Drive, first: bool) -> Result<Memory, Error> {
    let about = Destination {
        api: "adapty".to_owned(),
        host: "api.adapty.io".to_owned(),
        base_path: "/".to_owned(),
        parameters: BTreeMap::new(),
    };
    Memory::over(drive.clone(), &KEY, "memory", &about, &["id".to_owned()], first)
}

/// All that a sync does with its memory.
fn work(memory: &mut Memory) -> Result<(), Error> {
    let now = Moment::from_millis(1_795_226_340_123);
    let mut recollection = memory.recollect(now, None, Duration::from_hours(12))?;
    let rows: Vec<Row> = (0..40).map(row).collect();
    let identity = |row: &'_ Row| match &row.subject {
        Subject::Known(identity) => Some(identity.clone()),
        Subject::Spared(..) | Subject::Malformed { .. } => None,
    };
    let identities: Vec<Identity> = rows.iter().filter_map(identity).collect();
    for (identity, row) in identities.iter().zip(&rows) {
        recollection.ask(identity, row.action, &row.fields);
    }
    memory.forget(identities.iter())?;
    memory.remember(&rows.iter().cloned().map(outcome).collect::<Vec<_>>(), now)?;
    recollection.check()?;
    memory.leavers(&recollection, |_| 10)?;
    memory.complete(&recollection, rows.len() as u64, now)
}

fn row(line: u64) -> Row {
    let id = Id::parse(IdKind(0), &format!("customer-{line}")).expect("an id");
    let setting = Setting { name: Arc::from("email"), field: 0, value: Value::Text("a@example.com".into()) };
    Row {
        line: line + 1,
        action: Action::Update,
        subject: Subject::Known(Identity::one(id)),
        fields: Fields::new(vec![setting]),
        original: Box::default(),
    }
}

fn outcome(row: Row) -> Outcome {
    Outcome {
        row,
        verdict: Verdict::Updated,
        attempts: 1,
        elapsed: Duration::ZERO,
        evidence: Evidence::default(),
        after_lost_answer: false,
        erased: false,
    }
}

/// A file in memory.
#[derive(Debug, Clone, Default)]
struct Drive(Arc<Mutex<Vec<u8>>>);

impl Drive {
    fn with<T>(&self, what: impl FnOnce(&mut Vec<u8>) -> Option<T>) -> io::Result<T> {
        let mut bytes = self.0.lock().map_err(|_| io::Error::other("poisoned"))?;
        what(&mut bytes).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

impl StorageBackend for Drive {
    fn len(&self) -> io::Result<u64> {
        self.with(|bytes| Some(bytes.len() as u64))
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.with(|bytes| {
            let at = usize::try_from(offset).ok()?;
            out.copy_from_slice(bytes.get(at..at.checked_add(out.len())?)?);
            Some(())
        })
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let length = usize::try_from(length).ok().filter(|length| *length <= 64 << 20);
        self.with(|bytes| Some(bytes.resize(length?, 0)))
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.with(|bytes| {
            let at = usize::try_from(offset).ok()?;
            bytes.get_mut(at..at.checked_add(data.len())?)?.copy_from_slice(data);
            Some(())
        })
    }
}
