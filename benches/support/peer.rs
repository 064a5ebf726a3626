//! The peer: a bare loop over `reqwest`, with the client's settings and the headers of `src/remote`, that does nothing
//! else: no file, no results, no pace, no retries.

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::{
    Client, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
    redirect::Policy,
    retry,
};

use super::{BOUND, Outcome, WIDTH, id};

/// The first argument of a process that plays this part.
pub(super) const PART: &str = "peer";
/// A key of a usual length, for both.
pub(crate) const KEY: &str = "secret_live_0123456789abcdef0123456789abcdef";
/// As `--timeout` by default.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Deletes so many.
pub(super) fn run(address: &str, count: u64) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { tokio::time::timeout(BOUND, delete_all(address, count)).await? })
}

async fn delete_all(address: &str, count: u64) -> Outcome {
    let client = Client::builder()
        .user_agent("tollgate/0.1.0")
        .retry(retry::never())
        .redirect(Policy::none())
        .connect_timeout(Duration::from_secs(10))
        .tcp_nodelay(true)
        .pool_max_idle_per_host(WIDTH)
        .no_proxy()
        .tls_certs_only([])
        .timeout(TIMEOUT)
        .build()?;
    let url = reqwest::Url::parse(&format!("http://{address}/api/v2/server-side-api/profile/"))?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(AUTHORIZATION, HeaderValue::from_str(&format!("Api-Key {KEY}"))?);
    stream::iter(0..count)
        .map(|number| {
            let request = client.delete(url.clone()).headers(headers.clone());
            request.header("adapty-customer-user-id", id(number)).send()
        })
        .buffer_unordered(WIDTH)
        .map_err(Box::<dyn std::error::Error>::from)
        .try_for_each(|response| async move {
            if response.status() == StatusCode::NO_CONTENT { Ok(()) } else { Err("not a 204".into()) }
        })
        .await
}
