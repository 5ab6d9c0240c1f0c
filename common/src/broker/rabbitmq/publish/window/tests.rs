//! The verdict on a window, without a broker.

use super::*;
use crate::domain::job::{JobId, JobType};

fn rows(n_rows: i64) -> Vec<OutboxRow> {
    (1..=n_rows)
        .map(|id| OutboxRow {
            id,
            kind: OutboxKind::WakeUp,
            job: JobId(id),
            job_type: JobType::Upgrade,
            message_id: format!("{id}:1"),
            routing_key: "job.upgrade.any.default".into(),
            body: "{}".into(),
            traceparent: None,
        })
        .collect()
}

/// A window in which `words` were heard and the messages `unroutable` came back.
fn verdict(words: &[Word], unroutable: &[&str]) -> Settlement {
    let rows = rows(i64::try_from(words.len()).unwrap());
    let messages: Vec<_> = rows.iter().map(Message::from).collect();
    let mut window = Window::new(&messages);
    window.words = words.to_vec();
    window.returned = unroutable.iter().map(|id| ((*id).to_owned(), format!("{id} came back"))).collect();
    window.settlement()
}

#[test]
fn an_ack_does_not_say_routed() {
    let settlement = verdict(&[Word::Acked, Word::Acked, Word::Acked], &["2:1"]);
    assert_eq!(settlement.confirmed, [1, 3]);
    assert_eq!(settlement.refused, [(2, "2:1 came back".to_owned())]);
    assert!(settlement.unknown.is_empty());
}

#[test]
fn a_row_without_answer_leaves_confirmed_rows_confirmed() {
    let settlement = verdict(&[Word::Acked, Word::Unknown, Word::Refused("full".into())], &[]);
    assert_eq!(settlement.confirmed, [1]);
    assert_eq!(settlement.unknown, [2]);
    assert_eq!(settlement.refused, [(3, "full".to_owned())]);
}

#[test]
fn a_gap_beside_a_returned_message_proves_no_ack() {
    let settlement = verdict(&[Word::Acked, Word::Acked, Word::Unknown], &["1:1"]);
    assert!(settlement.confirmed.is_empty());
    assert_eq!(settlement.refused, [(1, "1:1 came back".to_owned())]);
    assert_eq!(settlement.unknown, [2, 3]);
}

#[test]
fn every_row_is_in_exactly_one_list() {
    let words = [Word::Acked, Word::Unknown, Word::Refused("no".into()), Word::Acked];
    for unroutable in [&[][..], &["1:1"], &["2:1", "3:1"]] {
        let settlement = verdict(&words, unroutable);
        let refused = settlement.refused.iter().map(|(id, _)| *id);
        let mut ids: Vec<_> = settlement
            .confirmed
            .iter()
            .copied()
            .chain(refused)
            .chain(settlement.unknown.iter().copied())
            .collect();
        ids.sort_unstable();
        assert_eq!(ids, [1, 2, 3, 4]);
    }
}

#[test]
fn what_amqp_has_no_room_for_is_unfit() {
    assert!(short("message id", &"x".repeat(255)).is_ok());
    assert!(
        matches!(short("message id", &"x".repeat(256)), Err(NotWritten::Unfit(reason)) if reason.contains("255"))
    );
}
