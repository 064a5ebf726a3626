//! Where the key comes from: a file, the environment, or a hidden prompt on the terminal.

use std::io::IsTerminal;

use secrecy::SecretString;

use crate::{
    config::KeyWish,
    error::{Error, Exit},
    progress::Screen,
    remote::KeySource,
};

/// The key's source, the prompt answered.
pub(super) fn source(wish: KeyWish, variable: &str, screen: &Screen) -> Result<KeySource, Error> {
    match wish {
        KeyWish::File(path) => Ok(KeySource::File(path)),
        KeyWish::Given(key) => Ok(KeySource::Given(key)),
        KeyWish::Ask => ask(variable, screen).map(KeySource::Given),
    }
}

fn ask(variable: &str, screen: &Screen) -> Result<SecretString, Error> {
    let missing = || {
        Error::new(Exit::Config, "no key was given")
            .hint(format!("--api-key-file FILE names a file with it, or set {variable}"))
    };
    if !std::io::stderr().is_terminal() {
        return Err(missing());
    }
    let typed = screen.aside(|| rpassword::prompt_password("API key (not shown): "));
    typed.map(SecretString::from).map_err(|_| missing())
}
