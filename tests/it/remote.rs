//! The room `remote`, from outside.

use tollgate::remote::{ApiName, Description};

#[test]
fn adapty_loads() {
    let api = Description::load(&ApiName::Embedded("adapty".into())).unwrap();
    assert_eq!(api.base_url(), "https://api.adapty.io");
}
