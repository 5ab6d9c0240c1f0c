//! A real ledger for tests of this crate's parts, with one job for one device.

use std::path::Path;

use common::config;
use common::domain::device::{Device, Ha, Source};
use common::domain::job::{BatchId, JobSpec, JobType, PairMode, Requester};
use common::domain::path::Goal;
use common::engine::Engine;
use common::ledger::{Batch, Completeness, EnqueueAnswer};

/// The device.
pub(crate) const SERIAL: &str = "007900000100103";

/// A ledger in `directory` with one job for one device.
pub(crate) async fn with_a_job(directory: &Path) -> Engine {
    let file = directory.join("config.toml");
    let url = directory.join("ledger.sqlite");
    std::fs::write(&file, format!("[ledger]\nurl = \"sqlite:{}\"\n", url.display())).unwrap();
    let engine = Engine::open(&config::load(Some(&file), []).unwrap()).await.unwrap();
    let by = Requester { operator: "test".into(), host: "localhost".into(), reason: None };
    let device = Device {
        serial: SERIAL.parse().unwrap(),
        hostname: "fw".into(),
        address: None,
        model: String::new(),
        sw_version: "11.1.2".into(),
        ha: Ha::Standalone,
        multi_vsys: false,
        connected: true,
        source: Source::Csv,
    };
    let devices = std::slice::from_ref(&device);
    engine.ledger.record_devices(devices, Source::Csv, Completeness::Partial, &by).await.unwrap();
    let wish = JobSpec {
        serial: device.serial,
        job_type: JobType::DownloadOnly,
        goal: Goal::Target("11.1.4".parse().unwrap()),
        max_attempts: 1,
        pair: PairMode::InTurn,
        retry_of: None,
    };
    let answers = engine.ledger.enqueue(&Batch { id: BatchId::new(), by, jobs: vec![wish] }).await.unwrap();
    assert!(matches!(answers[0].1, EnqueueAnswer::Created { .. }), "{answers:?}");
    engine
}
