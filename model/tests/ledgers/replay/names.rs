//! The devices and workers of a schedule, and what a step leaves behind.

use common::domain::device::{Device, Ha, Serial, Source};
use common::domain::lease::WorkerId;
use common::domain::status::DeviceStatus;
use common::ledger::StepRecord;
use jiff::Timestamp;
use model::ledger::JobNo;

use super::Replay;
use crate::schedule::N_WORKERS;

impl Replay<'_> {
    pub(super) fn serial(&self, device: u8) -> Serial {
        format!("0079{:06}{device:02}", self.schedule).parse().unwrap()
    }

    pub(super) fn worker(&self, worker: u8) -> WorkerId {
        WorkerId(format!("pod-{}-{}", self.schedule, worker % N_WORKERS))
    }

    pub(super) fn device(&self, device: u8) -> Device {
        Device {
            serial: self.serial(device),
            hostname: format!("edge-{}-{device}", self.schedule),
            address: Some("192.0.2.7".to_owned()),
            model: "PA-440".to_owned(),
            sw_version: "10.2.9".to_owned(),
            ha: Ha::Standalone,
            multi_vsys: false,
            connected: true,
            source: Source::Panorama,
        }
    }

    pub(super) fn step(&self, no: JobNo) -> StepRecord {
        let serial = self.serial(self.pure.jobs[usize::from(no)].device);
        let now = Timestamp::from_second(1_763_000_000).unwrap();
        let mut status =
            DeviceStatus::untouched(serial.as_str(), "edge", Ha::Standalone.state(), "10.2.9", now);
        status.job_id = Some(self.ids[usize::from(no)]);
        StepRecord { status, images: Vec::new(), dropped: Vec::new(), audit: Vec::new(), events: Vec::new() }
    }
}
