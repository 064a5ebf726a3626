//! How a mass operation's rows are read: its ids, what each row asks for, and its fields.

use std::num::NonZeroU32;

use super::{Surroundings, reading, wanted::Wanted};
use crate::{
    cli::FieldArgs,
    domain::Task,
    error::{Error, Exit},
    remote::Description,
    source::{self, Counting, Dedupe, FieldWish},
};

/// Names and values.
pub(super) type Constants = Vec<(String, String)>;

/// Tells the constants apart: the API takes what it wants to be told once, the rows take the others.
pub(super) fn constants(
    task: Task,
    said: &[(String, String)],
    api: Description,
) -> Result<(Description, Constants), Error> {
    for (place, (name, _)) in said.iter().enumerate() {
        if said[..place].iter().any(|(earlier, _)| earlier == name) {
            return Err(Error::new(Exit::Usage, format!("--set {name} is said twice"))
                .hint("a constant has one value: keep one of them"));
        }
    }
    let told = |(name, _): &(String, String)| api.parameters().contains(name);
    let (parameters, fields): (Constants, Constants) = said.iter().cloned().partition(told);
    match fields.first() {
        Some((name, _)) if !task.usual().takes_fields() => {
            let what = format!("--set {name} has no meaning for {}, which sets no field", task.word());
            Err(Error::new(Exit::Usage, what).hint(told_once(&api)))
        }
        Some(_) | None => Ok((api.with_parameters(parameters), fields)),
    }
}

fn told_once(api: &Description) -> String {
    match api.parameters() {
        [] => format!("{} wants to be told nothing more; leave it out", api.name()),
        names => format!("{} wants to be told {}", api.name(), names.join(", ")),
    }
}

/// How the rows are read.
pub(super) fn reading(
    args: &Wanted,
    constants: Constants,
    api: &Description,
    around: &Surroundings<'_>,
) -> Result<source::Options, Error> {
    let input = &args.mass.input;
    Ok(source::Options {
        action_column: action_column(args, api)?,
        fields: args.fields.as_ref().map(|said| fields(said, constants, api)).unwrap_or_default(),
        decided: counting(args),
        dedupe: dedupe(args.task, input.dedupe)?,
        ..reading::reading(args.wants.action, input, api, around)?
    })
}

/// Whoever remembers wants to know of all rows before the first call.
fn counting(args: &Wanted) -> Option<Counting> {
    if args.wants.last_wins { Some(Counting::Last) } else { args.memory.as_ref().map(|_| Counting::Every) }
}

fn fields(args: &FieldArgs, set: Constants, api: &Description) -> FieldWish {
    FieldWish {
        schema: Some(api.schema().clone()),
        null: args.null.clone(),
        ignore: args.ignore_column.clone(),
        only: (!args.only_column.is_empty()).then(|| args.only_column.clone()),
        set,
    }
}

/// Without a header there is no column of that name: only one that was given by number can be found.
fn action_column(args: &Wanted, api: &Description) -> Result<Option<String>, Error> {
    let is_a_field = api.schema().fields.iter().any(|field| field.name == source::ACTION_COLUMN);
    match (&args.wants.action_column, args.task) {
        (Some(name), _) if reading::has_numbers(&args.mass.input) && name.parse::<NonZeroU32>().is_err() => {
            let what = format!("with --no-header a column is a number from 1 on, and `{name}` is none");
            Err(Error::new(Exit::Usage, what).hint("for example --action-column 3"))
        }
        (Some(name), _) => Ok(Some(name.clone())),
        // What is meant to be sent would be taken for what to do: a deletion, if it says so.
        (None, Task::Sync) if is_a_field => {
            let what =
                format!("{} has a field of the name that says what a row of a sync asks for: action", api.name());
            Err(Error::new(Exit::Usage, what)
                .hint("give the rows another column for that, and name it with --action-column"))
        }
        (None, Task::Sync) => Ok((!reading::has_numbers(&args.mass.input)).then(|| source::ACTION_COLUMN.to_owned())),
        (None, Task::Delete | Task::Create | Task::Update | Task::Get | Task::Verify) => Ok(None),
    }
}

/// A repeated id is a mistake in a list of ids; two rows with fields of one identity are two things that are wanted.
fn dedupe(task: Task, said: Dedupe) -> Result<Dedupe, Error> {
    match (task, said) {
        (Task::Sync, Dedupe::On) => Err(Error::new(
            Exit::Usage,
            "--dedupe on has no meaning for sync, where the last row of an identity is sent",
        )
        .hint("--every-row sends them all")),
        (Task::Create | Task::Update | Task::Sync, Dedupe::Auto | Dedupe::Off) => Ok(Dedupe::Off),
        (Task::Create | Task::Update, Dedupe::On) => Ok(Dedupe::On),
        (Task::Delete | Task::Get | Task::Verify, said) => Ok(said),
    }
}
