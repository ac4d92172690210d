//! Choices from bytes.

use arbitrary::Unstructured;

/// Bytes that are used up by choices. Where there are none left, the first choice is made.
pub(crate) struct Entropy<'b>(Unstructured<'b>);

impl<'b> Entropy<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    /// A number from 0, below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.int_in_range(0..=end - 1).unwrap_or_default()
    }

    /// Whether something is so that is so in `percent` of all cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        let drawn: u8 = self.0.arbitrary().unwrap_or_default();
        usize::from(drawn) * 100 >= (100 - percent) * 256
    }

    /// One of the choices.
    pub(crate) fn pick<'c, T: ?Sized>(&mut self, choices: &[&'c T]) -> &'c T {
        choices[self.below(choices.len())]
    }

    /// One of the choices, each as often as its weight says.
    pub(crate) fn weighted<T: Copy>(&mut self, choices: &[(usize, T)]) -> T {
        let sum = choices.iter().map(|(weight, _)| weight).sum();
        let mut drawn = self.below(sum);
        for (weight, choice) in choices {
            match drawn.checked_sub(*weight) {
                Some(rest) => drawn = rest,
                None => return *choice,
            }
        }
        choices[0].1
    }
}
