//! JSON Lines carry the body as it is, or with dotted keys.

use tollgate::{
    domain::Action,
    source::{Format, Options, Wish},
};

use super::{
    people::{said, updating, wanted, wishing},
    rows,
};

const UUID: &str = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

/// What one object says besides its id.
fn body(members: &str) -> Result<Vec<String>, String> {
    body_with(members, &updating())
}

fn body_with(members: &str, options: &Options) -> Result<Vec<String>, String> {
    let options = Options { format: Wish::Is(Format::JsonLines), ..options.clone() };
    wanted(&format!("{{\"customer_user_id\":\"c-1\",{members}}}\n"), &options).remove(0)
}

fn list(settings: &[&str]) -> Vec<String> {
    settings.iter().map(|setting| (*setting).to_owned()).collect()
}

#[test]
fn groups_may_be_nested_or_dotted() {
    let nested = format!(r#""meta":{{"os":"iOS","device_id":"{UUID}"}}"#);
    let dotted = format!(r#""meta.os":"iOS","meta.device_id":"{UUID}""#);
    let expected = Ok(list(&[&format!("meta.device_id=text {UUID}"), "meta.os=text iOS"]));
    assert_eq!(body(&nested), expected);
    assert_eq!(body(&dotted), expected);
}

#[test]
fn pairs_may_be_a_list_an_object_or_dotted() {
    let expected = Ok(list(&["custom.a=text x", "custom.b=number 1.5", "custom.c=number 1"]));
    for members in [
        r#""custom":[{"key":"a","value":"x"},{"value":1.5,"key":"b"},{"key":"c","value":true}]"#,
        r#""custom":{"c":true,"a":"x","b":1.5}"#,
        r#""custom.b":1.5,"custom":{"a":"x"},"custom.c":true"#,
    ] {
        assert_eq!(body(members), expected, "{members}");
    }
    assert_eq!(body(r#""custom":{"a":null,"b":""}"#), Ok(list(&["custom.a=null", "custom.b=null"])));
    for (empty, name) in [(r#""custom":[]"#, "custom"), (r#""custom":{}"#, "custom"), (r#""meta":{}"#, "meta")] {
        let rule = format!("column {name}: has no entry, and so would change nothing: leave it out");
        assert_eq!(body(&format!(r#"{empty},"email":null"#)), Err(rule));
    }
}

#[test]
fn maps_hold_any_value_in_its_compact_form() {
    let members = r#""attributes":{"a":"x","b":1e2,"c":false,"d":null,"e":{ "k" : [ 1, "a b" ] },"f":[ ]}"#;
    let expected = [
        "attributes.a=text x",
        "attributes.b=number 1e2",
        "attributes.c=boolean false",
        "attributes.d=null",
        "attributes.e=json {\"k\":[1,\"a b\"]}",
        "attributes.f=json []",
    ];
    assert_eq!(body(members), Ok(list(&expected)));
}

#[test]
fn good_values_are_of_their_fields_type() {
    for (members, expected) in [
        (r#""email":"ada\u0040example.com""#, "email=text ada@example.com"),
        (r#""first_name":"""#, "first_name=text "),
        (r#""att_status":2"#, "att_status=number 2"),
        (r#""score":-0.5E3"#, "score=number -0.5E3"),
        (r#""analytics_disabled":true"#, "analytics_disabled=boolean true"),
        (r#""roles":["a|b","c"]"#, "roles=texts a|b+c"),
        (r#""roles":[]"#, "roles=texts "),
        (r#""country":"us""#, "country=text US"),
        (r#""score":null"#, "score=null"),
        (r#""first_name":"\\N""#, "first_name=text \\N"),
    ] {
        assert_eq!(body(members), Ok(list(&[expected])), "{members}");
    }
}

#[test]
fn impossible_values_name_the_key_and_the_rule() {
    for (members, reason) in [
        (r#""email":"x""#, "column email: is not an email address"),
        (r#""email":1"#, "column email: is not an email address"),
        (r#""first_name":1"#, "column first_name: is not a text"),
        (r#""first_name":true"#, "column first_name: is not a text"),
        (r#""first_name":{"a":1}"#, "column first_name: is not a text"),
        (r#""first_name":"\ud800""#, "column first_name: is not a text"),
        (r#""att_status":"2""#, "column att_status: is not a whole number from 0 to 3"),
        (r#""att_status":2.0"#, "column att_status: is not a whole number from 0 to 3"),
        (r#""att_status":null"#, "column att_status: cannot be null"),
        (r#""score":1e999"#, "column score: is not a number as JSON writes it"),
        (r#""analytics_disabled":"true""#, "column analytics_disabled: is neither true nor false"),
        (r#""analytics_disabled":1"#, "column analytics_disabled: is neither true nor false"),
        (r#""roles":"a|b""#, "column roles: is not a list of texts, none of them empty"),
        (r#""roles":["a",1]"#, "column roles: is not a list of texts, none of them empty"),
        (r#""roles":["a",""]"#, "column roles: is not a list of texts, none of them empty"),
        (r#""custom":{"a":[1]}"#, "column custom.a: is neither a text nor a finite number"),
        (r#""custom":{"a":"12345678901"}"#, "column custom.a: is longer than 10 characters"),
        (
            r#""custom":{"a b":1}"#,
            "column custom: has a key that has something else than letters, digits, `-`, `_` and `.`",
        ),
        (r#""custom":{"much_too_long":1}"#, "column custom: has a key that is longer than 8 characters"),
        (r#""custom":{"":1}"#, "column custom: has an empty key"),
        (r#""custom":{"a":1,"b":1,"c":1,"d":1}"#, "column custom: has more than 3 keys"),
        (r#""custom":[{"key":"a"}]"#, "column custom: is not a list of a key and a value each"),
        (r#""custom":[{"key":"a","value":1,"more":1}]"#, "column custom: is not a list of a key and a value each"),
        (r#""custom":null"#, "column custom: does not say its keys and values"),
        (r#""attributes":[1]"#, "column attributes: does not say its keys and values"),
        (r#""meta":"x""#, "column meta: is not an object"),
        (r#""meta":{"os":"x"}"#, "column meta.device_id: is needed where another field of its group is given"),
        (r#""meta":{"plan":"x"}"#, "column meta.plan: is no field of a profile"),
        (r#""plan":"x""#, "column plan: is no field of a profile"),
        (r#""ada@example.com":"x""#, "a column: is no field of a profile"),
        (r#""email":null,"email":null"#, "column email: stands twice in the object"),
        (r#""custom":{"a":1},"custom.a":2"#, "column custom.a: stands twice in the object"),
        (r#""custom":[{"key":"a","value":1},{"key":"a","value":2}]"#, "column custom.a: stands twice in the object"),
        (r#""meta":{"os":"x","os":"y"}"#, "column meta.os: stands twice in the object"),
        (r#""email":"a@b" "#, ""),
    ] {
        assert_eq!(body(members).err().unwrap_or_default(), reason, "{members}");
    }
}

#[test]
fn keys_are_left_out_by_name_wherever_they_stand() {
    let members = r#""plan":{"x":1},"email":"a@b","custom":{"a":1,"b":2},"custom.c":3"#;
    let ignoring = wishing(|wish| wish.ignore = ["plan", "custom.b"].map(str::to_owned).to_vec());
    assert_eq!(body_with(members, &ignoring), Ok(list(&["custom.a=number 1", "custom.c=number 3", "email=text a@b"])));
    let only = wishing(|wish| wish.only = Some(["custom.b", "custom.c"].map(str::to_owned).to_vec()));
    assert_eq!(body_with(members, &only), Ok(list(&["custom.b=number 2", "custom.c=number 3"])));
    let whole = wishing(|wish| wish.only = Some(vec!["custom".to_owned()]));
    assert_eq!(body_with(members, &whole), Ok(list(&["custom.a=number 1", "custom.b=number 2", "custom.c=number 3"])));
}

#[test]
fn an_object_may_say_what_it_wants() {
    let lines = "{\"customer_user_id\":\"c-1\",\"action\":\"CREATE\",\"username\":\"ada\"}\n\
                 {\"customer_user_id\":\"c-2\",\"action\":null,\"username\":\"ada\"}\n\
                 {\"customer_user_id\":\"c-3\",\"action\":\"delete\",\"plan\":\"x\",\"email\":\"not one\"}\n\
                 {\"customer_user_id\":\"c-4\",\"action\":[\"delete\"]}\n\
                 {\"customer_user_id\":\"c-5\",\"action\":\"verify\"}\n";
    let all = rows(lines.as_bytes(), "-", &updating());
    let actions: Vec<Action> = all[..3].iter().map(|row| row.action).collect();
    assert_eq!(actions, [Action::Create, Action::Update, Action::Delete]);
    assert_eq!((said(&all[0].fields).len(), said(&all[2].fields).len()), (1, 0));
    let reasons = wanted(lines, &updating()).split_off(3);
    assert_eq!(reasons, vec![Err("column action: is none of update, create, upsert, delete".to_owned()); 2]);
}

#[test]
fn a_column_and_a_key_say_the_same() {
    let csv = format!(
        "customer_user_id,email,att_status,custom.a,meta.device_id,analytics_disabled\nc-1,a@b,2,x,{UUID},true\n"
    );
    let json = format!(
        r#"{{"customer_user_id":"c-1","email":"a@b","att_status":2,"custom":[{{"key":"a","value":"x"}}],"meta":{{"device_id":"{UUID}"}},"analytics_disabled":true}}"#
    );
    let fields = |input: &str| rows(input.as_bytes(), "-", &updating()).remove(0).fields;
    assert!(fields(&csv) == fields(&json));
    assert_eq!(said(&fields(&csv)).len(), 5);
}
