//! What a firewall says and nobody knew before: an operator teaches it in the configuration, without a release.

use common::domain::failure::FailureKind;
use common::domain::job::JobState;
use serde_json::json;

use e2e::checker::Allowed;
use e2e::world::{Setup, Way, World};

/// One device whose download fails with a text that stands in no table.
const FLEET: &str = r#"
[[device]]
serial = "007900000000001"
model = "PA-VM"
version = "10.2.9-h1"
quirks = { disk-full-text = "Volume 7 has gone on holiday" }
[[device]]
serial = "007900000000002"
model = "PA-VM"
version = "10.2.9-h1"
"#;

const ODD: &str = "007900000000001";

#[tokio::test]
async fn a_text_that_an_operator_taught_fails_with_its_kind_and_remedy() {
    let setup = Setup::described(FLEET).set("worker.max_attempts", 1);
    let taught = setup.clone().set("firewall.messages.\"gone on holiday\"", "disk_full");
    for (setup, is_taught) in [(setup, false), (taught, true)] {
        let world = World::queued(Way::Embedded, setup).await;
        world.simulator.inject(ODD, &json!({"kind": "no_room"})).await;
        world.work().await;
        let job = world.job_of(ODD).await;
        assert_eq!(job.state, JobState::Failed, "{job:?}");
        assert_eq!(job.failure_kind == Some(FailureKind::DiskFull), is_taught, "{job:?}");
        let shown = world.cli(&["job", "show", &job.id.to_string()]).await.ok();
        assert!(shown.stdout.contains("gone on holiday"), "the device's own words are kept: {shown:?}");
        world.invariants(&Allowed::nothing()).await;
    }
}

#[tokio::test]
async fn a_kind_that_does_not_exist_is_refused_with_those_that_do() {
    let setup = Setup::described(FLEET).set("firewall.messages.\"gone on holiday\"", "holiday");
    let world = World::new(Way::Embedded, setup).await;
    for command in [&["config", "check"][..], &["work", "--until-idle"]] {
        let said = world.cli(command).await;
        assert_ne!(said.code, 0, "{said:?}");
        assert!(said.text().contains("holiday") && said.text().contains("disk_full"), "{said:?}");
    }
}
