//! Relays: take rows, publish them, settle what the broker said.

use super::world::World;
use crate::flaw::{Flaw, Rules};
use crate::ledger::{JobNo, Message, Settlement};

/// One relay, and its round.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Relay {
    /// Rows in its hand.
    pub rows: Vec<(JobNo, Message)>,
    /// They were published and nothing else is to be done but to say so.
    pub published: bool,
    /// Those of them that the broker refused.
    pub refused: Vec<(JobNo, Message)>,
    /// It does not know what became of them.
    pub confirms_lost: bool,
    /// By the ledger's clock its hold on them ran out.
    pub lapsed: bool,
}

/// The name of a relay's round. One for all its rounds will do here: it has one at a time, and settles what it took in that one.
#[must_use]
pub(crate) fn token(relay: u8) -> u8 {
    relay + 1
}

impl Relay {
    pub(super) fn swap_jobs(&mut self) {
        self.rows.iter_mut().for_each(|(job, _)| *job = 1 - *job);
        self.rows.sort_by_key(|(job, _)| *job);
        self.refused.iter_mut().for_each(|(job, _)| *job = 1 - *job);
        self.refused.sort_by_key(|(job, _)| *job);
    }
}

impl World {
    pub(super) fn take(&mut self, rules: Rules, relay: u8) -> bool {
        let at = usize::from(relay);
        if !self.relays[at].rows.is_empty() {
            return false;
        }
        let mut rows = self.ledger.take_outbox(rules, token(relay), usize::MAX);
        rows.sort_by_key(|(job, _)| *job);
        self.relays[at].rows = rows;
        !self.relays[at].rows.is_empty()
    }

    pub(super) fn publish(&mut self, relay: u8) -> bool {
        let round = &mut self.relays[usize::from(relay)];
        if round.rows.is_empty() || round.published {
            return false;
        }
        round.published = true;
        let rows = round.rows.clone();
        self.reach_the_broker(&rows);
        true
    }

    /// The broker refuses the window: no queue takes it, or it is too full. A window of which it refuses one row and
    /// takes the next is what a flaw is named after.
    pub(super) fn refuse(&mut self, rules: Rules, relay: u8) -> bool {
        let round = &mut self.relays[usize::from(relay)];
        if round.rows.is_empty() || round.published {
            return false;
        }
        round.published = true;
        round.refused = round.rows.clone();
        if rules.lack(Flaw::RefusedInTheMiddle) {
            let taken = round.refused.split_off(1);
            self.reach_the_broker(&taken);
        }
        true
    }

    fn reach_the_broker(&mut self, rows: &[(JobNo, Message)]) {
        for &(job, message) in rows {
            match message {
                Message::WakeUp(_) => self.put_in_queue(job),
                Message::Event(seq) => {
                    let told = &mut self.told[usize::from(job)];
                    let is_new = *told & (1 << seq) == 0;
                    let earlier = (1_u32 << seq) - 2; // bits 1 to seq - 1
                    self.told_out_of_order |= is_new && *told & earlier != earlier;
                    *told |= 1 << seq;
                }
            }
        }
    }

    pub(super) fn settle(&mut self, rules: Rules, relay: u8) -> bool {
        let round = &mut self.relays[usize::from(relay)];
        if !round.published && !round.confirms_lost {
            return false;
        }
        let Relay { rows, refused, confirms_lost, .. } = std::mem::take(round);
        let settlement = if confirms_lost {
            Settlement { unknown: rows, ..Settlement::default() }
        } else {
            let confirmed = rows.into_iter().filter(|row| !refused.contains(row)).collect();
            Settlement { confirmed, refused, ..Settlement::default() }
        };
        self.ledger.settle_outbox(rules, token(relay), &settlement);
        true
    }

    /// The connection breaks: whether the rows are at the broker is not known, before and after publishing.
    pub(super) fn lose_confirms(&mut self, relay: u8) -> bool {
        let relay = &mut self.relays[usize::from(relay)];
        !relay.rows.is_empty() && !std::mem::replace(&mut relay.confirms_lost, true)
    }

    pub(super) fn kill_relay(&mut self, relay: u8) -> bool {
        let relay = &mut self.relays[usize::from(relay)];
        let was_busy = !relay.rows.is_empty();
        *relay = Relay::default();
        was_busy
    }

    /// Holds of this relay run out: of a round that lasts too long, or of one that died.
    pub(super) fn hold_lapses(&mut self, relay: u8) -> bool {
        let token = token(relay);
        let has_held = self.ledger.outbox.iter().any(|row| row.by == token && row.held);
        self.ledger.holds_lapse(token);
        let round = &mut self.relays[usize::from(relay)];
        round.lapsed |= !round.rows.is_empty();
        has_held
    }

    /// Rows that rested after a refusal are free again.
    pub(super) fn rest_ends(&mut self) -> bool {
        let mut rested = false;
        for row in self.ledger.outbox.iter_mut().filter(|row| row.by == 0 && row.held) {
            row.held = false;
            rested = true;
        }
        rested
    }
}
