//! The software list and the requests that change it.
//!
//! Positions of `<release-type>` and `<sha256>` inside an entry are ours: public tools read both, nobody published
//! the raw XML.

use std::fmt::Write;

use super::reply::Reply;
use super::xml::{elements, enqueued, error, success};
use super::{Call, PeerCopy};
use crate::clock::Moment;
use crate::device::{DeleteRefusal, DownloadRefusal, Entry, InstallRefusal, Presence};
use crate::faults::FaultKind;
use crate::images::RELICS;
use crate::journal::{Begun, FileBefore};
use crate::scenario::UncheckedList;
use crate::version::Version;

/// When a device last asked its update server that has not done so since the simulator started.
const LONG_AGO: &str = "2025/05/31 11:47:34";

/// `check` and `info`, which print the same.
pub fn list(call: &Call<'_>) -> Reply {
    let quirks = call.quirks();
    let mut entries: Vec<String> =
        call.device.software().into_iter().map(|entry| print(call, entry)).collect();
    if entries.is_empty() {
        return success("<sw-updates last-updated-at=\"\"><msg /><versions></versions></sw-updates>");
    }
    if quirks.relics {
        let relics = RELICS.iter().map(|version| relic(version));
        let middle = entries.len() / 2;
        entries.splice(middle..middle, relics);
    }
    if quirks.duplicates {
        let again = entries[entries.len() / 3].clone();
        entries.push(again);
    }
    if quirks.unsorted {
        let seed = call.world.seed;
        entries.sort_by_cached_key(|entry| {
            seed.bytes(&["order", &call.firewall.serial, &entry[..40.min(entry.len())]])
        });
    }
    let calendar = call.device.calendar();
    let updated = match (call.device.checked(), quirks.unchecked_list) {
        (Some(at), _) => calendar.full(at),
        (None, UncheckedList::Fresh) => calendar.full(Moment::START),
        (None, UncheckedList::Stale | UncheckedList::Empty) => LONG_AGO.to_owned(),
    };
    success(&format!(
        "<sw-updates last-updated-at=\"{updated}\"><msg /><versions>{}</versions></sw-updates>",
        entries.concat()
    ))
}

fn print(call: &Call<'_>, entry: Entry<'_>) -> String {
    let quirks = call.quirks();
    let image = entry.image;
    let (filename, size, size_kb) = if entry.uploaded && quirks.null_imports {
        ("(null)".to_owned(), "(null)".to_owned(), "(null)".to_owned())
    } else {
        (image.filename.clone(), (image.size_kb / 1024).to_string(), image.size_kb.to_string())
    };
    let released_on = if quirks.two_blanks {
        image.released_on.replacen(' ', "  ", 1)
    } else {
        image.released_on.to_owned()
    };
    let mut text = String::from("<entry>");
    text += &elements(&[
        ("version", &image.version.to_string()),
        ("filename", &filename),
        ("size", &size),
        ("size-kb", &size_kb),
        ("released-on", &released_on),
    ]);
    text += "<release-notes><![CDATA[https://www.example.invalid/rn]]></release-notes>";
    text += &elements(&[
        ("downloaded", entry.presence.as_str()),
        ("current", yes_no(entry.current)),
        ("latest", yes_no(entry.latest)),
        ("uploaded", yes_no(entry.uploaded)),
    ]);
    if quirks.release_types {
        let _ = write!(text, "<release-type>{}</release-type>", image.release_type.as_str());
    }
    if let Some(sha256) = call.device.reported_sha256(image, call.now) {
        let (before, after) = if quirks.wrapped_sha256 { ("\n        ", "\n        ") } else { ("", "") };
        let _ = write!(text, "<sha256>{before}{sha256}{after}</sha256>");
    }
    text + "</entry>"
}

