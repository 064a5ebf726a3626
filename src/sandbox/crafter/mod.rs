//! Crafter Profile's REST API (4.1) as a pure function: what a request says + who exists → the answer.
//!
//! A deletion answers 200 with nothing, whether or not the profile was there; an id that is no object id is a 500, as is an
//! update to a taken username; a wrong token is a 403, never a 401, and its message repeats the token. It knows nothing
//! of faults or connections.

mod answers;
mod params;
mod tenant;

use std::borrow::Cow;

use hyper::{Method, StatusCode, header::HeaderName};
use serde_json::Value;

use self::{
    answers::{bad, denied, no_such_profile, no_such_tenant, other, profile, profile_exists},
    params::{Change, Params, merge_attributes},
};
use super::{
    play::{Answer, Asked, Deed, Heading, Key, Named, Role, Scene, decoded, pairs},
    world::{Kind, Refused, World, without_empty_groups},
};

/// Where the application lives on its server.
pub(super) const ROOT: &str = "/crafter-profile";

const PROFILES: &str = "/api/1/profile/";

/// The API, with its one token.
pub(super) struct Crafter {
    pub(super) token: String,
    /// Another name of the residents' tenant.
    pub(super) tenant: Option<String>,
}

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Route {
    ByUsername,
    Create,
    Of(String, Call),
}

/// What is done to the profile of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Get,
    Update,
    UpdateAttributes,
    RemoveAttributes,
    Delete,
}

impl Role for Crafter {
    fn read<'a>(&'a self, asked: &Asked<'a>) -> Scene<'a> {
        let params = Params([asked.query, asked.form()].into_iter().flat_map(pairs).collect());
        let sent = params.get("accessTokenId");
        let key = Key::of(sent, &self.token);
        let route = route(asked.path, asked.method);
        let named = route.as_ref().ok().and_then(|route| named(route, &params));
        let fields = fields(route.as_ref().ok(), &params, asked);
        let deed = match key {
            Key::Missing => Err(denied("No access token ID was given")),
            Key::Wrong => Err(denied(&format!("No access token found with ID '{}'", sent.unwrap_or_default()))),
            Key::Right => route.and_then(|route| deed(route, &params, asked, self.tenant.as_deref())),
        };
        Scene { heading: Heading { key, named, fields }, deed }
    }

    fn trouble(&self) -> Answer {
        other("The database cannot be reached")
    }

    fn refusal(&self) -> Answer {
        bad("OTHER", "The profile cannot be processed")
    }

    fn mark(&self) -> Option<HeaderName> {
        None
    }
}

/// What a path and a method are for.
fn route(path: &str, method: &Method) -> Result<Route, Answer> {
    let rest = path.strip_prefix(ROOT).and_then(|path| path.strip_prefix(PROFILES)).ok_or_else(Answer::no_route)?;
    let (first, tail) = rest.split_once('/').map_or((rest, None), |(first, tail)| (first, Some(tail)));
    let first = decoded(first).filter(|first| !first.is_empty()).ok_or_else(Answer::no_route)?;
    let (route, its_own) = match (first.as_str(), tail, method) {
        ("by_username", None, _) => (Route::ByUsername, Method::GET),
        ("create", None, &Method::POST) => (Route::Create, Method::POST),
        (_, None, _) => (Route::Of(first, Call::Get), Method::GET),
        (_, Some("update"), _) => (Route::Of(first, Call::Update), Method::POST),
        (_, Some("attributes/update"), _) => (Route::Of(first, Call::UpdateAttributes), Method::POST),
        (_, Some("attributes/remove"), _) => (Route::Of(first, Call::RemoveAttributes), Method::POST),
        (_, Some("delete"), _) => (Route::Of(first, Call::Delete), Method::POST),
        (_, Some(_), _) => return Err(Answer::no_route()),
    };
    if *method == its_own { Ok(route) } else { Err(Answer::no_method()) }
}

/// Whom a request is about: an id, or a username that has none yet.
fn named(route: &Route, params: &Params) -> Option<Named<'static>> {
    let (kind, word, id) = match route {
        Route::Of(id, _) => (Kind::Profile, "id", id.clone()),
        Route::ByUsername | Route::Create => (Kind::Customer, "username", params.filled("username")?.to_owned()),
    };
    Some(Named { kind, word: Cow::Borrowed(word), id: Cow::Owned(id) })
}

fn fields(route: Option<&Route>, params: &Params, asked: &Asked<'_>) -> Vec<String> {
    let of_attributes = |names: Vec<String>| names.into_iter().map(|name| format!("attributes.{name}")).collect();
    match route {
        None | Some(Route::ByUsername | Route::Of(_, Call::Get | Call::Delete)) => Vec::new(),
        Some(Route::Create | Route::Of(_, Call::Update)) => params.fields(),
        Some(Route::Of(_, Call::RemoveAttributes)) => of_attributes(params.all("attributeName")),
        Some(Route::Of(_, Call::UpdateAttributes)) => {
            of_attributes(asked.object().unwrap_or_default().into_iter().map(|(name, _)| name).collect())
        }
    }
}

