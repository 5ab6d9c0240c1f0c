//! The outbox and the dead letters of a schedule.

use common::broker::{WAKE_UP_SCHEMA, WakeUp};
use common::events::Envelope;
use common::ledger::{DeadEnd, NewDeadLetter, OutboxKind, OutboxRow, Settlement};
use jiff::Timestamp;
use model::ledger::{self as pure, JobNo, Message};
use proptest::test_runner::TestCaseError;

use super::{HOLD, Replay, operator, same};
use crate::told;

impl Replay<'_> {
    pub(super) async fn take(&mut self, limit: u8, step: &str) -> Result<(), TestCaseError> {
        let taken = self.bench.ledger.take_outbox(u32::from(limit), HOLD).await.unwrap();
        let by = u8::try_from(self.rounds.len() + 1).unwrap();
        let wanted = self.pure.take_outbox(self.rules, by, usize::from(limit));
        let said: Vec<String> = taken.rows.iter().map(row).collect();
        let of = |(no, message): &(JobNo, Message)| told::message(self.ids[usize::from(*no)].0, *message);
        same(step, "the rows", &said, &wanted.iter().map(of).collect())?;
        let rows = taken.rows.iter().zip(wanted).map(|(row, (no, message))| (row.id, no, message)).collect();
        self.rounds.push((taken.by, rows));
        Ok(())
    }

    /// Of any round there ever was, also twice, also when another has its rows by now.
    pub(super) async fn settle(&mut self, round: u8, words: u16) -> Result<(), TestCaseError> {
        let Some(at) = usize::from(round).checked_rem(self.rounds.len()) else { return Ok(()) };
        let (by, rows) = self.rounds[at].clone();
        let (mut said, mut pure) = (Settlement::default(), pure::Settlement::default());
        for (place, (id, no, message)) in rows.into_iter().enumerate() {
            match (words >> (2 * (place % 8))) & 3 {
                0 => {
                    said.refused.push((id, "no queue".to_owned()));
                    pure.refused.push((no, message));
                }
                1 => {
                    said.unknown.push(id);
                    pure.unknown.push((no, message));
                }
                _ => {
                    said.confirmed.push(id);
                    pure.confirmed.push((no, message));
                }
            }
        }
        self.bench.ledger.settle_outbox(by, &said).await.unwrap();
        self.pure.settle_outbox(self.rules, u8::try_from(at + 1).unwrap(), &pure);
        Ok(())
    }

    pub(super) async fn bury(&mut self, job: u8, step: &str) -> Result<(), TestCaseError> {
        let Some(no) = self.one_of_the_jobs(job) else { return Ok(()) };
        let row = &self.pure.jobs[usize::from(no)];
        let body = WakeUp {
            v: WAKE_UP_SCHEMA,
            job_id: self.ids[usize::from(no)],
            job_type: told::job_type(row.kind),
            serial: self.serial(row.device),
            attempt: 1,
        }
        .to_json()
        .into_bytes();
        self.n_buried += 1;
        let letter = NewDeadLetter {
            message_id: format!("{}-{}", self.schedule, self.n_buried),
            routing_key: WakeUp::routing_key(told::job_type(row.kind)),
            size_bytes: body.len() as u64,
            body,
            reason: "delivered 20 times and never settled".to_owned(),
            died_at: Timestamp::from_second(1_763_000_000).unwrap(),
        };
        let collected = self.bench.ledger.keep_dead(std::slice::from_ref(&letter)).await.unwrap();
        let woken = if self.pure.bury(no) { vec![self.ids[usize::from(no)]] } else { Vec::new() };
        same(step, "who was woken", &(collected.kept, collected.woken), &(1, woken))?;
        let again = self.bench.ledger.keep_dead(&[letter]).await.unwrap();
        same(step, "the same letter again", &(again.kept, again.woken), &(0, Vec::new()))?;
        self.n_dead += 1;
        same(step, "letters", &self.bench.ledger.n_dead().await.unwrap(), &self.n_dead)
    }

    pub(super) async fn end_dead(&mut self, step: &str) -> Result<(), TestCaseError> {
        let letters = self.bench.ledger.dead_letters(None, 1).await.unwrap();
        let Some(letter) = letters.first() else {
            return same(step, "letters", &0, &self.n_dead);
        };
        let job = letter.job.unwrap();
        let no = self.ids.iter().position(|id| *id == job).unwrap();
        self.bench.ledger.end_dead(letter.id, DeadEnd::Dropped, &operator()).await.unwrap();
        self.pure.forgive(JobNo::try_from(no).unwrap());
        self.n_dead -= 1;
        same(step, "letters", &self.bench.ledger.n_dead().await.unwrap(), &self.n_dead)
    }
}

/// A message as [`told::message`] has it.
fn row(row: &OutboxRow) -> String {
    match row.kind {
        OutboxKind::WakeUp => format!("wake_up {}", row.message_id),
        OutboxKind::Event => {
            let envelope: Envelope = serde_json::from_str(&row.body).unwrap();
            format!("event {}:{}", row.job, envelope.jobsequence)
        }
    }
}
