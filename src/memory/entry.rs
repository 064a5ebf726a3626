//! What the store holds of one person, by an id, as bytes.

use std::time::Duration;

use crate::domain::{Id, IdKind, Identity, Moment, Print};

/// What the API was last told about an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing that is certain: a call may be on its way, or its end was never learned.
    Open,
    /// What [`Entry::content`] is the print of; the API took it.
    Sent,
    /// What [`Entry::content`] is the print of; the API refused it.
    Refused,
    /// To delete it; the API did.
    Deleted,
    /// Something, and there was no such profile; or somebody was sent something by another id since.
    Gone,
    /// To delete it, and there was nobody: another app's key says so of everybody. It is [`State::Deleted`] once the sync
    /// is complete, and the not-found guard was quiet to the end.
    Absent,
    /// Nobody's: what the API refused is one of several rows of somebody, and [`Entry::content`] is the print of it among
    /// these, as is the print by which it stands here.
    Among,
    /// What [`Entry::content`] is the print of, and there was no such profile.
    Missing,
    /// What [`Entry::content`] is the print of, and another profile has the name.
    Taken,
    /// Like [`State::Among`], of what found no such profile.
    MissingAmong,
    /// Like [`State::Among`], of what found that another profile has the name.
    TakenAmong,
}

impl State {
    const ALL: [Self; 11] = [
        Self::Open,
        Self::Sent,
        Self::Refused,
        Self::Deleted,
        Self::Gone,
        Self::Absent,
        Self::Among,
        Self::Missing,
        Self::Taken,
        Self::MissingAmong,
        Self::TakenAmong,
    ];

    /// Whether there may be a profile, so that its ids are kept.
    pub(super) const fn may_exist(self) -> bool {
        match self {
            Self::Open | Self::Sent | Self::Refused | Self::Absent | Self::Taken => true,
            Self::Deleted | Self::Gone | Self::Among | Self::Missing | Self::MissingAmong | Self::TakenAmong => false,
        }
    }

    /// Whether it is known what the API was told last.
    pub(super) const fn is_certain(self) -> bool {
        match self {
            Self::Sent | Self::Refused | Self::Deleted | Self::Absent | Self::Missing | Self::Taken => true,
            Self::Open | Self::Gone | Self::Among | Self::MissingAmong | Self::TakenAmong => false,
        }
    }

    /// Whether the API was told to delete him, and has nobody there.
    pub(super) const fn is_gone(self) -> bool {
        matches!(self, Self::Deleted | Self::Absent)
    }

    /// Whether that may be otherwise by tomorrow, without anything of ours.
    pub(super) const fn is_brief(self) -> bool {
        matches!(self, Self::Missing | Self::Taken)
    }

    /// Whether it is that of one row of several.
    pub(super) const fn is_among(self) -> bool {
        matches!(self, Self::Among | Self::MissingAmong | Self::TakenAmong)
    }

    /// How a row that ended like this stands among the other rows of its person, where these do not tell.
    pub(super) const fn among(self) -> Option<Self> {
        match self {
            Self::Refused => Some(Self::Among),
            Self::Missing => Some(Self::MissingAmong),
            Self::Taken => Some(Self::TakenAmong),
            Self::Open
            | Self::Sent
            | Self::Deleted
            | Self::Gone
            | Self::Absent
            | Self::Among
            | Self::MissingAmong
            | Self::TakenAmong => None,
        }
    }

    /// What it is after the person was sent something by another id.
    pub(super) const fn void(self) -> Self {
        match self {
            Self::Open | Self::Sent | Self::Refused | Self::Absent | Self::Taken => Self::Open,
            // Nobody is to be deleted by this id: whoever was sent something is known by the other one.
            Self::Deleted | Self::Gone | Self::Missing => Self::Gone,
            Self::Among | Self::MissingAmong | Self::TakenAmong => self,
        }
    }
}

/// What is remembered of whoever has an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// The print of what was sent last; means something only in some states.
    pub(super) content: Print,
    /// When that was, in minutes since 1970; 0 of what is [`Entry::is_brief`] before the sync is complete.
    pub(super) minute: u32,
    /// The pass that first met the id.
    pub(super) born: u32,
    /// The complete sync that it was part of; 0 is none. Of one row of several, the pass that last wrote it.
    pub(super) sync: u32,
    /// What became of it.
    pub(super) state: State,
    /// It is not believed for long: it, or one of the rows that it stands for, found nobody, or a name that was taken.
    pub(super) is_brief: bool,
    /// It stands for several rows, of which some are remembered each by itself.
    pub(super) has_apart: bool,
    /// Before it came into this state the API took something of ours, and he was not deleted since.
    pub(super) was_sent: bool,
}

/// In the byte of a state: [`Entry::is_brief`] …
const BRIEF: u8 = 1 << 7;
/// … and [`Entry::has_apart`] …
const APART: u8 = 1 << 6;
/// … and [`Entry::was_sent`].
const SENT: u8 = 1 << 5;
const MINUTES_A_DAY: u32 = 24 * 60;