fn deed<'a>(route: Route, params: &Params, asked: &Asked<'a>, alias: Option<&str>) -> Result<Deed<'a>, Answer> {
    match route {
        Route::ByUsername => by_username(params, alias),
        Route::Create => create(params, alias),
        Route::Of(id, _) if !is_object_id(&id) => Err(other(&format!("invalid ObjectId [{id}]"))),
        // MongoDB reads its digits in either case.
        Route::Of(id, call) => of(id.to_ascii_lowercase(), call, params, asked),
    }
}

fn is_object_id(id: &str) -> bool {
    id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn of<'a>(id: String, call: Call, params: &Params, asked: &Asked<'a>) -> Result<Deed<'a>, Answer> {
    Ok(match call {
        Call::Get => {
            let shown = params.all("attributeToReturn");
            Box::new(move |world| show(&id, None, &shown, world))
        }
        Call::Delete => Box::new(move |world| Answer::empty(StatusCode::OK).applied(world.delete(Kind::Profile, &id))),
        Call::Update => {
            let (username, change) = (params.filled("username").map(str::to_owned), Change::read(params)?);
            Box::new(move |world| update(&id, username.as_deref(), change, world))
        }
        Call::UpdateAttributes => {
            let sent = asked.object().filter(|_| asked.is("application/json"));
            let sent = sent.ok_or_else(|| bad("OTHER", "The request body is not a JSON object"))?;
            Box::new(move |world| {
                answer(&id, world.write(Kind::Profile, &id, |content| merge_attributes(content, sent)), world)
            })
        }
        Call::RemoveAttributes => {
            params.needed("attributeName")?;
            let names = params.all("attributeName");
            Box::new(move |world| {
                let written = world.write(Kind::Profile, &id, |content| {
                    if let Some(Value::Object(kept)) = content.get_mut("attributes") {
                        kept.retain(|name, _| !names.contains(name));
                    }
                    without_empty_groups(content);
                });
                answer(&id, written, world)
            })
        }
    })
}

fn by_username<'a>(params: &Params, alias: Option<&str>) -> Result<Deed<'a>, Answer> {
    let (tenant, username) = (tenant_of(params, alias)?, params.needed("username")?.to_owned());
    let shown = params.all("attributeToReturn");
    Ok(Box::new(move |world| match tenant::look(world, tenant, &username) {
        Some(id) => show(&id, Some((tenant, &username)), &shown, world),
        None => no_such_profile(&format!("username '{username}'")),
    }))
}

fn create<'a>(params: &Params, alias: Option<&str>) -> Result<Deed<'a>, Answer> {
    let username = params.needed("username")?.to_owned();
    params.needed("email")?;
    params.needed("enabled")?;
    let (tenant, change) = (tenant_of(params, alias)?, Change::read(params)?);
    Ok(Box::new(move |world| {
        if tenant::look(world, tenant, &username).is_some() {
            return profile_exists(&username);
        }
        let id = world.create(&tenant::join(tenant, &username));
        world.write(Kind::Profile, &id, |content| change.merge(content));
        show(&id, None, &[], world).applied(true)
    }))
}

fn tenant_of(params: &Params, alias: Option<&str>) -> Result<&'static str, Answer> {
    let name = params.needed("tenantName")?;
    if alias == Some(name) {
        return Ok(tenant::OF_RESIDENTS);
    }
    tenant::find(name).ok_or_else(|| no_such_tenant(name))
}

fn update(id: &str, username: Option<&str>, change: Change, world: &mut World) -> Answer {
    let renamed = match username.map(|username| rename(id, username, world)).transpose() {
        Err(Refused::Nobody) => return no_such_profile(&format!("ID '{id}'")),
        Err(Refused::Taken) => return other("E11000 duplicate key error: username"),
        Ok(renamed) => renamed.unwrap_or(false),
    };
    let certain = renamed || change.hides_something();
    let written = world.write(Kind::Profile, id, |content| change.merge(content));
    answer(id, written.map(|written| written || certain), world)
}

/// Within the profile's own tenant.
fn rename(id: &str, username: &str, world: &mut World) -> Result<bool, Refused> {
    let found = world.look(Kind::Profile, id).ok_or(Refused::Nobody)?;
    let tenant = found.customer_user_id.as_deref().map_or(tenant::OF_RESIDENTS, |name| tenant::split(name).0);
    let claimed = tenant::join(tenant, username);
    world.rename(Kind::Profile, id, &claimed)
}

/// `name`: the tenant and the username that it was looked for by.
fn show(id: &str, name: Option<(&'static str, &str)>, shown: &[String], world: &World) -> Answer {
    let missing = || no_such_profile(&format!("ID '{id}'"));
    world.look(Kind::Profile, id).map_or_else(missing, |found| profile(&found, name, shown))
}

/// The profile after a change that did or did not make a difference.
fn answer(id: &str, written: Option<bool>, world: &World) -> Answer {
    show(id, None, &[], world).applied(written.unwrap_or(false))
}
