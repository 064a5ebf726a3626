//! What an API that somebody has described answers: bodies of the shapes that it was told about.

use hyper::StatusCode;
use serde_json::{Map, Value};

use super::fields::shown;
use crate::sandbox::{
    Described, Gives, Path, Route,
    play::{Answer, json},
    world::Content,
};

pub(super) fn error(api: &Described, status: u16, code: &str, text: &str) -> Answer {
    let errors = &api.errors;
    let mut body = Value::Object(Map::new());
    for path in &errors.signature {
        place(&mut body, path, Value::String(text.to_owned()));
    }
    if let Some(list) = &errors.list {
        let said = match &errors.texts {
            None => Value::from(text),
            Some(texts) => Value::Array(vec![Value::Object(Map::from_iter([(texts.clone(), Value::from(text))]))]),
        };
        place(&mut body, list, said);
    }
    place(&mut body, &errors.code, Value::from(code));
    Answer::json(of(status), json(&body))
}

/// What a profile shows: what was written, and its ids, each where it is to stand.
pub(super) type Shown<'a> = (Option<&'a Content>, Vec<(&'a Path, String)>);

/// The body of success: what a profile shows, where nothing stands that was promised anything at all, and the ids.
pub(super) fn success(
    api: &Described,
    app_id: &str,
    route: &Route,
    own_id: &str,
    (content, told): Shown<'_>,
) -> Answer {
    let Gives::Json { own_id: at, app, fields, profile } = &route.gives else {
        return Answer::empty(of(route.status));
    };
    let mut body = Value::Object(Map::new());
    if let Some(content) = content {
        let mut shown = Value::Object(shown(&api.schema, content));
        for (name, path) in &api.returned {
            if let Some(value) = name.split('.').try_fold(&shown, |at, key| at.get(key)).cloned() {
                place(&mut shown, path, value);
            }
        }
        place(&mut body, profile, shown);
    }
    for (path, id) in told {
        place(&mut body, path, Value::from(id));
    }
    for path in fields {
        if path.iter().try_fold(&body, |at, key| at.get(key)).is_none_or(Value::is_null) {
            place(&mut body, path, Value::Bool(true));
        }
    }
    for (path, text) in [(at.as_ref(), own_id), (app.as_ref(), app_id)] {
        if let Some(path) = path {
            place(&mut body, path, Value::from(text));
        }
    }
    Answer::json(of(route.status), json(&body))
}

fn of(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Puts a value where a path leads, making the objects on the way; what stands there already gives way.
fn place(body: &mut Value, path: &Path, value: Value) {
    let mut at = body;
    for key in path {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[key.as_str()];
    }
    *at = value;
}
