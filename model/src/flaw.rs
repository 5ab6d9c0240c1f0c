//! Rules that can be switched off, one at a time, to see that the explorer finds what each of them prevents.
//!
//! A model in which nothing can go wrong proves nothing. So every rule of the protocol that a property rests on has
//! a flaw here, and a test per flaw asserts that a counterexample is found; the table of them is in the crate's documentation.

/// A rule that is switched off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// A worker's write asks for `running`, and not for *which* claim.
    NoTokenInTheWrite,
    /// A claim hands out the token of the claim before it.
    TokenStaysTheSame,
    /// The delivery is acked before the claim is committed.
    AckBeforeClaim,
    /// An outbox row is deleted when it is taken, before the broker confirmed it.
    DeleteBeforeConfirm,
    /// A relay settles rows that another one holds by now.
    SettleWithoutToken,
    /// A worker goes on after its own deadline, until the ledger refuses it a write.
    NoSelfFencing,
    /// The deadline is looked at when the wish is noted, and not again right before the command.
    CheckedTooEarly,
    /// The ledger's clock and the worker's drift further apart than the margin.
    DriftBeyondTheMargin,
    /// Running jobs are rescued after a while, whether their lease is renewed or not.
    RescueByElapsedTime,
    /// A job is inserted without a look at the device's lock.
    EnqueueWithoutLock,
    /// A worker asks for the image without a look whether it is there or coming.
    NoLookBeforeTheAct,
    /// A job that somebody wants to stop is handed back as if nobody did.
    ReleaseForgetsCancel,
    /// Nobody looks for jobs that were dispatched and never claimed.
    NobodyWakesTheUnclaimed,
    /// Nobody wakes the jobs that a hold refused.
    NobodyWakesTheHeldUp,
    /// The broker refuses one row in the middle of a window, and takes the later ones of the same job.
    RefusedInTheMiddle,
}

impl Flaw {
    /// Every flaw.
    pub const ALL: [Self; 15] = [
        Self::NoTokenInTheWrite,
        Self::TokenStaysTheSame,
        Self::AckBeforeClaim,
        Self::DeleteBeforeConfirm,
        Self::SettleWithoutToken,
        Self::NoSelfFencing,
        Self::CheckedTooEarly,
        Self::DriftBeyondTheMargin,
        Self::RescueByElapsedTime,
        Self::EnqueueWithoutLock,
        Self::NoLookBeforeTheAct,
        Self::ReleaseForgetsCancel,
        Self::NobodyWakesTheUnclaimed,
        Self::NobodyWakesTheHeldUp,
        Self::RefusedInTheMiddle,
    ];
}

/// The rules in force: all, or all but one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    flaw: Option<Flaw>,
}

impl Rules {
    /// The rules of the real system.
    pub const ALL: Self = Self { flaw: None };

    /// All rules but this one.
    #[must_use]
    pub const fn without(flaw: Flaw) -> Self {
        Self { flaw: Some(flaw) }
    }

    /// Whether this one is switched off.
    #[must_use]
    pub fn lack(self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }
}
