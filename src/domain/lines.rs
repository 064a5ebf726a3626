//! A set of line numbers, one bit each.

use std::ops::RangeInclusive;

/// Line numbers of an input, 1-based; grows to one bit per line up to the highest one inserted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineSet {
    words: Vec<u64>,
}

impl LineSet {
    /// The highest line that an input or a journal may name: half a gigabyte of bits.
    pub const HIGHEST: u64 = u32::MAX as u64;

    /// Adds a line; tells whether it is new.
    pub fn insert(&mut self, line: u64) -> bool {
        let (word, bit) = Self::place(line);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let fresh = self.words[word] & bit == 0;
        self.words[word] |= bit;
        fresh
    }

    /// Adds these lines.
    pub fn extend(&mut self, lines: impl IntoIterator<Item = u64>) {
        for line in lines {
            self.insert(line);
        }
    }

    /// Adds every line of a range, its ends included; a word of 64 lines at a time.
    pub fn insert_range(&mut self, lines: RangeInclusive<u64>) {
        if lines.is_empty() {
            return;
        }
        let (last, _) = Self::place(*lines.end());
        if last >= self.words.len() {
            self.words.resize(last + 1, 0);
        }
        self.masks(lines).for_each(|(word, mask)| self.words[word] |= mask);
    }

    /// The lines of a range that are in, the lowest first.
    pub fn within(&self, lines: RangeInclusive<u64>) -> impl Iterator<Item = u64> + '_ {
        self.masks(lines).flat_map(|(word, mask)| {
            let left = |bits: u64| (bits != 0).then_some(bits);
            std::iter::successors(left(self.words[word] & mask), move |bits| left(bits & (bits - 1)))
                .map(move |bits| word as u64 * 64 + u64::from(bits.trailing_zeros()))
        })
    }

    /// How many lines of a range are in.
    #[must_use]
    pub fn count_within(&self, lines: RangeInclusive<u64>) -> u64 {
        self.masks(lines).map(|(word, mask)| u64::from((self.words[word] & mask).count_ones())).sum()
    }

    /// Takes a line out; tells whether it was in.
    pub fn remove(&mut self, line: u64) -> bool {
        let (word, bit) = Self::place(line);
        let Some(slot) = self.words.get_mut(word) else { return false };
        let was = *slot & bit != 0;
        *slot &= !bit;
        was
    }

    /// Whether a line is in.
    #[must_use]
    pub fn contains(&self, line: u64) -> bool {
        let (word, bit) = Self::place(line);
        self.words.get(word).is_some_and(|slot| slot & bit != 0)
    }

    /// How many lines are in.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Whether no line is in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// The highest line that is in.
    #[must_use]
    pub fn highest(&self) -> Option<u64> {
        let (index, word) = self.words.iter().enumerate().rev().find(|(_, word)| **word != 0)?;
        Some(index as u64 * 64 + 63 - u64::from(word.leading_zeros()))
    }

    /// Adds every line of another set.
    pub fn union(&mut self, other: &Self) {
        if other.words.len() > self.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        self.words.iter_mut().zip(&other.words).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// The words that hold a range, as far as there are any, each with the range's bits in it.
    fn masks(&self, lines: RangeInclusive<u64>) -> impl Iterator<Item = (usize, u64)> + use<> {
        let ((first, low), (last, high)) = (Self::place(*lines.start()), Self::place(*lines.end()));
        let end = if lines.is_empty() { first } else { self.words.len().min(last.saturating_add(1)) };
        (first..end).map(move |word| {
            let from = if word == first { low.wrapping_neg() } else { u64::MAX };
            let to = if word == last { high | (high - 1) } else { u64::MAX };
            (word, from & to)
        })
    }

    fn place(line: u64) -> (usize, u64) {
        let word = usize::try_from(line / 64).unwrap_or(usize::MAX);
        (word, 1 << (line % 64))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::{collection::vec, prelude::*};

    use super::LineSet;

    proptest! {
        #[test]
        fn ranges_are_their_lines(
            ranges in vec((0..400_u64, 0..300_u64), 0..6),
            lines in vec(0..900_u64, 0..20),
            (first, more) in (0..1000_u64, 0..400_u64),
        ) {
            let (mut set, mut plain) = (LineSet::default(), BTreeSet::new());
            for line in lines {
                prop_assert_eq!(set.insert(line), plain.insert(line));
            }
            for (first, more) in ranges {
                set.insert_range(first..=first + more);
                plain.extend(first..=first + more);
            }
            prop_assert_eq!(set.len(), plain.len() as u64);
            prop_assert!((0..1100).all(|line| set.contains(line) == plain.contains(&line)));
            let within = first..=first + more;
            prop_assert_eq!(set.count_within(within.clone()), plain.range(within.clone()).count() as u64);
            prop_assert!(set.within(within.clone()).eq(plain.range(within).copied()));
        }
    }

    #[test]
    fn a_range_that_is_none_adds_nothing() {
        let mut set = LineSet::default();
        #[expect(clippy::reversed_empty_ranges, reason = "that is the point")]
        set.insert_range(9..=3);
        assert!(set.is_empty());
        #[expect(clippy::reversed_empty_ranges, reason = "that is the point")]
        let none = set.within(900..=3).next();
        assert_eq!(none, None);
    }
}