/// How long what is remembered is believed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ages {
    /// In minutes since 1970.
    pub(super) now: u32,
    /// What was sent so long ago, by whole days, or longer is sent again.
    pub(super) refresh: Option<Duration>,
    /// So long ago, or longer, whoever was missing may be there by now, and a name free.
    pub(super) again: Duration,
}

impl Entry {
    pub(super) const BYTES: usize = 29;

    /// See [`State::void`].
    pub(super) const fn void(self) -> Self {
        self.becomes(self.state.void())
    }

    /// In a state in which nothing is certain.
    pub(super) const fn becomes(self, state: State) -> Self {
        Self { state, was_sent: self.is_ours(), is_brief: false, has_apart: false, ..self }
    }

    /// Whether he is there since the API took something of ours: nobody else is ever pruned. Whoever was refused from the
    /// first, or would have had another one's name, is not.
    pub(super) const fn is_ours(&self) -> bool {
        matches!(self.state, State::Sent) || (self.was_sent && self.state.may_exist())
    }

    /// One that is made now; if brief, not believed before the sync is complete: till then, that nobody was found may be the
    /// work of another app's key.
    pub(super) const fn brief(self, is_brief: bool) -> Self {
        Self { minute: if is_brief { 0 } else { self.minute }, is_brief, ..self }
    }

    /// Whether it was told at that minute or later, as far as it says when.
    pub(super) const fn is_since(&self, minute: u32) -> bool {
        self.awaits_the_end() || self.minute >= minute
    }

    /// See [`Entry::brief`].
    const fn awaits_the_end(&self) -> bool {
        self.is_brief && self.minute == 0
    }

    /// Whether it is no longer believed. A time that is still to come was told by a clock that was wrong.
    pub(super) fn is_stale(&self, ages: &Ages) -> bool {
        let day = |minute: u32| u64::from(minute / MINUTES_A_DAY);
        let age = Duration::from_secs(60 * u64::from(ages.now.abs_diff(self.minute)));
        let whole = Duration::from_hours(24 * day(ages.now).abs_diff(day(self.minute)));
        (self.is_brief && age >= ages.again) || ages.refresh.is_some_and(|refresh| whole >= refresh)
    }

    /// What it is after a sync that met it and came to an end at `minute`, without being complete.
    pub(super) const fn settled(self, minute: u32) -> Self {
        let state = if matches!(self.state, State::Absent) { State::Deleted } else { self.state };
        Self { state, ..self.told(minute) }
    }

    const fn told(self, minute: u32) -> Self {
        Self { minute: if self.awaits_the_end() { minute } else { self.minute }, ..self }
    }

    /// What it is after the complete sync that has this number and ends at `minute`, which met it or did not; `None` when
    /// it is remembered no longer.
    pub(super) fn after(self, sync: u32, met: bool, minute: u32) -> Option<Self> {
        let told = self.told(minute);
        match self.state {
            State::Gone => None,
            State::Deleted
            | State::Absent
            | State::Among
            | State::Missing
            | State::MissingAmong
            | State::TakenAmong
                if !met =>
            {
                None
            }
            State::Among | State::MissingAmong | State::TakenAmong => Some(self),
            State::Absent => Some(Self { sync, ..self.settled(minute) }),
            State::Missing => Some(Self { sync: 0, ..told }),
            // The rows that are remembered each by itself are forgotten.
            _ if self.has_apart && !met => Some(Self { sync: 0, ..self.void() }),
            State::Open | State::Sent | State::Refused | State::Deleted | State::Taken => {
                Some(Self { sync: if met { sync } else { 0 }, ..told })
            }
        }
    }

    pub(super) fn encode(&self) -> [u8; Self::BYTES] {
        let mut out = [0; Self::BYTES];
        out[..16].copy_from_slice(&self.content.0);
        out[16..20].copy_from_slice(&self.minute.to_le_bytes());
        out[20..24].copy_from_slice(&self.born.to_le_bytes());
        out[24..28].copy_from_slice(&self.sync.to_le_bytes());
        let flag = |is_so, flag| if is_so { flag } else { 0 };
        out[28] =
            self.state as u8 | flag(self.is_brief, BRIEF) | flag(self.has_apart, APART) | flag(self.was_sent, SENT);
        out
    }

    /// `None` when no version of ours wrote it.
    pub(super) fn decode(bytes: &[u8; Self::BYTES]) -> Option<Self> {
        let (content, rest) = bytes.split_first_chunk()?;
        let (minute, rest) = rest.split_first_chunk()?;
        let (born, rest) = rest.split_first_chunk()?;
        let (sync, rest) = rest.split_first_chunk()?;
        let state = *rest.first()?;
        Some(Self {
            content: Print(*content),
            minute: u32::from_le_bytes(*minute),
            born: u32::from_le_bytes(*born),
            sync: u32::from_le_bytes(*sync),
            state: *State::ALL.get(usize::from(state & !(BRIEF | APART | SENT)))?,
            is_brief: state & BRIEF != 0,
            has_apart: state & APART != 0,
            was_sent: state & SENT != 0,
        })
    }
}

