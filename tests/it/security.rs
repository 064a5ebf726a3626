//! SECURITY.md keeps its word: each test that it names exists.

use std::{fs, path::Path};

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(project.join("SECURITY.md")).unwrap();
    let named: Vec<_> = text.split('`').skip(1).step_by(2).filter_map(|quoted| quoted.split_once(".rs::")).collect();
    assert!(named.len() > 25, "only {}: is the text still written like that?", named.len());
    for (file, test) in named {
        let path = if file.starts_with("src/") { project.join(file) } else { project.join("tests/it").join(file) };
        let path = path.with_extension("rs");
        let code = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(code.contains(&format!("fn {test}(")), "{} has no {test}", path.display());
    }
}
