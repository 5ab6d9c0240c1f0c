//! The outbox: what was written with a change and still has to be told.

use super::{JobNo, Ledger};
use crate::flaw::{Flaw, Rules};

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Message {
    /// Event of the job with this number.
    Event(u8),
    /// The job is due, said for the nth time.
    WakeUp(u8),
}

impl Message {
    /// Whether it is for whoever listens, and not for workers.
    #[must_use]
    pub fn is_event(self) -> bool {
        match self {
            Self::Event(_) => true,
            Self::WakeUp(_) => false,
        }
    }
}

/// One message that waits to be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Row {
    /// Whose.
    pub job: JobNo,
    /// What; names the row within its job.
    pub message: Message,
    /// The round of a relay that has it; 0 when none has.
    pub by: u8,
    /// Nobody may take it: a relay's hold on it has not run out, or it rests after a refusal.
    pub held: bool,
}

impl Row {
    /// A new one, free.
    #[must_use]
    pub fn new(job: JobNo, message: Message) -> Self {
        Self { job, message, by: 0, held: false }
    }

    /// Whether this is the row.
    #[must_use]
    pub fn is(&self, (job, message): (JobNo, Message)) -> bool {
        self.job == job && self.message == message
    }
}

/// What the broker said about taken rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Done with.
    pub confirmed: Vec<(JobNo, Message)>,
    /// They rest for a while.
    pub refused: Vec<(JobNo, Message)>,
    /// Free again at once.
    pub unknown: Vec<(JobNo, Message)>,
}

impl Ledger {
    /// Takes the oldest free rows for the round `by`. A row of a job of which an earlier row is held stays.
    pub fn take_outbox(&mut self, rules: Rules, by: u8, limit: usize) -> Vec<(JobNo, Message)> {
        let mut taken: Vec<usize> = Vec::new();
        for (place, row) in self.outbox.iter().enumerate() {
            let is_blocked =
                self.outbox[..place].iter().any(|earlier| earlier.job == row.job && earlier.held);
            if !row.held && !is_blocked && taken.len() < limit {
                taken.push(place);
            }
        }
        for &place in &taken {
            self.outbox[place].by = by;
            self.outbox[place].held = true;
        }
        let rows = taken.iter().map(|&place| (self.outbox[place].job, self.outbox[place].message)).collect();
        if rules.lack(Flaw::DeleteBeforeConfirm) {
            self.confirm(&rows);
        }
        rows
    }

    /// Writes down what the broker said. Confirmed rows are done with whoever holds them; the others change only
    /// where `by` still has them.
    pub fn settle_outbox(&mut self, rules: Rules, by: u8, settlement: &Settlement) {
        self.confirm(&settlement.confirmed);
        let anybody = rules.lack(Flaw::SettleWithoutToken);
        for row in self.outbox.iter_mut().filter(|row| row.by == by || anybody) {
            let named = |rows: &[(JobNo, Message)]| rows.contains(&(row.job, row.message));
            if named(&settlement.refused) {
                (row.held, row.by) = (true, 0);
            } else if named(&settlement.unknown) {
                (row.held, row.by) = (false, 0);
            }
        }
    }

    /// Deletes rows and marks their jobs as dispatched, where it was their last wake-up.
    fn confirm(&mut self, rows: &Vec<(JobNo, Message)>) {
        for &(no, message) in rows {
            let is_there = self.outbox.iter().any(|row| row.is((no, message)));
            let Some(job) = self.jobs.get_mut(usize::from(no)).filter(|_| is_there) else { continue };
            if job.state == super::JobState::Available && message == Message::WakeUp(job.dispatch_no) {
                job.dispatched = true;
            }
        }
        self.outbox.retain(|row| !rows.contains(&(row.job, row.message)));
    }

    /// The holds on the rows that a round took run out.
    pub fn holds_lapse(&mut self, by: u8) {
        self.outbox.iter_mut().filter(|row| row.by == by).for_each(|row| row.held = false);
    }

    /// Every hold runs out, and every rest ends.
    pub fn all_holds_lapse(&mut self) {
        self.outbox.iter_mut().for_each(|row| row.held = false);
    }
}
