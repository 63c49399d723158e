//! Which rows, by their position in what was given, counted from 0.

use std::fmt;
use std::ops::Range;

/// A set of positions, as ranges in order.
///
/// ```
/// let mut done = mizzle::Ranges::default();
/// done.add(0..1_000);
/// done.add(2_000..3_000);
/// done.add(1_000..1_500);
/// assert_eq!(done.to_string(), "0..1500, 2000..3000");
/// assert!(done.contains(1_499) && !done.contains(1_500));
/// assert_eq!(done.len(), 2_500);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges(Vec<Range<u64>>);

impl Ranges {
    /// Adds positions.
    ///
    /// # Example
    /// ```
    /// let mut done = mizzle::Ranges::default();
    /// done.add(0..10);
    /// done.add(10..12);
    /// assert_eq!(done.to_string(), "0..12");
    /// ```
    pub fn add(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        // those that end before, those that are touched, those that begin after
        let from = self.0.partition_point(|known| known.end < range.start);
        let to = self.0.partition_point(|known| known.start <= range.end);
        let start = self.0[from..to].first().map_or(range.start, |known| known.start.min(range.start));
        let end = self.0[from..to].last().map_or(range.end, |known| known.end.max(range.end));
        self.0.splice(from..to, std::iter::once(start..end));
    }

    /// Adds all positions of another set.
    ///
    /// # Example
    /// ```
    /// let mut done = mizzle::Ranges::default();
    /// done.add(0..10);
    /// let mut more = done.clone();
    /// more.add(20..30);
    /// done.extend(&more);
    /// assert_eq!(done.to_string(), "0..10, 20..30");
    /// ```
    pub fn extend(&mut self, other: &Self) {
        for range in &other.0 {
            self.add(range.clone());
        }
    }

    /// Whether the position is among them.
    ///
    /// # Example
    /// ```
    /// let mut done = mizzle::Ranges::default();
    /// done.add(5..10);
    /// assert!(done.contains(5) && !done.contains(10));
    /// ```
    #[must_use]
    pub fn contains(&self, position: u64) -> bool {
        let after = self.0.partition_point(|known| known.end <= position);
        self.0.get(after).is_some_and(|known| known.contains(&position))
    }

    /// How many positions there are.
    ///
    /// # Example
    /// ```
    /// let mut done = mizzle::Ranges::default();
    /// done.add(5..10);
    /// assert_eq!(done.len(), 5);
    /// ```
    #[must_use]
    pub fn len(&self) -> u64 {
        self.0.iter().map(|range| range.end - range.start).sum()
    }

    /// Whether there is no position.
    ///
    /// # Example
    /// ```
    /// assert!(mizzle::Ranges::default().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges in order; none touches the next.
    ///
    /// # Example
    /// ```
    /// let mut done = mizzle::Ranges::default();
    /// done.add(0..2);
    /// done.add(5..6);
    /// assert_eq!(done.iter().collect::<Vec<_>>(), [0..2, 5..6]);
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        self.0.iter().cloned()
    }
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for range in &self.0 {
            write!(f, "{separator}{}..{}", range.start, range.end)?;
            separator = ", ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(added: &[Range<u64>], expect: &str) {
        let mut ranges = Ranges::default();
        for range in added {
            ranges.add(range.clone());
        }
        assert_eq!(ranges.to_string(), expect, "{added:?}");
        for position in 0..20 {
            let among = added.iter().any(|range| range.contains(&position));
            assert_eq!(ranges.contains(position), among, "{position} of {added:?}");
        }
    }

    #[test]
    #[allow(clippy::single_range_in_vec_init)]
    fn ranges_that_touch_become_one() {
        check(&[], "");
        check(&[3..3], "");
        check(&[0..2, 2..4], "0..4");
        check(&[2..4, 0..2], "0..4");
        check(&[0..2, 3..4], "0..2, 3..4");
        check(&[6..8, 0..2, 3..4], "0..2, 3..4, 6..8");
        check(&[0..2, 4..6, 8..10, 1..9], "0..10");
        check(&[0..10, 3..4], "0..10");
        check(&[4..6, 6..7, 9..12, 0..1], "0..1, 4..7, 9..12");
    }
}
