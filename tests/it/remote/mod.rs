//! The room `remote`, from outside: what stands on the wire, and what comes of it.

#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

mod changes;
mod crafter;
mod described;
mod description;
mod fields;
mod key;
mod names;
mod server;
mod tls;
mod wire;

use std::{num::NonZeroU32, time::Duration};

use tollgate::{
    domain::{Call, Fields, Id, IdKind, Identity, Moment, Operation, Setting, Slot, Value},
    remote::{ApiName, Client, Description, KeySource, Options},
};

/// A key that must show up nowhere but on the wire.
const KEY: &str = "secret_live_do_not_show";
const DELETE: Call = Call { operation: Operation::Delete, slot: Slot::Primary };
const CREATE: Call = Call { operation: Operation::Create, slot: Slot::Primary };
const UPDATE: Call = Call { operation: Operation::Update, slot: Slot::Primary };
const REMOVE: Call = Call { operation: Operation::Remove, slot: Slot::Primary };
const GET: Call = Call { operation: Operation::Get, slot: Slot::Primary };
const LOOK: Call = Call { operation: Operation::Look, slot: Slot::Primary };

fn adapty() -> Description {
    Description::load(&ApiName::Embedded("adapty".into())).unwrap()
}

fn options(base_url: impl Into<String>) -> Options {
    Options {
        base_url: Some(base_url.into()),
        key: KeySource::Given(KEY.into()),
        ca_cert: None,
        client_identity: None,
        proxy: None,
        allow_http: false,
        connect_timeout: Duration::from_secs(10),
        width: NonZeroU32::MIN,
    }
}

fn build(options: &Options) -> Client {
    Client::build(&adapty(), options, || Moment::from_millis(0)).unwrap()
}

fn refused(options: &Options) -> String {
    let error = Client::build(&adapty(), options, || Moment::from_millis(0)).unwrap_err();
    assert_eq!(error.exit().code(), 78);
    assert!(!error.to_string().contains(KEY) && !format!("{error:?}").contains(KEY));
    error.to_string()
}

/// What a row wants, by the names of its columns.
fn fields(api: &Description, wanted: &[(&str, Value)]) -> Fields {
    let setting = |(name, value): &(&str, Value)| {
        let field = api.schema().find(name).unwrap_or_else(|| panic!("{name}"));
        Setting { name: (*name).into(), field, value: value.clone() }
    };
    Fields::new(wanted.iter().map(setting).collect())
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn customer(text: &str) -> Identity {
    Identity::one(Id::parse(IdKind(1), text).unwrap())
}
