//! The fuzz targets' laws, held against every file of the corpus on stable Rust: what a fuzzer found stays mended.
//!
//! But for the memory's: one of its files asks for 2 GiB, and `memory/damage.rs` tries the same.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use proptest::{prelude::*, sample::Index};

#[expect(clippy::expect_used, unreachable_pub, reason = "a library of its own, which may expect as tests may")]
#[path = "../../fuzz/src/lib.rs"]
mod laws;

type Check = fn(&[u8]);

const TARGETS: [(&str, Check); 8] = [
    ("answers", laws::answers::check),
    ("description", laws::description::check),
    ("fields", laws::fields::check),
    ("reader", laws::reader::check),
    ("results", laws::results::check),
    ("retry_after", laws::retry_after::check),
    ("suppress", laws::suppress::check),
    ("words", laws::words::check),
];

fn corpus(name: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(root).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort_unstable();
    files
}

#[test]
fn every_law_holds_for_every_file_of_its_corpus() {
    for (name, check) in TARGETS {
        assert!(!corpus(name).is_empty(), "{name} has no corpus");
        for file in corpus(name) {
            check(&fs::read(file).unwrap());
        }
    }
}

#[test]
fn no_corpus_is_passed_over() {
    let all = corpus("");
    let all = all.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).filter(|name| *name != "memory");
    assert!(all.eq(TARGETS.map(|(name, _)| name)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_law_holds_near_every_file_of_its_corpus(
        target: Index, file: Index,
        changes in prop::collection::vec((any::<Index>(), any::<Index>(), prop::collection::vec(any::<u8>(), 0..4)), 1..5),
    ) {
        let (name, check) = TARGETS[target.index(TARGETS.len())];
        let files = corpus(name);
        let mut bytes = fs::read(&files[file.index(files.len())]).unwrap();
        for (from, much, put) in changes {
            let from = from.index(bytes.len() + 1);
            let to = (from + much.index(4)).min(bytes.len());
            bytes.splice(from..to, put);
        }
        check(&bytes);
    }
}