/// Minutes since 1970, at least one; after the year 10,000 the highest.
pub(super) fn minute(now: Moment) -> u32 {
    u32::try_from(now.millis().max(0) / 60_000).unwrap_or(u32::MAX).max(1)
}

/// An id's length, of which none has more than [`Id::MAX_BYTES`] …
const LENGTH: u16 = HEXADECIMAL - 1;
/// … and whether it is one in which capitals are no other letters.
const HEXADECIMAL: u16 = 1 << 15;

/// In the number of a kind: an answer told the id of whoever is known by those before it, which are the row's.
const TOLD: u8 = 1 << 7;
/// Of a kind that nobody knows.
const NONE: u8 = TOLD - 1;

/// The kinds of ids by number, as the store writes them and as the API's description counts them now.
#[derive(Debug)]
pub(super) struct Kinds {
    /// In the store's order, which only grows.
    pub(super) names: Vec<String>,
    /// The place in `names` of each kind of the description.
    ours: Vec<u8>,
}

impl Kinds {
    /// Finds the description's kinds among those known, and adds the new ones. A description has far less than 256.
    pub(super) fn of(mut names: Vec<String>, kinds: &[String]) -> Self {
        let mut ours = Vec::with_capacity(kinds.len());
        for kind in kinds {
            let at = names.iter().position(|name| name == kind).unwrap_or_else(|| {
                names.push(kind.clone());
                names.len() - 1
            });
            ours.push(u8::try_from(at).unwrap_or(NONE).min(NONE));
        }
        Self { names, ours }
    }

    /// An identity's ids: of each its kind, its length and its text.
    pub(super) fn encoded(&self, identity: &Identity) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(identity, &mut out);
        out
    }

    /// The same, and behind them the others that an answer told.
    pub(super) fn encoded_with(&self, identity: &Identity, told: &[Id]) -> Vec<u8> {
        let mut out = self.encoded(identity);
        for id in told.iter().filter(|id| identity.ids().all(|own| own != *id)) {
            self.encode_id(id, TOLD, &mut out);
        }
        out
    }

    /// Appends [`Kinds::encoded`].
    pub(super) fn encode(&self, identity: &Identity, out: &mut Vec<u8>) {
        identity.ids().for_each(|id| self.encode_id(id, 0, out));
    }

    fn encode_id(&self, id: &Id, told: u8, out: &mut Vec<u8>) {
        out.push(self.ours.get(usize::from(id.kind().0)).copied().unwrap_or(NONE) | told);
        let length = u16::try_from(id.text().len()).unwrap_or(LENGTH);
        let length = if id.is_hexadecimal() { length | HEXADECIMAL } else { length };
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(id.text().as_bytes());
    }

    /// Every id, those that were told included, as far as its kind has a place in the description.
    pub(super) fn decode_all<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = Id> + 'a {
        parts(bytes).filter_map(|part| self.decode_id(part?))
    }

    /// The row's identity again; `None` when a kind has no place in the description any more, or the bytes are none of ours.
    pub(super) fn decode(&self, bytes: &[u8]) -> Option<Identity> {
        let is_told = |part: &[u8]| part.first().is_some_and(|kind| kind & TOLD == TOLD);
        let mut ids = parts(bytes).take_while(|part| !part.is_some_and(is_told)).map(|part| self.decode_id(part?));
        let primary = ids.next()??;
        match ids.next() {
            None => Some(Identity::one(primary)),
            Some(fallback) => Some(Identity::two(primary, fallback?)),
        }
    }

    fn decode_id(&self, part: &[u8]) -> Option<Id> {
        let (kind, text) = (part.first()?, part.get(3..)?);
        let at = self.ours.iter().position(|ours| *ours == kind & !TOLD)?;
        let id = Id::parse(IdKind(u8::try_from(at).ok()?), std::str::from_utf8(text).ok()?).ok()?;
        let is_hexadecimal = u16::from_le_bytes([*part.get(1)?, *part.get(2)?]) & HEXADECIMAL != 0;
        Some(if is_hexadecimal { id.hexadecimal() } else { id })
    }
}

/// Each id's bytes as they stand: equal just when kind and text are. `None` where the bytes are none of ours.
pub(super) fn parts(mut bytes: &[u8]) -> impl Iterator<Item = Option<&[u8]>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let length = bytes.get(1..3).map(|length| 3 + usize::from(u16::from_le_bytes([length[0], length[1]]) & LENGTH));
        let part = length.and_then(|length| bytes.split_at_checked(length));
        bytes = part.map_or(&[], |(_, rest)| rest);
        Some(part.map(|(part, _)| part))
    })
}
