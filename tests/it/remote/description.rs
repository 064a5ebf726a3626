//! Descriptions: strict, and every complaint names its line.

use std::fs;

use proptest::prelude::*;
use tollgate::{
    error::Exit,
    remote::{ApiName, Description, Owner},
};

use super::adapty;

/// Loads adapty's description with one piece of text replaced, and tells how it was refused.
fn refusal(from: &str, to: &str) -> String {
    let text = Description::text("adapty").unwrap();
    assert!(text.contains(from), "{from}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mine.toml");
    fs::write(&path, text.replacen(from, to, 1)).unwrap();
    let error = Description::load(&ApiName::File(path)).unwrap_err();
    assert_eq!(error.exit().code(), 78);
    let said = error.to_string();
    assert!(said.contains("mine.toml"), "{said}");
    said
}

fn line_of(text: &str) -> String {
    let place = Description::text("adapty").unwrap().find(text).unwrap();
    let before = &Description::text("adapty").unwrap()[..place];
    format!("line {}:", before.lines().count() + usize::from(before.ends_with('\n') || before.is_empty()))
}

#[test]
fn adapty_is_as_its_pages_say() {
    let api = adapty();
    assert_eq!(api.name(), "adapty");
    assert_eq!(api.base_url(), Some("https://api.adapty.io"));
    assert_eq!(api.key_variable(), "ADAPTY_API_KEY");
    assert!((api.default_rate().get() - 20.0).abs() < f64::EPSILON);
    let identities: Vec<_> = api.identities().iter().map(|kind| (kind.name.as_str(), kind.owner)).collect();
    assert_eq!(identities, [("profile_id", Owner::System), ("customer_user_id", Owner::Caller)]);
}

#[test]
fn a_description_of_ones_own_is_read_like_an_embedded_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mine.toml");
    fs::write(&path, Description::text("adapty").unwrap().replace("name = \"adapty\"", "name = \"mine\"")).unwrap();
    assert_eq!(Description::load(&ApiName::File(path)).unwrap().name(), "mine");
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    let error = Description::load(&ApiName::Embedded("adopty".into())).unwrap_err();
    assert_eq!(error.exit().code(), 78);
    assert!(error.to_string().contains("adopty") && error.to_string().contains("adapty"), "{error}");
}

#[test]
fn a_missing_file_is_named() {
    let error = Description::load(&ApiName::File("no/such.toml".into())).unwrap_err();
    assert_eq!(error.exit().code(), 78);
    assert!(error.what().contains("no/such.toml"), "{error}");
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    for (section, key) in [
        ("version = 1", "colour = 1"),
        ("[key]", "colour = 1"),
        ("[operations.look]", "colour = 1"),
        ("[operations.delete]", "colour = 1"),
        ("[errors]", "colour = 1"),
        ("[[errors.bodies]]", "colour = 1"),
        ("[answers]", "colour = 1"),
        ("[probe]", "colour = 1"),
        ("[[identities]]", "colour = 1"),
    ] {
        let said = refusal(section, &format!("{section}\n{key}"));
        let place = Description::text("adapty").unwrap().find(section).unwrap();
        let line = Description::text("adapty").unwrap()[..place].matches('\n').count() + 2;
        assert!(said.contains("colour") && said.contains(&format!("line {line}:")), "{section}: {said}");
    }
}

#[test]
fn rules_are_checked_with_their_line() {
    for (from, to, word) in [
        ("version = 1", "version = 2", "version"),
        ("name = \"adapty\"", "name = \"ad apty\"", "name"),
        ("base_url = \"https", "base_url = \"gopher", "URL"),
        ("default_rate = \"20/s\"", "default_rate = \"20/x\"", "rate"),
        ("header = \"Authorization\"", "header = \"Auth orization\"", "header"),
        ("Content-Type = \"app", "Authorization = \"app", "carries the key"),
        ("owner = \"system\"", "owner = \"nobody\"", "nobody"),
        ("method = \"DELETE\"", "method = \"ERASE\"", "ERASE"),
        ("path = \"/api", "path = \"api", "path"),
        ("status = 204", "status = 404", "2xx"),
        ("found = { remote_id = \"data.profile_id\"", "found = { remote_id = \"data..profile_id\"", "data..profile_id"),
        ("signature = [\"error_code\", \"errors\"]", "signature = []", "signature"),
        ("credentials = [401, 403]", "credentials = [500]", "500"),
        ("identity = \"profile_id\"", "identity = \"profile\"", "profile"),
        ("id = \"00000000-0000-0000-0000-000000000000\"", "id = \"\"", "empty"),
    ] {
        let said = refusal(from, to);
        assert!(said.contains(word) && said.contains(&line_of(from)), "{from}: {said}");
    }
}

#[test]
fn a_look_must_be_harmless_and_recognisable() {
    assert!(refusal("method = \"GET\"", "method = \"DELETE\"").contains("changes nothing"));
    assert!(refusal("found = {", "# found = {").contains("found"));
    assert!(refusal("header = \"adapty-profile-id\"", "header = \"adapty-customer-user-id\"").contains("in use"));
    assert!(refusal("name = \"customer_user_id\"", "name = \"profile_id\"").contains("twice"));
}

#[test]
fn broken_toml_is_refused_with_its_line() {
    assert!(refusal("variable =", "variable").contains(&line_of("variable =")));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    /// Lines of a real one, some of them lost, changed places or spoiled.
    #[test]
    fn any_text_is_a_description_or_an_error_with_its_line(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<String>()), 0..4),
        api in prop::sample::select(vec!["adapty", "crafter"]),
    ) {
        let mut lines: Vec<String> = Description::text(api).unwrap().lines().map(str::to_owned).collect();
        for (at, other, spoiled) in changes {
            let (at, other) = (at.index(lines.len()), other.index(lines.len()));
            match spoiled.len() % 3 {
                0 => drop(lines.remove(at)),
                1 => lines.swap(at, other),
                _ => lines[at].push_str(&spoiled),
            }
        }
        if let Err(error) = Description::parse("mine.toml", &lines.join("\n")) {
            prop_assert_eq!(error.exit(), Exit::Config);
            prop_assert!(error.what().starts_with("the API description mine.toml, line "), "{}", error);
        }
    }
}
