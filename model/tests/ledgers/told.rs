//! What the pure ledger knows and answers, in the words of the real one.

use common::domain::hold::PauseScope;
use common::domain::job::JobType;
use common::ledger::{CancelAnswer, Claim, End};
use model::ledger as pure;
use model::ledger::{Ending, Job, Kind, Ledger, Message, Row};

use super::replay::RETRY_AFTER;

pub fn job_type(kind: Kind) -> JobType {
    match kind {
        Kind::DownloadOnly => JobType::DownloadOnly,
        Kind::Upgrade => JobType::Upgrade,
    }
}

/// The end that a worker writes.
pub fn end(ending: Ending) -> End {
    use common::domain::failure::FailureKind;
    let (kind, message) = (FailureKind::Unreachable, "no answer".to_owned());
    match ending {
        Ending::Completed => End::Completed,
        Ending::Failed => End::Failed { kind, message },
        Ending::Skipped => End::Skipped { kind: FailureKind::NoPath, message },
        Ending::Cancelled => End::Cancelled,
        Ending::Retry => End::Retry { kind, message, after: RETRY_AFTER },
        Ending::Snooze => End::Snooze { message, after: RETRY_AFTER },
        Ending::Released => End::Released,
    }
}

/// One line per job, as [`Bench::jobs`](super::bench::Bench::jobs) has them.
pub fn jobs(ledger: &Ledger, id: impl Fn(u8) -> i64, worker: impl Fn(u8) -> String) -> Vec<String> {
    let line = |(no, job): (u8, &Job)| {
        let mark = |is_set: bool, word: &str| if is_set { format!(" {word}") } else { String::new() };
        format!(
            "{} {} attempt {} token {} events {}{}{} wake-ups {}{} lost {} buried {}{}",
            id(no),
            job.state.as_str(),
            job.attempt,
            job.token,
            job.event_seq,
            mark(job.cancel, "cancel"),
            mark(job.held_up, "held_up"),
            job.dispatch_no,
            mark(job.dispatched, "dispatched"),
            job.n_lost,
            job.n_buried,
            job.lease.map_or_else(String::new, |lease| format!(" by {}", worker(lease.owner))),
        )
    };
    ledger.numbered().map(line).collect()
}

/// One line per message, as [`Bench::outbox`](super::bench::Bench::outbox) has them.
pub fn outbox(ledger: &Ledger, id: impl Fn(u8) -> i64) -> Vec<String> {
    let line = |row: &Row| message(id(row.job), row.message) + if row.held { " held" } else { "" };
    ledger.outbox.iter().map(line).collect()
}

pub fn message(job: i64, message: Message) -> String {
    match message {
        Message::Event(number) => format!("event {job}:{number}"),
        Message::WakeUp(number) => format!("wake_up {job}:{number}"),
    }
}

/// A real answer to a claim, as the pure ledger gives it. Ended jobs answer with the state's word.
pub fn claim(answer: &Claim) -> String {
    match answer {
        Claim::Claimed(job) => format!("claimed {} {}", job.lease.token.0, job.attempt),
        Claim::LeasedElsewhere => "leased".to_owned(),
        Claim::Ended(state) => format!("ended {state}"),
        Claim::NotDue => "not due".to_owned(),
        Claim::Held(_) => "held".to_owned(),
        Claim::Paused(pause) => match pause.scope {
            PauseScope::Queue(_) => "queue paused".to_owned(),
            PauseScope::Worker(_) => "worker paused".to_owned(),
        },
        Claim::PeerBusy { .. } => "peer busy".to_owned(),
        Claim::Unknown => "unknown".to_owned(),
    }
}

pub fn pure_claim(answer: pure::Claim) -> String {
    match answer {
        pure::Claim::Claimed { token, attempt } => format!("claimed {token} {attempt}"),
        pure::Claim::LeasedElsewhere => "leased".to_owned(),
        pure::Claim::Ended(state) => format!("ended {}", state.as_str()),
        pure::Claim::NotDue => "not due".to_owned(),
        pure::Claim::Held => "held".to_owned(),
        pure::Claim::QueuePaused => "queue paused".to_owned(),
        pure::Claim::WorkerPaused => "worker paused".to_owned(),
        pure::Claim::Unknown => "unknown".to_owned(),
    }
}

pub fn cancel(answer: CancelAnswer) -> String {
    match answer {
        CancelAnswer::Cancelled => "cancelled".to_owned(),
        CancelAnswer::Requested => "requested".to_owned(),
        CancelAnswer::AlreadyEnded { state } => format!("ended {state}"),
    }
}

pub fn pure_cancel(answer: pure::CancelAnswer) -> String {
    match answer {
        pure::CancelAnswer::Cancelled => "cancelled".to_owned(),
        pure::CancelAnswer::Requested => "requested".to_owned(),
        pure::CancelAnswer::AlreadyEnded(state) => format!("ended {}", state.as_str()),
        pure::CancelAnswer::Unknown => "unknown".to_owned(),
    }
}
