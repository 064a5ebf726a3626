//! What a memory is of, who may have it, and what is left of one that is lost.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tollgate::error::{Error, Exit};

use super::*;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("state/memory")
    }

    fn open(&self, first: bool) -> Result<Memory, Error> {
        Memory::open(&self.free(), &about(), &kinds(), first, false)
    }

    /// Its path, once nobody holds it: a process that another test starts has this one's files open until it runs its own
    /// program.
    fn free(&self) -> PathBuf {
        for file in ["lock", "memory.redb"] {
            if let Ok(file) = fs::File::open(self.path().join(file)) {
                file.lock().unwrap();
            }
        }
        self.path()
    }

    /// Says that it is of another format.
    fn replace_format(&self, format: u32) {
        let database = redb::Database::open(self.path().join("memory.redb")).unwrap();
        let writing = database.begin_write().unwrap();
        let facts = redb::TableDefinition::<&str, &[u8]>::new("facts");
        writing.open_table(facts).unwrap().insert("format", format.to_le_bytes().as_slice()).unwrap();
        writing.commit().unwrap();
    }

    /// A memory that has something in it.
    fn with_somebody() -> Self {
        let home = Self::new();
        let mut memory = home.open(true).unwrap();
        send(&mut memory, &person(1), "a", Verdict::Updated);
        home
    }
}

fn exit(opened: Result<Memory, Error>) -> Exit {
    opened.unwrap_err().exit()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_memory_that_is_not_there_or_empty_is_refused_unless_it_is_the_first_time() {
    let home = Home::new();
    let error = home.open(false).unwrap_err();
    assert_eq!(error.exit(), Exit::Guard);
    assert!(error.what().ends_with("is not there") && error.what_next().unwrap().contains("--first"));
    assert!(!home.path().exists(), "a refusal makes nothing");
    drop(home.open(true).unwrap());
    assert!(home.open(false).unwrap_err().what().ends_with("is empty"));
    send(&mut home.open(true).unwrap(), &person(1), "a", Verdict::Updated);
    for first in [false, true] {
        assert_eq!(known(&mut home.open(first).unwrap(), &person(1), "a"), Known::Same);
    }
}

#[test]
fn a_store_without_anything_in_it_is_an_empty_memory() {
    let home = Home::with_somebody();
    fs::write(home.path().join("memory.redb"), b"").unwrap();
    assert_eq!(exit(home.open(false)), Exit::Guard);
    drop(home.open(true).unwrap());
}

#[test]
fn a_beginning_that_was_cut_short_begins_anew() {
    let home = Home::new();
    fs::create_dir_all(home.path()).unwrap();
    fs::write(home.path().join("memory.redb.new"), b"half").unwrap();
    fs::write(home.path().join("key.new"), b"half").unwrap();
    assert_eq!(exit(home.open(false)), Exit::Guard);
    drop(home.open(true).unwrap());
}

#[test]
fn its_files_are_private_or_the_groups() {
    for (group, of_directory, of_files) in [(false, 0o700, 0o600), (true, 0o770, 0o660)] {
        let home = Home::new();
        drop(Memory::open(&home.free(), &about(), &kinds(), true, group).unwrap());
        assert_eq!(mode(&home.path()), of_directory);
        let files: Vec<_> = fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 3, "{files:?}");
        for file in &files {
            assert_eq!(mode(file), of_files, "{}", file.display());
        }
    }
}

#[test]
fn one_process_has_it_at_a_time() {
    let home = Home::with_somebody();
    let held = home.open(false).unwrap();
    assert_eq!(exit(Memory::open(&home.path(), &about(), &kinds(), false, false)), Exit::Incomplete);
    drop(held);
    drop(home.open(false).unwrap());
}

#[test]
fn a_memory_of_something_else_is_left_alone() {
    let home = Home::with_somebody();
    let other = |about: Destination| exit(Memory::open(&home.free(), &about, &kinds(), true, false));
    assert_eq!(other(Destination { api: "crafter".to_owned(), ..about() }), Exit::Config);
    assert_eq!(other(Destination { host: "sandbox".to_owned(), ..about() }), Exit::Config);
    assert_eq!(other(Destination { base_path: "/v2".to_owned(), ..about() }), Exit::Config);
    assert_eq!(other(of_parameters(&[("tenant", "a")])), Exit::Config);
    let mut memory = home.open(false).unwrap();
    memory.learn_app("14c3").unwrap();
    memory.learn_app("14c3").unwrap();
    assert_eq!(memory.learn_app("99ff").unwrap_err().exit(), Exit::Config);
    drop(memory);
    let mut memory = home.open(false).unwrap();
    assert_eq!(memory.learn_app("99ff").unwrap_err().exit(), Exit::Config);
    memory.learn_app("14c3").unwrap();
}

