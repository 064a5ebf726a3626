//! What a description says of a profile's fields, and every mistake in saying it, by its line.

use std::{fs, path::Path};

use tollgate::{
    domain::{Action, Field, FieldKind, PairRules},
    remote::{ApiName, Description},
};

use super::adapty;

fn example() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/api/rest.toml")).unwrap()
}

fn load(text: &str) -> Result<Description, tollgate::error::Error> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("mine.toml");
    fs::write(&path, text).unwrap();
    Description::load(&ApiName::File(path))
}

fn field<'a>(api: &'a Description, column: &str) -> &'a Field {
    let place = api.schema().find(column).unwrap_or_else(|| panic!("{column}"));
    &api.schema().fields[usize::from(place)]
}

/// Each mistake, made in the example where this text stands first at the beginning of a line: what is replaced, by what, a
/// word of the complaint, and a text that begins its line.
const MISTAKES: [(&str, &str, &str, &str); 38] = [
    ("name = \"level\"", "name = \"level\"\ncolour = 1", "colour", "colour"),
    ("name = \"level\"", "name = \"a..b\"", "a..b", "[[fields]]\nname = \"a..b\""),
    ("name = \"level\"", "name = \"nickname\"", "named twice", "[[fields]]\nname = \"nickname\"\ntype = \"integer\""),
    ("name = \"level\"", "name = \"device\"", "within another", "[[fields]]\nname = \"device.id\""),
    ("name = \"level\"", "name = \"settings.deep\"", "within another", "[[fields]]\nname = \"settings\""),
    ("name = \"level\"", "name = \"login\"", "something else", "[[fields]]\nname = \"login\""),
    ("name = \"level\"", "name = \"workspace\"", "something else", "[[fields]]\nname = \"workspace\""),
    ("type = \"integer\"", "type = \"whole\"", "whole", "type = \"whole\""),
    ("type = \"integer\"", "type = \"date\"", "`least` is no bound", "[[fields]]\nname = \"level\""),
    (
        "type = \"integer\"",
        "type = \"integer\"\nwords = [\"a\"]",
        "`words` is no bound",
        "[[fields]]\nname = \"level\"",
    ),
    ("most = 50", "most = -1", "less than nothing", "[[fields]]\nname = \"nickname\""),
    ("most = 50", "key_most = 50", "`key_most` is no bound", "[[fields]]\nname = \"nickname\""),
    ("least = 0", "least = 10", "more than `most`", "[[fields]]\nname = \"level\""),
    ("words = [\"free\", \"paid\"]", "words = []", "to choose from", "[[fields]]\nname = \"plan\""),
    ("words = [\"web\", \"app\"]", "words = [\"a b\"]", "travel in a header", "[[fields]]\nname = \"channel\""),
    ("words = [\"web\", \"app\"]", "words = [\"web\"]\nopen = true", "in a header", "[[fields]]\nname = \"channel\""),
    ("header = \"x-channel\"", "header = \"x-channel\"\nnullable = true", "say null", "[[fields]]\nname = \"channel\""),
    ("header = \"x-channel\"", "header = \"authorization\"", "in use", "[[fields]]\nname = \"channel\""),
    ("header = \"x-channel\"", "header = \"accept\"", "in use", "[[fields]]\nname = \"channel\""),
    ("header = \"x-channel\"", "header = \"x channel\"", "header", "header = \"x channel\""),
    ("most = 50", "header = \"x-nickname\"", "in a header", "[[fields]]\nname = \"nickname\""),
    ("most = 50", "nullable = true", "a form cannot say null", "[[fields]]\nname = \"nickname\""),
    (
        "type = \"country\"",
        "type = \"texts\"",
        "a form cannot say an empty list",
        "[[fields]]\nname = \"device.country\"",
    ),
    ("most = 50", "with_group = true", "a dot in its name", "[[fields]]\nname = \"nickname\""),
    ("required = [\"create\", \"upsert\"]", "required = [\"delete\"]", "no part", "[[fields]]\n# The column"),
    ("required = [\"create\", \"upsert\"]", "required = [\"make\"]", "make", "required = [\"make\"]"),
    ("name = \"workspace\"", "name = \"login\"", "in use", "[[parameters]]"),
    ("name = \"workspace\"", "name = \"space\"", "`workspace`", "look = {"),
    ("look = {", "look = { method = \"PUT\",", "method", "look = {"),
    ("look = { path = \"/logins\"", "look = { path = \"/logins/{id}\"", "not in the path", "look = {"),
    ("owner = \"system\"", "owner = \"caller\"", "one id of each owner", "[[identities]]\nname = \"login\""),
    ("sends = \"form\"\n", "", "`sends = \"json\"` or", "[operations.create]"),
    ("sends = \"form\"\n", "sends = \"form\"\njson = '{}'\n", "not both", "[operations.create]"),
    ("sends = \"form\"\n", "sends = \"form\"\nnames = \"n\"\n", "`names` is about `remove`", "[operations.create]"),
    ("sends = \"json\"\n", "sends = \"json\"\nidentities = \"all\"\n", "about `create`", "[operations.update]"),
    ("sends = \"json\"\n", "sends = \"json\"\ndelete_tells = true\n", "about the deletion", "[operations.update]"),
    ("names = \"setting\"\n", "", "`names = \"", "[operations.remove]"),
    ("type = \"country\"", "type = \"map\"", "of type `map`", "[operations.remove]"),
];

