//! The list of those who shall not come back: whatever stands in it, it is read whole or not at all, and nobody can write a
//! line but whoever has its key.
//!
//! The first byte: 0 the rest is the list; 1 it follows a sound first line; else it is changes to a sound list of eight,
//! four bytes each: where (two bytes, little end first), what is put there, and how many bytes it takes the place of.

use std::{
    cell::RefCell,
    io::{self, Write},
    path::Path,
    rc::Rc,
    sync::LazyLock,
};

use tollgate::{
    domain::{Id, IdKind, Identity, SecretKey},
    error::{Error, Exit},
    memory::{Sheet, SuppressList},
};

type List = SuppressList<Paper>;

/// 64 and 16 hex digits, a blank, and a line end.
const LINE: usize = 82;

/// The bytes of a sound list, and how many of them are its first line.
static SOUND: LazyLock<(Vec<u8>, usize)> = LazyLock::new(|| {
    let paper = Paper::default();
    let mut list = open(&paper).expect("an empty list");
    let header = paper.0.borrow().len();
    let erased = (0..8).map(|nth| Identity::one(Id::parse(IdKind(0), &format!("customer-{nth}")).expect("an id")));
    list.enter(erased.collect::<Vec<_>>().iter()).expect("room");
    let sound = paper.0.borrow().clone();
    (sound, header)
});

/// The target.
pub fn check(data: &[u8]) {
    let Some((way, data)) = data.split_first() else { return };
    let (sound, header) = &*SOUND;
    let text = match way {
        0 => data.to_vec(),
        1 => [&sound[..*header], data].concat(),
        _ => changed(sound, data),
    };
    let paper = Paper(Rc::new(RefCell::new(text.clone())));
    let (read, opened) = (List::parse(&text, Path::new("list"), &key(), &kinds()), open(&paper));
    match (&read, &opened) {
        (Ok(_), Ok(_)) => {
            let length = text.len() - zeros(&text[*header..]);
            let whole = length - (length - header) % LINE;
            assert!(sound.starts_with(&text[..whole]), "a line was let through that nobody wrote");
            assert_eq!(*paper.0.borrow(), text[..whole], "what was torn is cut off, and no more");
        }
        (Err(error), Ok(_)) => {
            assert!(sound[..*header].starts_with(&text), "only what a crash left of the first line: {error}");
        }
        (Err(_), Err(_)) => assert_eq!(*paper.0.borrow(), text, "it is left as it was"),
        (Ok(_), Err(error)) => panic!("it can be read, and not opened: {error}"),
    }
    for error in [read.err(), opened.err()].into_iter().flatten() {
        assert!(matches!(error.exit(), Exit::Data | Exit::Config), "{error}");
    }
}

/// What a power cut leaves at the end of a file: more than one of them are no part of a line.
fn zeros(lines: &[u8]) -> usize {
    let count = lines.iter().rev().take_while(|byte| **byte == 0).count();
    if count > 1 { count } else { 0 }
}

fn changed(sound: &[u8], data: &[u8]) -> Vec<u8> {
    let mut text = sound.to_vec();
    for change in data.chunks_exact(4).take(64) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % (text.len() + 1);
        let end = (at + usize::from(change[3])).min(text.len());
        text.splice(at..end, [change[2]]);
    }
    text
}

fn open(paper: &Paper) -> Result<List, Error> {
    List::over(paper.clone(), Path::new("list"), &key(), &kinds())
}

fn key() -> SecretKey {
    SecretKey::of_file(Path::new("key"), Ok(b"a key that is long enough".to_vec()), "the key").expect("it is")
}

fn kinds() -> [String; 2] {
    ["customer_user_id".to_owned(), "profile_id".to_owned()]
}

/// A file in memory.
#[derive(Debug, Clone, Default)]
struct Paper(Rc<RefCell<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sheet for Paper {
    fn bytes(&mut self) -> io::Result<Vec<u8>> {
        Ok(self.0.borrow().clone())
    }

    fn cut(&mut self, bytes: u64) -> io::Result<()> {
        self.0.borrow_mut().truncate(usize::try_from(bytes).map_err(io::Error::other)?);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn sync_name(&mut self) -> io::Result<()> {
        Ok(())
    }
}
