//! Yes, no, or not to be said: what holds where some condition keys are unknown.

/// Whether something holds. `Maybe` where it hangs on a condition key that is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Truth {
    /// It does not hold, whatever the unknown keys are.
    No,
    /// It hangs on unknown keys.
    Maybe,
    /// It holds, whatever the unknown keys are.
    Yes,
}

impl Truth {
    /// Whether all hold.
    pub(crate) fn all(truths: impl Iterator<Item = Self>) -> Self {
        let mut all = Self::Yes;
        for truth in truths {
            all = all.min(truth);
            if all == Self::No {
                break;
            }
        }
        all
    }

    /// Whether one holds.
    pub(crate) fn any(truths: impl Iterator<Item = Self>) -> Self {
        let mut any = Self::No;
        for truth in truths {
            any = any.max(truth);
            if any == Self::Yes {
                break;
            }
        }
        any
    }

    /// Whether it can hold.
    pub(crate) fn is_possible(self) -> bool {
        self != Self::No
    }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }
}

impl std::ops::Not for Truth {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}
