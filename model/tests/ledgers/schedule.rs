//! What a schedule is made of.
//!
//! Numbers stand for "one of those there are" and are taken modulo their count, so that every part of a schedule stays
//! meaningful when another part is taken out of it.

use model::ledger::{Ending, Kind};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};

/// Devices of one schedule: few, so that wishes collide.
pub const N_DEVICES: u8 = 4;

/// Workers of one schedule.
pub const N_WORKERS: u8 = 3;

/// One thing that somebody asks of the ledger, or that its clock brings about.
#[derive(Debug, Clone, Copy)]
pub enum Operation {
    Enqueue {
        device: u8,
        kind: Kind,
    },
    Claim {
        job: u8,
        worker: u8,
    },
    /// All leases that a worker was ever given, or only its last.
    Beat {
        worker: u8,
        all: bool,
    },
    /// Under any lease that was ever given.
    Record {
        lease: u8,
        n_events: u8,
    },
    End {
        lease: u8,
        ending: Ending,
    },
    Cancel {
        job: u8,
    },
    Pause,
    Resume,
    PauseQueue {
        kind: Kind,
    },
    ResumeQueue {
        kind: Kind,
    },
    PauseWorker {
        worker: u8,
    },
    ResumeWorker {
        worker: u8,
    },
    ExpireLease {
        job: u8,
    },
    ComeDue {
        job: u8,
    },
    PromoteDue,
    /// Whether every dispatch is long ago.
    Rescue {
        long_ago: bool,
    },
    Take {
        limit: u8,
    },
    /// Two bits per row say what became of it.
    Settle {
        round: u8,
        words: u16,
    },
    HoldsLapse,
    /// A wake-up of the job died at the broker.
    Bury {
        job: u8,
    },
    /// A person drops the oldest dead letter.
    EndDead,
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![3 => Just(Kind::DownloadOnly), 1 => Just(Kind::Upgrade)]
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        2 => Just(Ending::Completed),
        1 => Just(Ending::Failed),
        1 => Just(Ending::Skipped),
        1 => Just(Ending::Cancelled),
        3 => Just(Ending::Retry),
        2 => Just(Ending::Snooze),
        3 => Just(Ending::Released),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let (n, worker) = (any::<u8>(), 0..N_WORKERS);
    let of_jobs = prop_oneof![
        3 => (0..N_DEVICES, kind()).prop_map(|(device, kind)| Operation::Enqueue { device, kind }),
        6 => (n, worker.clone()).prop_map(|(job, worker)| Operation::Claim { job, worker }),
        2 => (worker.clone(), any::<bool>()).prop_map(|(worker, all)| Operation::Beat { worker, all }),
        3 => (n, 0..3_u8).prop_map(|(lease, n_events)| Operation::Record { lease, n_events }),
        5 => (n, ending()).prop_map(|(lease, ending)| Operation::End { lease, ending }),
        1 => n.prop_map(|job| Operation::Cancel { job }),
        3 => n.prop_map(|job| Operation::ExpireLease { job }),
        2 => n.prop_map(|job| Operation::ComeDue { job }),
        2 => Just(Operation::PromoteDue),
        4 => any::<bool>().prop_map(|long_ago| Operation::Rescue { long_ago }),
    ];
    let of_parts = prop_oneof![
        2 => Just(Operation::Pause),
        4 => Just(Operation::Resume),
        1 => kind().prop_map(|kind| Operation::PauseQueue { kind }),
        2 => kind().prop_map(|kind| Operation::ResumeQueue { kind }),
        1 => worker.clone().prop_map(|worker| Operation::PauseWorker { worker }),
        2 => worker.prop_map(|worker| Operation::ResumeWorker { worker }),
    ];
    let of_messages = prop_oneof![
        4 => (1..12_u8).prop_map(|limit| Operation::Take { limit }),
        4 => (n, any::<u16>()).prop_map(|(round, words)| Operation::Settle { round, words }),
        2 => Just(Operation::HoldsLapse),
        2 => n.prop_map(|job| Operation::Bury { job }),
        1 => Just(Operation::EndDead),
    ];
    prop_oneof![7 => of_jobs, 2 => of_parts, 3 => of_messages]
}

/// A schedule of about forty operations that begins with something to do.
pub fn schedule() -> impl Strategy<Value = Vec<Operation>> {
    vec(operation(), 20..60).prop_map(|operations| {
        let wish = |device| Operation::Enqueue { device, kind: Kind::DownloadOnly };
        [wish(0), wish(1)].into_iter().chain(operations).collect()
    })
}
