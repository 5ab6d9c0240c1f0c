//! Whole answers of the XML API, given to every reader there is.

use std::collections::HashSet;
use std::error::Error;
use std::fmt::Debug;

use fuzzkit::{assert_printable, text_of};
use panos::{AutoCommit, DeviceJobId, HaMember, HaState, PanosError, Recorded, limits};
use secrecy::SecretString;

/// Registered as a secret; part of some inputs.
pub const SECRET: &str = "CANARY-KEY-LUFRPT1RVhBTVBM";
/// An error names host, command, expected, found.
const LONGEST_ERROR: usize = 8_000;

/// Every reader gives a value within its limits or a typed error that can be printed and holds no secret; a list
/// of devices holds nothing from deeper down.
pub fn check(input: &[u8]) {
    let text = text_of(input);
    let secret = SecretString::from(SECRET);
    let answer = Recorded::of(text.as_ref()).hiding(&[&secret]);

    let id = outcome(answer.enqueued());
    let job = answer.job(id.unwrap_or(DeviceJobId(7)));
    if let Some(job) = outcome(job) {
        assert_eq!(job.id, Some(id.unwrap_or(DeviceJobId(7))), "another job than the one asked for");
        assert!(job.failure().is_none() || job.is_finished());
    }
    if let Some(jobs) = outcome(answer.jobs()) {
        let ids: Vec<_> = jobs.iter().filter_map(|job| job.id).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "a job is in the list twice");
        for job in &jobs {
            field(&job.kind);
            job.details.iter().chain(&job.warnings).for_each(|line| remark(line));
            assert!(
                job.details.len() <= limits::MAX_LINES && job.progress.is_none_or(|percent| percent <= 100)
            );
        }
        let _state = AutoCommit::of(&jobs);
    }
    if let Some(devices) = outcome(answer.devices()) {
        for device in &devices {
            assert!(!device.serial.is_empty());
            field(&device.serial);
            [&device.hostname, &device.ip_address, &device.model, &device.sw_version]
                .into_iter()
                .for_each(maybe);
        }
    }
    no_phantoms(&text);
    if let Some(list) = outcome(answer.software()) {
        for entry in &list.entries {
            field(&entry.version);
            let sha256 = entry.sha256.as_deref().unwrap_or_default();
            assert!(
                sha256.is_empty() || (sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_hexdigit()))
            );
            assert!(list.entry(&entry.version).is_some());
        }
    }
    if let Some(info) = outcome(answer.system_info()) {
        [&info.hostname, &info.model, &info.sw_version, &info.device_time]
            .map(String::as_str)
            .into_iter()
            .for_each(field);
    }
    if let Some(HaState::Enabled(pair)) = outcome(answer.ha_state()) {
        let member = |member: &HaMember| [&member.mgmt_ip, &member.sw_version].into_iter().for_each(maybe);
        member(&pair.local);
        pair.peer.iter().for_each(member);
    }
    outcome(answer.version());
    outcome(answer.disk_space());
    outcome(answer.support());
    outcome(answer.licenses());
    outcome(answer.panorama_images());
    outcome(answer.chassis_ready());

    let reason = text.lines().next();
    for status in [400, 403, 404, 503] {
        let refused = Recorded::of(text.as_ref()).hiding(&[&secret]).with_status(status, reason).version();
        assert!(refused.is_err(), "HTTP {status} is no success");
        outcome(refused);
    }
}

/// Whatever stands deeper than the list itself is no device.
fn no_phantoms(inner: &str) {
    if inner.contains("</plugin_versions") {
        return;
    }
    let list = format!(
        "<response status='success'><result><devices><entry><serial>1</serial><plugin_versions>{inner}</plugin_versions>\
         </entry>Total Connected Devices: 0</devices></result></response>"
    );
    if let Ok(devices) = Recorded::of(list).devices() {
        assert_eq!(devices.len(), 1, "a phantom device");
    }
}

fn outcome<T: Debug>(outcome: Result<T, PanosError>) -> Option<T> {
    let error = match outcome {
        Ok(value) => return Some(value),
        Err(error) => error,
    };
    let said = error.to_string();
    assert_printable(&said, LONGEST_ERROR);
    let mut causes = format!("{said} {error:?}");
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push_str(&cause.to_string());
        next = cause.source();
    }
    assert!(!causes.contains(SECRET), "a secret in {causes}");
    let _advice = error.refusal().map(|refusal| (refusal.advice(), refusal.remedy(), error.may_be_boot()));
    None
}

fn field(text: &str) {
    assert!(text.chars().count() <= limits::MAX_FIELD_CHARS);
    assert_printable(text, 4 * limits::MAX_FIELD_CHARS);
}

fn maybe(text: &Option<String>) {
    field(text.as_deref().unwrap_or_default());
}

fn remark(text: &str) {
    assert!(text.chars().count() <= limits::MAX_LINE_CHARS);
    assert_printable(text, 4 * limits::MAX_LINE_CHARS);
}
