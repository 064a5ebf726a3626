//! How columns are called in messages, and how an input is turned down because of them.
//!
//! Promises: nothing that looks like a person's data is ever named. It does not know which columns are wanted.

/// Columns named in a message at most: a header may have thousands.
const NAMED: usize = 20;
/// The longest name that passes for a header's, in characters.
const NAME: usize = 40;

/// Why no row can be made of an input, as a sentence without its beginning.
pub(super) enum Complaint {
    /// The ids cannot be found; continues a sentence that begins with the input's name.
    Ids(String),
    /// A column cannot be a field; continues a sentence that begins with the input's name.
    Fields(String),
    /// No column is a field; continues a sentence that begins with the input's name.
    Nothing(String),
    /// What was asked for makes no sense for this input.
    Usage(String),
}

/// A wished column that is not there.
pub(super) fn missing(name: &str, found: &[Vec<u8>]) -> String {
    format!("has no column {name}; {}", describe(found))
}

/// Names the columns found, unless the first record looks like data: a person's data has no place in a message.
pub(super) fn describe(found: &[Vec<u8>]) -> String {
    let names: Option<Vec<&str>> = found.iter().take(NAMED).map(|cell| header_name(cell)).collect();
    match names {
        None => format!("its first record, of {} fields, does not look like a header", found.len()),
        Some(names) if found.len() > NAMED => format!("it has {} columns: {}, …", found.len(), names.join(", ")),
        Some(names) => format!("it has: {}", names.join(", ")),
    }
}

/// Names a few columns, or counts them where one looks like data.
pub(super) fn list(names: &[&str]) -> String {
    let few: Option<Vec<&str>> = names.iter().take(NAMED).map(|name| safe(name)).collect();
    let more = if names.len() > NAMED { ", …" } else { "" };
    few.map_or_else(
        || format!("{} of them, not all of which look like names", names.len()),
        |few| few.join(", ") + more,
    )
}

/// `column NAME`, or `a column` where the name looks like data.
pub(super) fn label(name: &str) -> String {
    safe(name).map_or_else(|| "a column".to_owned(), |name| format!("column {name}"))
}

fn header_name(cell: &[u8]) -> Option<&str> {
    safe(std::str::from_utf8(cell).ok()?.trim())
}

fn safe(name: &str) -> Option<&str> {
    let digits = name.chars().filter(char::is_ascii_digit).count();
    let plain = |letter: char| !letter.is_control() && !matches!(letter, '@' | '{' | '}' | '"' | ':');
    let like_a_name = name.chars().all(plain) && name.chars().count() <= NAME && digits <= 2;
    like_a_name.then_some(name)
}
