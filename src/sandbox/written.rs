//! How values are written: what a text must look like to be an address, a date and the like.

use std::net::Ipv4Addr;

use crate::domain::{Id, IdFormat, IdKind};

/// One `@` between two non-empty parts, and no blank: any stricter reading refuses somebody's real address.
pub(super) fn is_email(text: &str) -> bool {
    let parts = text.split_once('@').filter(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
    parts.is_some() && !text.contains(char::is_whitespace)
}

/// Two letters.
pub(super) fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// 8-4-4-4-12 hexadecimal digits.
pub(super) fn is_uuid(text: &str) -> bool {
    Id::parse(IdKind(0), text).is_ok_and(|id| IdFormat::Uuid.check(&id).is_ok())
}

/// An IPv4 address in dotted form.
pub(super) fn is_ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

/// A day of the calendar, `YYYY-MM-DD`.
pub(super) fn is_date(text: &str) -> bool {
    let [year, month, day] = *text.split('-').collect::<Vec<_>>() else { return false };
    let number = |digits: &str, width: usize| {
        let digits = Some(digits).filter(|digits| digits.len() == width && !digits.starts_with('+'))?;
        digits.parse::<u32>().ok()
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
        return false;
    };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_day_of_the_calendar() {
        for day in ["2024-02-29", "2000-02-29", "1999-12-31", "2023-04-30", "0001-01-01"] {
            assert!(is_date(day), "{day}");
        }
        for none in ["2023-02-29", "1900-02-29", "2023-04-31", "2023-13-01", "2023-00-01", "2023-01-00", "2023-1-1"] {
            assert!(!is_date(none), "{none}");
        }
        for none in ["", "2023-01", "2023-01-01T00:00:00", "2023/01/01", "+123-01-01", "-2023-01-01", "2023-01-0x"] {
            assert!(!is_date(none), "{none}");
        }
    }

    #[test]
    fn an_address_has_one_at_between_two_parts() {
        for address in ["a@b", "zo\u{eb}@example.com"] {
            assert!(is_email(address), "{address}");
        }
        for none in ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\n"] {
            assert!(!is_email(none), "{none}");
        }
    }
}
