//! Problems that two members of a pair share.

use std::time::Duration;

use super::Setting;
use super::images::{ONE_MORE_KB, run_in_train_of};
use crate::device::spec::DeviceSpec;
use crate::expected::Expected;
use crate::faults::{Fault, FaultKind};
use crate::span::Span;

/// How long a copy that lags takes beyond the others, on a real pair.
const LAG: Duration = Duration::from_secs(60);

pub(super) fn asymmetric(first: &mut DeviceSpec, second: &mut DeviceSpec, setting: &Setting) {
    for member in [&mut *first, second] {
        run_in_train_of(member, setting.target);
        member.panrepo_kb += ONE_MORE_KB;
    }
    first.present.push(setting.target);
    first.expected = Expected::completed().asks(0);
}

pub(super) fn one_unreachable(first: &mut DeviceSpec, _: &mut DeviceSpec, _: &Setting) {
    first.faults.push(Fault::lasting(FaultKind::Refuse));
    first.expected = Expected::failed("unreachable").asks(0);
}

pub(super) fn one_reboots(first: &mut DeviceSpec, _: &mut DeviceSpec, _: &Setting) {
    first.faults.push(Fault::times(FaultKind::Reboot { at: None }, 1));
    first.expected = Expected::completed().asks(2);
}

pub(super) fn sync_fails(first: &mut DeviceSpec, second: &mut DeviceSpec, _: &Setting) {
    first.quirks.sync_fails = true;
    second.quirks.sync_fails = true;
}

pub(super) fn sync_lags(first: &mut DeviceSpec, second: &mut DeviceSpec, setting: &Setting) {
    let lag = Some(Span(setting.pace.scaled(LAG)));
    first.quirks.sync_lag = lag;
    second.quirks.sync_lag = lag;
}