/// A build that a list shows and nobody downloads.
fn relic(version: &str) -> String {
    let fields = elements(&[
        ("version", version),
        ("filename", &format!("PanOS_relic-{version}")),
        ("size", "512"),
        ("size-kb", "524288"),
        ("released-on", "2023/01/01 00:00:00"),
        ("release-notes", ""),
        ("downloaded", Presence::No.as_str()),
        ("current", "no"),
        ("latest", "no"),
        ("uploaded", "no"),
    ]);
    format!("<entry>{fields}</entry>")
}

fn yes_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// The refusal of a version that is not in the list; its wording was never captured.
fn not_valid(version: &str) -> Reply {
    error(Some(17), &format!("{version} is not a valid version"))
}

/// `request system software download`; the copy for the other member of a pair comes beside the answer.
pub fn download(call: &mut Call<'_>, version: &str, sync_to_peer: bool) -> (Reply, Option<PeerCopy>) {
    let Ok(parsed) = version.parse::<Version>() else { return (not_valid(version), None) };
    let length = call.world.download_length(&call.firewall.serial, parsed);
    let is_loaded = call.device.is_loaded(parsed);
    match call.device.download(parsed, "admin", call.now, length) {
        Err(DownloadRefusal::Busy) => {
            let text = call.quirks().busy_text.as_deref();
            (error(None, text.unwrap_or("Server error : Another download is in progress")), None)
        }
        Err(DownloadRefusal::BusyCommit) => {
            (error(None, "You cannot commit while an install is in progress. Please try again later."), None)
        }
        // Nobody captured what a device says; this is one guess of two.
        Err(DownloadRefusal::Present) => (error(None, &format!("{version} is already downloaded")), None),
        Err(DownloadRefusal::Unknown) => (not_valid(version), None),
        Ok(id) => {
            let n_asked = crate::counters::lock(&call.firewall.counters).asked(parsed, call.now);
            let file = match (is_loaded, n_asked) {
                (true, _) => FileBefore::Present,
                (false, 1) => FileBefore::New,
                (false, _) => FileBefore::Lost,
            };
            let peer = call.device.spec.ha.as_ref().filter(|_| sync_to_peer);
            let copy =
                peer.map(|peer| PeerCopy { serial: peer.peer_serial.clone(), version: parsed, length });
            let nameless = call.device.faults.take(call.now, |kind| *kind == FaultKind::NoJobId);
            let reply = match nameless {
                Some(_) => success("<msg><line>Download job enqueued</line></msg>"),
                None => enqueued(&format!("Download job enqueued with jobid {id}"), id),
            };
            (Reply { begun: Some(Begun { job: id, file }), ..reply }, copy)
        }
    }
}

/// `request system software install`.
pub fn install(call: &mut Call<'_>, version: &str) -> Reply {
    let Ok(parsed) = version.parse::<Version>() else { return not_valid(version) };
    let length = call.world.download_length(&call.firewall.serial, parsed) * 2;
    match call.device.install(parsed, call.now, length) {
        Ok(id) => enqueued(
            &format!(
                "Software install job enqueued with jobid {id}. Run 'show jobs id {id}' to monitor its status. \
                 Please reboot the device after the installation is done."
            ),
            id,
        ),
        Err(InstallRefusal::NotDownloaded) => error(None, &format!("{version} has not been downloaded")),
        Err(InstallRefusal::Busy) => error(None, "install is in progress"),
    }
}

/// `delete software version`; the texts are ours.
pub fn delete(call: &mut Call<'_>, version: &str) -> Reply {
    let refused = match version.parse::<Version>().map(|parsed| call.device.delete(parsed)) {
        Ok(Ok(())) if call.quirks().delete_job => {
            return enqueued(&format!("Successfully deleted {version}"), 1);
        }
        Ok(Ok(())) => return success(&format!("Successfully deleted {version}")),
        Ok(Err(DeleteRefusal::Running)) => format!("Software version {version} is currently running"),
        Ok(Err(DeleteRefusal::NotDownloaded)) | Err(_) => {
            format!("Software version {version} not downloaded")
        }
    };
    error(None, &refused)
}