/// The API, told these once for all calls.
fn of_parameters(said: &[(&str, &str)]) -> Destination {
    Destination {
        parameters: said.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..about()
    }
}

#[test]
fn a_memory_of_some_parameters_is_used_for_no_others() {
    let many = [
        of_parameters(&[]),
        of_parameters(&[("tenant", "a")]),
        of_parameters(&[("tenant", "A")]),
        of_parameters(&[("tenant", "a\nregion=b")]),
        of_parameters(&[("tenant", "a"), ("region", "b")]),
        of_parameters(&[("tenant", "b"), ("region", "a")]),
        of_parameters(&[("tenant", "a=b")]),
        of_parameters(&[("region", "a")]),
        of_parameters(&[("tenant", "")]),
    ];
    for (place, theirs) in many.iter().enumerate() {
        let home = Home::new();
        drop(Memory::open(&home.free(), theirs, &kinds(), true, false).unwrap());
        for (nth, ours) in many.iter().enumerate() {
            match Memory::open(&home.free(), ours, &kinds(), true, false) {
                Ok(_) => assert_eq!(nth, place),
                Err(error) => assert_eq!((error.exit(), nth == place), (Exit::Config, false), "{error}"),
            }
        }
    }
}

#[test]
fn whoever_brings_another_parameter_is_told_which() {
    let said = |theirs: &[(&str, &str)], ours: &[(&str, &str)]| {
        let drive = Drive::default();
        let open = |said| Memory::over(drive.clone(), &KEY, "memory", &of_parameters(said), &kinds(), true);
        drop(open(theirs).unwrap());
        let error = open(ours).unwrap_err();
        assert!(error.what_next().unwrap().contains("--memory"));
        error.what().to_owned()
    };
    let both = [("region", "eu"), ("tenant", "a")];
    assert_eq!(
        said(&both, &[("region", "eu"), ("tenant", "b")]),
        "the memory in memory is of another tenant: a, not b"
    );
    assert_eq!(said(&both, &both[..1]), "the memory in memory is of tenant a, and none is said now");
    assert_eq!(said(&both[..1], &both), "the memory in memory is of no tenant, and one is said now");
}

#[test]
fn another_format_is_left_alone() {
    for format in [3_u32, 5] {
        let home = Home::with_somebody();
        home.replace_format(format);
        assert_eq!(exit(home.open(true)), Exit::Config, "{format}");
    }
}

#[test]
fn what_is_no_store_is_damaged() {
    let home = Home::with_somebody();
    let store = home.path().join("memory.redb");
    let whole = fs::read(&store).unwrap();
    for wrong in [b"no store".to_vec(), vec![0; 8192], vec![0xff; whole.len()], whole[..100].to_vec()] {
        fs::write(&store, &wrong).unwrap();
        assert_eq!(exit(home.open(true)), Exit::Data, "{} bytes", wrong.len());
    }
    fs::write(&store, &whole).unwrap();
    drop(home.open(false).unwrap());
}

#[test]
fn a_memory_without_its_own_key_is_damaged() {
    let home = Home::with_somebody();
    let key = home.path().join("key");
    let whole = fs::read(&key).unwrap();
    assert_eq!(whole.len(), 32);
    for wrong in [vec![0; 32], vec![0; 31], Vec::new()] {
        fs::write(&key, wrong).unwrap();
        assert_eq!(exit(home.open(true)), Exit::Data);
    }
    fs::remove_file(&key).unwrap();
    assert_eq!(exit(home.open(true)), Exit::Data);
    fs::write(&key, whole).unwrap();
    drop(home.open(false).unwrap());
}

#[test]
fn kinds_of_ids_are_known_by_their_names_in_any_order() {
    let drive = Drive::default();
    let open = |kinds: [&str; 2]| {
        let kinds = kinds.map(str::to_owned);
        Memory::over(drive.clone(), &KEY, "memory", &about(), &kinds, true).unwrap()
    };
    let mut memory = open(["customer_user_id", "profile_id"]);
    sync(&mut memory, &[(person(1), "a"), (Identity::two(id(0, "ada"), id(1, "p-1")), "a")]);
    drop(memory);
    let mut memory = open(["profile_id", "customer_user_id"]);
    let turned = Identity::one(id(1, "customer-1"));
    assert_eq!(known(&mut memory, &turned, "a"), Known::Same);
    assert_eq!(leavers(&mut memory, &[(turned, "a")]), [Identity::two(id(1, "ada"), id(0, "p-1"))]);
    drop(memory);
    let mut memory = open(["email", "customer_user_id"]);
    let recollection = recollect(&mut memory);
    assert_eq!(memory.leavers(&recollection, |_| 9).unwrap_err().exit(), Exit::Config);
}
