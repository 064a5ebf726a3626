//! What may be leaked: every file below a directory, and what a process said.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::{fs, path::Path};

use super::program::Left;

/// Every file below a directory by its name, and what is in it; bytes that are no text stand as something else.
pub(crate) fn files(directory: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let content = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            found.push((path.display().to_string(), content));
        }
    }
    found
}

/// What it said, by where.
pub(crate) fn words(left: &Left) -> [(String, String); 2] {
    [("stdout".to_owned(), left.stdout.clone()), ("stderr".to_owned(), left.stderr.clone())]
}
