//! So many rows, or a share of some.

/// A number of rows, or a share of some.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// So many rows.
    Rows(u64),
    /// So many per cent, from 0 to 100.
    Percent(f64),
}

impl Amount {
    /// Reads `50` or `20%`: the percent sign decides.
    ///
    /// # Errors
    /// One sentence about what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.trim().strip_suffix('%') {
            Some(number) => parse_percent(number).map(Self::Percent),
            None => match text.trim().parse() {
                Ok(count) => Ok(Self::Rows(count)),
                Err(_) => Err(format!("`{text}` is neither a number of rows such as 50 nor a share such as 20%")),
            },
        }
    }
}

/// Reads a share without its percent sign.
///
/// # Errors
/// One sentence when it is none between 0 and 100.
pub fn parse_percent(number: &str) -> Result<f64, String> {
    let percent: Option<f64> = number.trim().parse().ok();
    percent
        .filter(|percent| (0.0..=100.0).contains(percent))
        .ok_or_else(|| format!("`{number}%` is not a share between 0% and 100%"))
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rows(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}
