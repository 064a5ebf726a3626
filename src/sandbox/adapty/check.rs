//! Adapty's `ProfileRequest`: which fields a body may have, and what may stand in them.
//!
//! Where its texts disagree the loosest bound holds: values of 50 characters, no `installation_meta` needed, any store's
//! name. A field that no text knows is refused, so that a client's slip is loud.

use serde_json::{Map, Value};

use crate::sandbox::written::{is_country, is_date, is_email, is_ipv4, is_uuid};

/// Which field is wrong, and why.
pub(super) struct Fault {
    pub(super) source: String,
    pub(super) text: &'static str,
}

impl Fault {
    fn new(source: impl Into<String>, text: &'static str) -> Self {
        Self { source: source.into(), text }
    }
}

/// What `adapty-platform` and `installation_meta.platform` may say.
pub(super) const PLATFORMS: [&str; 6] = ["iOS", "macOS", "iPadOS", "Android", "visionOS", "web"];

pub(super) const ATTRIBUTES: &str = "custom_attributes";
pub(super) const INSTALLATION: &str = "installation_meta";
pub(super) const DEVICE: &str = "device_id";

/// The most custom attributes of one request, and the most characters of their keys and values.
const MOST_ATTRIBUTES: usize = 30;
const LONGEST_KEY: usize = 30;
const LONGEST_VALUE: usize = 50;

#[derive(Clone, Copy)]
enum Rule {
    Text,
    Email,
    Choice(&'static [&'static str]),
    Date,
    Country,
    Ipv4,
    /// A store's word, or a custom store's name.
    Store,
    Uuid,
    Upto(u64),
    Boolean,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Null {
    Allowed,
    Barred,
}

const FIELDS: [(&str, Rule, Null); 13] = [
    ("first_name", Rule::Text, Null::Allowed),
    ("last_name", Rule::Text, Null::Allowed),
    ("phone_number", Rule::Text, Null::Allowed),
    ("email", Rule::Email, Null::Allowed),
    ("gender", Rule::Choice(&["f", "m", "o"]), Null::Allowed),
    ("birthday", Rule::Date, Null::Barred),
    ("ip_country", Rule::Country, Null::Barred),
    ("store_country", Rule::Country, Null::Barred),
    ("ip_v4_address", Rule::Ipv4, Null::Barred),
    ("store", Rule::Store, Null::Barred),
    ("store_account_token", Rule::Uuid, Null::Barred),
    ("att_status", Rule::Upto(3), Null::Barred),
    ("analytics_disabled", Rule::Boolean, Null::Barred),
];

const INSTALLATION_FIELDS: [(&str, Rule, Null); 15] = [
    (DEVICE, Rule::Uuid, Null::Barred),
    ("device", Rule::Text, Null::Allowed),
    ("locale", Rule::Text, Null::Allowed),
    ("os", Rule::Text, Null::Allowed),
    ("platform", Rule::Choice(&PLATFORMS), Null::Allowed),
    ("timezone", Rule::Text, Null::Allowed),
    ("user_agent", Rule::Text, Null::Allowed),
    ("app_build", Rule::Text, Null::Allowed),
    ("app_version", Rule::Text, Null::Allowed),
    ("adapty_sdk_version", Rule::Text, Null::Allowed),
    ("idfa", Rule::Text, Null::Allowed),
    ("idfv", Rule::Text, Null::Allowed),
    ("advertising_id", Rule::Text, Null::Allowed),
    ("android_id", Rule::Text, Null::Allowed),
    ("android_app_set_id", Rule::Text, Null::Allowed),
];

/// Holds a body against the rules; the first fault that is found.
pub(super) fn check(body: &Map<String, Value>) -> Result<(), Fault> {
    body.iter().try_for_each(|(name, value)| match name.as_str() {
        ATTRIBUTES => attributes(value),
        INSTALLATION => installation(value),
        _ => field(&FIELDS, "", name, value),
    })
}

fn field(known: &[(&str, Rule, Null)], group: &str, name: &str, value: &Value) -> Result<(), Fault> {
    let fault = |text| Err(Fault::new(format!("{group}{name}"), text));
    let Some((_, rule, null)) = known.iter().find(|(other, ..)| *other == name) else {
        return fault("Unknown field.");
    };
    if value.is_null() {
        return if *null == Null::Allowed { Ok(()) } else { fault("This field may not be null.") };
    }
    rule.check(value).or_else(fault)
}

fn installation(value: &Value) -> Result<(), Fault> {
    let Some(meta) = value.as_object() else { return Err(Fault::new(INSTALLATION, "An object is expected.")) };
    let group = format!("{INSTALLATION}.");
    if !meta.contains_key(DEVICE) {
        return Err(Fault::new(format!("{group}{DEVICE}"), "This field is required."));
    }
    meta.iter().try_for_each(|(name, value)| field(&INSTALLATION_FIELDS, &group, name, value))
}

fn attributes(value: &Value) -> Result<(), Fault> {
    let fault = |text| Err(Fault::new(ATTRIBUTES, text));
    let Some(pairs) = value.as_array() else { return fault("A list is expected.") };
    if pairs.is_empty() || pairs.len() > MOST_ATTRIBUTES {
        return fault("There must be 1 to 30 custom attributes.");
    }
    let mut seen = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let key = attribute(pair)?;
        if seen.contains(&key) {
            return fault("A key stands twice.");
        }
        seen.push(key);
    }
    Ok(())
}

/// Holds one of them against the rules; its key.
fn attribute(pair: &Value) -> Result<&str, Fault> {
    let fault = |name: &str, text| Err(Fault::new(format!("{ATTRIBUTES}{name}"), text));
    let parts = pair.as_object().filter(|pair| pair.len() == 2);
    let Some((key, value)) = parts.and_then(|pair| Some((pair.get("key")?, pair.get("value")?))) else {
        return fault("", "Each custom attribute is an object of key and value.");
    };
    let in_alphabet = |key: &&str| key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let Some(key) = key.as_str().filter(in_alphabet).filter(|key| (1..=LONGEST_KEY).contains(&key.len())) else {
        return fault(".key", "A key is 1 to 30 letters, digits, dashes, underscores and dots.");
    };
    match value {
        Value::String(text) if text.chars().count() > LONGEST_VALUE => {
            fault(".value", "Ensure this value has at most 50 characters.")
        }
        Value::Array(_) | Value::Object(_) => fault(".value", "A text or a number is expected."),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(key),
    }
}

impl Rule {
    fn check(self, value: &Value) -> Result<(), &'static str> {
        let text = value.as_str();
        let (fits, otherwise) = match self {
            Self::Text => (text.is_some(), "A text is expected."),
            Self::Email => (text.is_some_and(is_email), "Enter a valid email address."),
            Self::Choice(words) => (text.is_some_and(|text| words.contains(&text)), "This is not a valid choice."),
            Self::Date => (text.is_some_and(is_date), "A date is expected: YYYY-MM-DD."),
            Self::Country => (text.is_some_and(is_country), "A country's two letters are expected."),
            Self::Ipv4 => (text.is_some_and(is_ipv4), "An IPv4 address is expected."),
            Self::Store => (text.is_some_and(|text| !text.is_empty()), "A store's name is expected."),
            Self::Uuid => (text.is_some_and(is_uuid), "A UUID is expected."),
            Self::Upto(most) => {
                (value.as_u64().is_some_and(|number| number <= most), "A whole number within its bounds is expected.")
            }
            Self::Boolean => (value.is_boolean(), "A boolean is expected."),
        };
        if fits { Ok(()) } else { Err(otherwise) }
    }
}
