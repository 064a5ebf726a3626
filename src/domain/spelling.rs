//! A text, however an answer spells it: in URLs, in HTML, in escapes of JSON, each letter in a way of its own.
//!
//! Promises: every mixture of the ways that are known here is found, whatever the letters' case. It does not know what
//! the text means.

/// The letters that HTML has names for.
const NAMED: [(char, &str); 5] = [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&apos;")];

/// A text that is looked for.
pub(super) struct Spelling(Vec<Letter>);

/// Each way in which a letter may be written.
struct Letter(Vec<String>);

impl Spelling {
    pub(super) fn of(text: &str) -> Self {
        Self(text.chars().map(Letter::of).collect())
    }

    /// How many letters it has.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// How many bytes of the text are this one; where the text may have been cut off, all of it, if it ends amid this one.
    pub(super) fn at_the_beginning_of(&self, text: &str, may_be_cut: bool) -> Option<usize> {
        // Where a letter has several fits, each is followed.
        let mut ends = vec![0];
        for letter in &self.0 {
            if may_be_cut && ends.iter().any(|end| letter.is_cut_off_in(&text[*end..])) {
                return Some(text.len());
            }
            ends = ends.iter().flat_map(|end| letter.lengths_in(&text[*end..]).map(move |more| end + more)).collect();
            ends.sort_unstable();
            ends.dedup();
        }
        ends.last().copied().filter(|end| *end > 0)
    }
}

impl Letter {
    fn of(letter: char) -> Self {
        let code = u32::from(letter);
        let in_hex: Vec<String> = letter.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
        let in_a_url = in_hex.concat();
        let mut ways = vec![
            letter.to_string(),
            in_a_url.replace('%', "%25"),
            in_a_url,
            format!("&#{code};"),
            format!("&#x{code:x};"),
            format!("\\u{code:04x}"),
            format!("\\{letter}"),
        ];
        ways.extend(NAMED.iter().filter(|(named, _)| *named == letter).map(|(_, name)| (*name).to_owned()));
        ways.extend((letter == ' ').then(|| "+".to_owned()));
        Self(ways)
    }

    fn lengths_in<'t>(&'t self, text: &'t str) -> impl Iterator<Item = usize> + 't {
        let fits = |way: &&String| text.get(..way.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(way));
        self.0.iter().filter(fits).map(String::len)
    }

    /// Whether the text is the beginning of some way, and no more.
    fn is_cut_off_in(&self, text: &str) -> bool {
        self.0.iter().any(|way| {
            text.len() < way.len() && way.get(..text.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(text))
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn every_mixture_of_ways_is_found(text in "[a-z%+@/&<é 2]{1,12}", choices in vec(any::<usize>(), 12)) {
            let spelling = Spelling::of(&text);
            let written: String = spelling.0.iter().zip(&choices).map(|(letter, choice)| &*letter.0[choice % letter.0.len()]).collect();
            let longer = format!("{written}|");
            prop_assert_eq!(spelling.at_the_beginning_of(&longer, false), Some(written.len()), "{}", longer);
            let cut = written.char_indices().map(|(at, _)| at).find(|at| *at > 0).map_or(&*written, |at| &written[..at]);
            prop_assert_eq!(spelling.at_the_beginning_of(cut, true), Some(cut.len()));
        }
    }

    #[test]
    fn another_text_is_left_alone() {
        let spelling = Spelling::of("ada");
        for text in ["", "ad", "adb", "%61%64", "a&#100;x"] {
            assert_eq!(spelling.at_the_beginning_of(text, false), None, "{text}");
        }
    }
}
