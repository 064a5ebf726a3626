//! `Retry-After` beside `Date`, in a 429: two lines of the input, the second may be missing.

use std::{sync::LazyLock, time::Duration};

use tollgate::{
    domain::{Blame, Call, Fields, Id, IdKind, Identity, Moment, Operation, Slot, Word},
    remote::{Description, Written},
};

static API: LazyLock<Description> = LazyLock::new(|| {
    Description::parse("adapty", Description::text("adapty").expect("a built-in one")).expect("it is sound")
});

/// The target.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.splitn(2, '\n').zip(["retry-after", "date"]).map(|(value, name)| (name.as_bytes(), value));
    let value = lines.clone().next().map_or("", |(_, value)| value);
    let headers: Vec<(&[u8], &[u8])> = lines.by_ref().map(|(name, value)| (name, value.as_bytes())).collect();
    let answer = Written { status: 429, headers: &headers, body: b"", cut: false, now: Moment::from_millis(0) };
    let call = Call { operation: Operation::Delete, slot: Slot::Primary };
    let identity = Identity::one(Id::parse(IdKind(1), "customer-1").expect("an id"));
    let Some(reply) = API.judge(call, &identity, &Fields::default(), &answer) else { return };
    let Word::Again { after, blame: Blame::Never } = reply.word else { panic!("{:?}", reply.word) };
    if let Some(seconds) = value.trim().parse::<u32>().ok().filter(|_| value.is_ascii()) {
        let told = value.trim().bytes().all(|byte| byte.is_ascii_digit());
        assert_eq!(after, told.then(|| Duration::from_secs(u64::from(seconds))));
    }
}
