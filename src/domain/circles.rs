//! Which of many belong together.
//!
//! Promises: whoever was joined, directly or by way of others, has one first. It does not know what they are.

/// Which of many belong to one circle: a forest in which each points to an earlier one of its circle, or to itself.
#[derive(Debug)]
pub struct Circles(Vec<usize>);

impl Circles {
    /// Each of so many by itself.
    #[must_use]
    pub fn of(count: usize) -> Self {
        Self((0..count).collect())
    }

    /// The first of a circle; ways are halved while they are walked. `one` is below the count.
    pub fn first(&mut self, mut one: usize) -> usize {
        while self.0[one] != one {
            self.0[one] = self.0[self.0[one]];
            one = self.0[one];
        }
        one
    }

    /// The circles of these two are one from now on.
    pub fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.first(one), self.first(other));
        self.0[one.max(other)] = one.min(other);
    }
}
