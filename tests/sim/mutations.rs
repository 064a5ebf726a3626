//! The bugs of `tests/sim/mutations` can still be put in; that the simulation catches each is `.ci/mutations`' business.

use std::{fs, path::Path};

/// One stretch of a patch: what stands there before it.
fn stretches(patch: &str) -> Vec<(String, String)> {
    let mut stretches: Vec<(String, String)> = Vec::new();
    let mut file = String::new();
    for line in patch.split_inclusive('\n') {
        if let Some(path) = line.strip_prefix("--- a/") {
            path.trim_end().clone_into(&mut file);
        } else if line.starts_with("@@ ") {
            stretches.push((file.clone(), String::new()));
        } else if let (Some((_, before)), Some(text)) = (stretches.last_mut(), line.strip_prefix([' ', '-'])) {
            before.push_str(text);
        }
    }
    stretches
}

#[test]
fn every_mutation_can_still_be_put_in() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let patches = fs::read_dir(root.join("tests/sim/mutations")).expect("the mutations");
    let mut count = 0;
    for patch in patches.map(|entry| entry.expect("an entry").path()) {
        let text = fs::read_to_string(&patch).expect("a patch");
        assert!(text.lines().next().is_some_and(|line| line.ends_with('.')), "{} says what it is", patch.display());
        let stretches = stretches(&text);
        assert!(!stretches.is_empty(), "{} changes nothing", patch.display());
        for (file, before) in stretches {
            let source = fs::read_to_string(root.join(&file)).expect("the file that it changes");
            assert!(source.contains(&before), "{} does not fit {file} any more", patch.display());
        }
        count += 1;
    }
    assert!(count >= 12, "only {count}");
}
