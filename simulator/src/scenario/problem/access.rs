//! Problems on the way to a device: address, TLS, log-in, the answers as such.

use std::time::Duration;

use super::Setting;
use crate::device::spec::DeviceSpec;
use crate::faults::{Fault, FaultKind};
use crate::word::Word;

/// Delay of each answer of a slow device; beyond what feels alive, within any sensible timeout.
const SLOW: Duration = Duration::from_millis(1_500);

pub(super) fn unreachable(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::lasting(FaultKind::Refuse));
}

pub(super) fn silent(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::lasting(FaultKind::Hang));
}

pub(super) fn unreachable_at_first(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::times(FaultKind::Refuse, 1));
}

pub(super) fn wrong_serial(spec: &mut DeviceSpec, setting: &Setting) {
    let serial = spec.model.serial(9_000_000 + setting.seed.below(&["wrong", &spec.serial], 900_000));
    spec.faults.push(Fault::lasting(FaultKind::WrongSerial { serial }));
}

pub(super) fn wrong_certificate(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::lasting(FaultKind::WrongCertificate));
}

/// With a text in the reason phrase on some devices, without any on others.
pub(super) fn bad_credentials(spec: &mut DeviceSpec, setting: &Setting) {
    let silent = setting.seed.chance(&["silent refusal", &spec.serial], 50);
    let kind = if silent { FaultKind::ForbiddenEmpty } else { FaultKind::CredentialsRefused };
    spec.faults.push(Fault::lasting(kind));
}

pub(super) fn read_only(spec: &mut DeviceSpec, _: &Setting) {
    let writes = [Word::Download, Word::Install, Word::Delete, Word::Restart, Word::Import];
    spec.faults.push(Fault::lasting(FaultKind::Unauthorized).on(&writes));
}

pub(super) fn key_expires(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::times(FaultKind::KeyExpired, 1).on(&[Word::Job]));
}

pub(super) fn key_taken(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::times(FaultKind::KeyTaken, 1));
}

pub(super) fn sessions_end(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::lasting(FaultKind::SessionTimedOut).every(9));
}

pub(super) fn slow_answers(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::lasting(FaultKind::Slow { delay_ms: SLOW }));
}

pub(super) fn html_answer(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::lasting(FaultKind::Html));
}

pub(super) fn connections_break(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::lasting(FaultKind::Reset).on(&[Word::Job]).every(4));
}

pub(super) fn overloaded(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::times(FaultKind::HttpError { status: 503 }, 3).on(&[Word::Job]));
}

pub(super) fn cut_answers(spec: &mut DeviceSpec, _: &Setting) {
    spec.faults.push(Fault::times(FaultKind::TruncatedXml, 3).on(&[Word::Job]).every(3));
}

pub(super) fn no_address(spec: &mut DeviceSpec, _: &Setting) {
    spec.quirks.ipv6_only = false;
    spec.quirks.unknown_address = true;
}

pub(super) fn disconnected(spec: &mut DeviceSpec, _: &Setting) {
    spec.quirks.disconnected = true;
}