#[test]
fn every_mistake_about_fields_is_named_with_its_line() {
    for (from, to, word, spot) in MISTAKES {
        let at = example().find(&format!("\n{from}")).unwrap_or_else(|| panic!("{from}")) + 1;
        let mut text = example();
        text.replace_range(at..at + from.len(), to);
        let said = load(&text).expect_err(to).to_string();
        let at = text.find(&format!("\n{spot}")).unwrap_or_else(|| panic!("{spot}")) + 1;
        let named = format!("mine.toml, line {}:", text[..at].matches('\n').count() + 1);
        assert!(said.contains(&named) && said.contains(word), "{from} -> {to}: {named} {word}: {said}");
    }
}

#[test]
fn some_words_need_others() {
    let without = |from: &str, to: &str| {
        let text = example();
        let (start, end) = (text.find(from).unwrap(), text.find(to).unwrap());
        load(&format!("{}{}", &text[..start], &text[end..])).map_err(|error| error.to_string())
    };
    let said = without("[operations.update]", "[operations.remove]").unwrap_err();
    assert!(said.contains("completes an update"), "{said}");
    let nobody = example().replace("owner = \"caller\"", "owner = \"caller\"\ncreates = false");
    let said = load(&nobody).unwrap_err().to_string();
    assert!(said.contains("creates = false"), "{said}");
    let constant = example().replace("names = \"setting\"", "names = \"setting\"\nform = { reason = \"r\" }");
    load(&constant).unwrap();
}

#[test]
fn what_is_left_out_is_not_offered() {
    let text = example();
    let [create, update, errors] =
        ["[operations.create]", "[operations.update]", "[errors]"].map(|word| text.find(&format!("\n{word}")).unwrap());
    let none = load(&format!("{}{}", &text[..create], &text[errors..])).unwrap();
    let only_create = load(&format!("{}{}", &text[..update], &text[errors..])).unwrap();
    let offered = |api: &Description| Action::ALL.into_iter().filter(|action| api.offers(*action)).collect::<Vec<_>>();
    assert_eq!(offered(&none), [Action::Delete, Action::Get, Action::Verify]);
    assert_eq!(offered(&only_create), [Action::Delete, Action::Create, Action::Get, Action::Verify]);
    assert_eq!(offered(&load(&text).unwrap()), Action::ALL);
}

#[test]
fn adaptys_fields_are_as_its_texts_say_where_they_disagree_too() {
    let api = adapty();
    assert_eq!(api.schema().fields.len(), 30);
    let attributes = PairRules { most: 30, key_most: 30, value_most: 50, value_doubtful_above: 30 };
    assert_eq!(field(&api, "custom_attributes.any.thing").kind, FieldKind::Pairs(attributes));
    assert_eq!(field(&api, "att_status").kind, FieldKind::Integer { least: 0, most: 3 });
    let FieldKind::Choice { words, doubtful, open } = &field(&api, "store").kind else { panic!("a choice") };
    assert_eq!((words.len(), doubtful.len(), *open), (3, 2, true));
    let device = field(&api, "installation_meta.device_id");
    assert_eq!((&device.kind, device.with_group), (&FieldKind::Uuid, true));
    assert_eq!(device.doubtful_without, [Action::Create, Action::Upsert]);
    for (column, nullable) in [("email", true), ("gender", true), ("birthday", false), ("installation_meta.idfa", true)]
    {
        assert_eq!(field(&api, column).nullable, nullable, "{column}");
    }
    assert_eq!(api.schema().find("customer_user_id"), None);
    let returned = api.schema().fields.iter().zip(api.carriages()).filter(|(_, carriage)| carriage.returned.is_some());
    assert_eq!(returned.map(|(field, _)| &*field.name).collect::<Vec<_>>(), ["custom_attributes"]);
}

#[test]
fn crafters_fields_are_as_its_page_and_its_source_say() {
    let api = Description::load(&ApiName::Embedded("crafter".into())).unwrap();
    let fields: Vec<_> = api.schema().fields.iter().map(|field| (&*field.name, field.required.len())).collect();
    assert_eq!(fields, [("email", 2), ("enabled", 2), ("password", 0), ("role", 0), ("attributes", 0)]);
}
