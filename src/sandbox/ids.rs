//! Uuids made from the seed: the app's, the profiles', the requests'.
//!
//! A numbered profile's uuid can be turned back into its number, so that ten million profiles need no table.

use uuid::{Builder, Uuid};

use crate::domain::{Dice, Hasher};

/// A uuid of version 4 has 62 free bits in its lower half.
const LOW_BITS: u64 = (1 << 62) - 1;

/// Odd, so that multiplying by it modulo a power of two can be undone; 2^64 divided by the golden ratio, which spreads
/// neighbouring numbers far apart.
pub(super) const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

const UNSPREAD: u64 = inverse(SPREAD);

/// How the API writes the ids that it gives out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// As a uuid made from the seed.
    Uuid,
    /// As `MongoDB`'s object ids: the profile's number in 24 hexadecimal digits.
    Hex24,
}

impl Style {
    /// The id of the profile with a number below 2^62.
    pub(super) fn write(self, seed: u64, number: u64) -> String {
        match self {
            Self::Uuid => profile_id(seed, number).to_string(),
            Self::Hex24 => format!("{number:024x}"),
        }
    }

    /// The number of the profile with this id, if such a one was ever given out.
    pub(super) fn read(self, seed: u64, text: &str) -> Option<u64> {
        match self {
            Self::Uuid => profile_number(seed, text),
            Self::Hex24 => {
                let number = u64::from_str_radix(text, 16).ok()?;
                (self.write(seed, number) == text).then_some(number)
            }
        }
    }

    /// As many of these bits as an id has.
    pub(super) const fn bound(self, bits: u128) -> u128 {
        match self {
            Self::Uuid => bits,
            Self::Hex24 => bits & OBJECT_ID_BITS,
        }
    }

    /// The id of these bits, [`Style::bound`] before.
    pub(super) fn print(self, bits: u128) -> String {
        match self {
            Self::Uuid => Uuid::from_u128(bits).to_string(),
            Self::Hex24 => format!("{bits:024x}"),
        }
    }

    /// The bits of an id that is written as [`Style::print`] would.
    pub(super) fn bits(self, text: &str) -> Option<u128> {
        let bits = match self {
            Self::Uuid => Uuid::try_parse(text).ok()?.as_u128(),
            Self::Hex24 => u128::from_str_radix(text, 16).ok()?,
        };
        (self.print(bits) == text).then_some(bits)
    }
}

/// An object id has 96 bits.
const OBJECT_ID_BITS: u128 = (1 << 96) - 1;

/// The app that the sandbox's key belongs to.
pub(super) fn app_id(seed: u64) -> Uuid {
    hashed(seed, "app", "")
}

/// What support would ask for: the `n`th answer's id.
pub(super) fn request_id(seed: u64, n: u64) -> Uuid {
    let mut dice = Dice::seeded(seed ^ n.wrapping_mul(SPREAD));
    random(dice.below(u64::MAX), dice.below(u64::MAX))
}

/// The uuid that a text of a given realm stands for.
pub(super) fn hashed(seed: u64, realm: &str, text: &str) -> Uuid {
    let mut hasher = Hasher::default();
    hasher.update(&seed.to_le_bytes());
    hasher.update(realm.as_bytes());
    hasher.update(&[0]);
    hasher.update(text.as_bytes());
    let digest = hasher.finish().0;
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    Builder::from_random_bytes(half).into_uuid()
}

/// The uuid of the profile with a number below 2^62.
fn profile_id(seed: u64, number: u64) -> Uuid {
    let high = Dice::seeded(seed.wrapping_add(number.wrapping_mul(SPREAD))).below(u64::MAX);
    random(high, (number.wrapping_mul(SPREAD) ^ mask(seed)) & LOW_BITS)
}

/// The number of the profile with this uuid, if the seed gives such a one.
fn profile_number(seed: u64, text: &str) -> Option<u64> {
    let uuid = Uuid::from_u128(Style::Uuid.bits(text)?);
    let (_, low) = uuid.as_u64_pair();
    let number = (low ^ mask(seed)).wrapping_mul(UNSPREAD) & LOW_BITS;
    (profile_id(seed, number) == uuid).then_some(number)
}

fn mask(seed: u64) -> u64 {
    Dice::seeded(seed).below(LOW_BITS)
}

fn random(high: u64, low: u64) -> Uuid {
    Builder::from_random_bytes(Uuid::from_u64_pair(high, low).into_bytes()).into_uuid()
}

/// The inverse of an odd number modulo 2^64: Newton's iteration doubles the right bits each time, from 3 on.
const fn inverse(odd: u64) -> u64 {
    let mut guess = odd;
    let mut round = 0;
    while round < 5 {
        guess = guess.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(guess)));
        round += 1;
    }
    guess
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_profile_number_survives_its_uuid(seed: u64, number in 0u64..1 << 62) {
            let uuid = profile_id(seed, number);
            prop_assert_eq!(uuid.get_version_num(), 4);
            prop_assert_eq!(profile_number(seed, &uuid.to_string()), Some(number));
            prop_assert_eq!(profile_number(seed, &uuid.to_string().to_uppercase()), None);
            prop_assert_eq!(profile_number(seed, &uuid.simple().to_string()), None);
        }

        #[test]
        fn a_foreign_uuid_has_no_number(seed: u64, high: u64, low: u64) {
            prop_assert_eq!(profile_number(seed, &random(high, low).to_string()), None);
        }
    }
}
