//! The text of `df -h`, as it stands in an answer.

use fuzzkit::{assert_printable, text_of};
use panos::{DiskSpace, IMAGE_DIRECTORY, Recorded, limits};

/// What is read is printable, within the limits, and reads back the same from exact numbers; images are measured
/// on a mount that holds their directory.
pub fn check(input: &[u8]) {
    let text = text_of(input).replace("]]>", "]] >");
    match measured(&text) {
        Ok(disk) => {
            assert!(!disk.mounts.is_empty() && disk.mounts.len() <= limits::MAX_MOUNTS);
            for mount in &disk.mounts {
                assert!(mount.path.starts_with('/'), "{mount:?}");
                assert_printable(&mount.path, 4 * limits::MAX_FIELD_CHARS);
                assert_printable(&mount.device, 4 * limits::MAX_FIELD_CHARS);
            }
            if let Some(mount) = disk.image_mount() {
                assert!(IMAGE_DIRECTORY.starts_with(mount.path.trim_end_matches('/')), "{mount:?}");
            }
            reads_back(&disk);
        }
        Err(error) => assert_printable(&error, 4_000),
    }
}

fn measured(text: &str) -> Result<DiskSpace, String> {
    let answer = format!("<response status=\"success\"><result><![CDATA[{text}]]></result></response>");
    Recorded::of(answer).disk_space().map_err(|error| error.to_string())
}

/// A name that was cut, or that holds what separates columns, does not read back.
fn reads_back(disk: &DiskSpace) {
    let mut text = String::new();
    for mount in &disk.mounts {
        let (device, path) = (&mount.device, &mount.path);
        let whole = |name: &str| name.chars().count() < limits::MAX_FIELD_CHARS;
        if !whole(device) || !whole(path) || device.starts_with("Filesystem") {
            return;
        }
        let (size, used, available) = (mount.size_bytes, mount.used_bytes, mount.available_bytes);
        text.push_str(&format!("{device} {size} {used} {available} 1% {path}\n"));
    }
    assert_eq!(measured(&text).as_ref(), Ok(disk), "not what was written: {text}");
}
