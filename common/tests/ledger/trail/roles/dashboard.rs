//! The dashboard's role: it queues, cancels and answers, and the database refuses it the rest.

use std::time::Duration;

use common::domain::job::BatchId;
use common::ledger::{NewRequest, RequestState};

use super::{Roles, letter};
use crate::fixtures::*;
use crate::trail::verification;

/// What a program with the dashboard's token could gain from, or the dashboard that somebody took over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dashboard_queues_and_cancels_and_the_rest_is_refused() {
    let roles = Roles::ready().await;
    let dashboard_s = &roles.ledger("panos_dashboard").await;
    register(&roles.ledger("panos_operator").await, 2).await;
    dashboard_s.check().await.unwrap();
    dashboard_s.fleet_picture().await.unwrap();
    let asked = NewRequest {
        key: "api:1".to_owned(),
        sha256: [1; 32],
        batch: BatchId::new(),
        hold: Duration::from_secs(30),
    };
    assert!(matches!(dashboard_s.begin_request(&asked).await.unwrap(), RequestState::Begun { .. }));
    let jobs = enqueue(dashboard_s, vec![wish(1), wish(2)]).await;
    dashboard_s.cancel(jobs[0], &operator()).await.unwrap();
    let worker_s = &roles.ledger("panos_worker").await;
    claim(worker_s, jobs[1], "ann").await;
    dashboard_s.cancel(jobs[1], &operator()).await.unwrap();
    dashboard_s.answer_request("api:1", 201, "{}").await.unwrap();
    assert!(!drain(dashboard_s).await.is_empty());
    dashboard_s.keep_dead(&[letter()]).await.unwrap();
    assert!(verification(&**dashboard_s).await.ok);

    for statement in [
        "DELETE FROM jobs",
        "INSERT INTO attempts DEFAULT VALUES",
        "UPDATE devices SET address = '192.0.2.66'",
        "INSERT INTO catalogue (version, sha256, source) VALUES ('11.1.4', repeat('a', 64), 'x')",
        "DELETE FROM catalogue",
        "UPDATE fleet SET hold_reason = 'x'",
        "INSERT INTO pauses DEFAULT VALUES",
        "DELETE FROM pauses",
        "UPDATE mismatches SET serial = serial",
        "DELETE FROM workers",
        "DELETE FROM dead_letters",
        "UPDATE audit SET seq = seq",
        "DELETE FROM audit",
        "DELETE FROM audit_heads",
        "DELETE FROM audit_anchors",
    ] {
        roles.refuses("panos_dashboard", statement).await;
    }
}
