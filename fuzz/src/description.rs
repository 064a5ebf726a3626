//! A description's text: what is taken can be asked everything, what is refused is refused with its line.

use tollgate::{
    domain::{Action, IdKind, Operation},
    error::Exit,
    remote::Description,
};

const ACTIONS: [Action; 6] =
    [Action::Get, Action::Verify, Action::Create, Action::Update, Action::Upsert, Action::Delete];
const OPERATIONS: [Operation; 6] =
    [Operation::Look, Operation::Get, Operation::Delete, Operation::Create, Operation::Update, Operation::Remove];

/// The target.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Description::parse("mine.toml", text) {
        Ok(api) => {
            assert_eq!(api.identities().len(), api.seats().len());
            assert_eq!(api.schema().fields.len(), api.carriages().len());
            let kinds: Vec<IdKind> = (0..).map(IdKind).take(api.identities().len()).collect();
            for action in ACTIONS {
                let _ = (api.offers(action), api.lacks(&[action], &kinds));
            }
            assert!(OPERATIONS.into_iter().any(|operation| api.endpoint(operation).is_some()));
            let _ = (api.destination(None), api.destination(Some("https://api.example.com/v1")));
        }
        Err(error) => {
            assert_eq!(error.exit(), Exit::Config);
            assert!(error.what().starts_with("the API description mine.toml, line "), "{error}");
        }
    }
}
