//! Whom the run speaks to: the API itself, or a stand-in inside this process that knows the input's people.

use super::{Stage, input::Input, key, wall};
use crate::{
    config::{Rehearsal, Target},
    domain::{Action, Batch, Identity, Past, Subject},
    error::Error,
    remote::{Client, Description, KeySource, Owner},
    sandbox::{Options, Population, Profile, Sandbox},
    source::{self, Dedupe, Reader},
};

/// The key that the stand-in inside this process accepts.
const SANDBOX_KEY: &str = "secret_sandbox_key";

/// Whom the run speaks to.
pub(super) struct Reached {
    pub(super) client: Client,
    /// Alive as long as the run.
    pub(super) sandbox: Option<Sandbox>,
}

/// Makes the client, after starting the stand-in where one was asked for.
pub(super) fn reach(
    target: Target,
    description: &Description,
    input: &Input,
    reading: &source::Options,
    stage: &Stage,
) -> Result<Reached, Error> {
    match target {
        Target::Real { connection, key } => {
            let key = key::source(key, description.key_variable(), &stage.screen)?;
            let client = Client::build(description, &connection.with(key), wall::now)?;
            Ok(Reached { client, sandbox: None })
        }
        Target::Sandbox(rehearsal) => {
            let (sandbox, connection) = start(rehearsal, description, input, reading)?;
            let key = KeySource::Given(sandbox.key().to_owned().into());
            let client = Client::build(description, &connection.at(sandbox.base_url()).with(key), wall::now)?;
            Ok(Reached { client, sandbox: Some(sandbox) })
        }
    }
}

fn start(
    rehearsal: Rehearsal,
    description: &Description,
    input: &Input,
    reading: &source::Options,
) -> Result<(Sandbox, crate::config::Connection), Error> {
    let population = match input {
        Input::File { .. } => Population::Profiles(residents(input.reader(&everyone(reading))?, &owners(description))?),
        Input::Stdin => Population::Everybody,
    };
    let options = Options {
        part: rehearsal.part,
        population,
        key: SANDBOX_KEY.to_owned(),
        faults: rehearsal.faults,
        seed: rehearsal.seed,
        journal: None,
    };
    Ok((Sandbox::start(options)?, rehearsal.connection))
}

fn everyone(reading: &source::Options) -> source::Options {
    source::Options { dedupe: Dedupe::Off, ..reading.clone() }
}

/// The people of an input, as profiles of the stand-in.
pub(super) fn residents<R: std::io::Read>(mut reader: Reader<R>, owners: &[Owner]) -> Result<Vec<Profile>, Error> {
    let nobody = Past::default();
    let mut batch = Batch::default();
    let mut residents = Vec::new();
    while reader.next(&nobody, &mut batch)? {
        for row in &batch.rows {
            if let Subject::Known(identity) = &row.subject {
                residents.extend(resident(row.action, identity, owners));
            }
        }
    }
    Ok(residents)
}

/// Whoever is to be created is not there yet; but whose own id is known already is to be given the caller's.
fn resident(action: Action, identity: &Identity, owners: &[Owner]) -> Option<Profile> {
    let of = |wanted| {
        let id = identity.ids().find(|id| owners.get(usize::from(id.kind().0)) == Some(&wanted));
        id.map(|id| id.text().to_owned())
    };
    let (customer_user_id, profile_id) = (of(Owner::Caller), of(Owner::System));
    match action {
        Action::Create => profile_id.map(|own| Profile { customer_user_id: None, profile_id: Some(own) }),
        Action::Delete | Action::Update | Action::Upsert | Action::Get | Action::Verify => {
            Some(Profile { customer_user_id, profile_id })
        }
    }
}

fn owners(description: &Description) -> Vec<Owner> {
    description.identities().iter().map(|identity| identity.owner).collect()
}
