//! A set of line numbers, one bit each.

/// Line numbers of an input, 1-based; grows to one bit per line up to the highest one inserted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineSet {
    words: Vec<u64>,
}

impl LineSet {
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

    fn place(line: u64) -> (usize, u64) {
        let word = usize::try_from(line / 64).unwrap_or(usize::MAX);
        (word, 1 << (line % 64))
    }
}
