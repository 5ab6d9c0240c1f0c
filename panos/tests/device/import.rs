//! A file on its way to a device: whole, with its size, and only after the key was found good.

use crate::server::{Answer, Call, Device, VERSION, api_key, keygen_reply, password};
use panos::{PanosError, Refusal};
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::TempDir;

const SAVED: &str = "<response status=\"success\"><result>PanOS_440-11.1.4-h7 saved</result></response>";
const IMPORT: &str = "POST /api/?type=import&category=software HTTP/1.1";

fn image(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
    path
}

fn imports(device: &Device) -> Vec<Call> {
    device.calls().into_iter().filter(|call| call.line == IMPORT).collect()
}

#[tokio::test]
async fn a_file_arrives_whole_under_its_name() {
    // Longer than several pieces, and full of what could be taken for the end of a part.
    let bytes: Vec<u8> = b"\r\n--panos-\x00\xff".iter().copied().cycle().take(1_500_001).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = image(&folder, "PanOS_440-11.1.4-h7", &bytes);
    let device = Device::start(|call| Answer::ok(if call.line == IMPORT { SAVED } else { VERSION })).await;
    device.client(api_key("KEY-0123456789")).import_software(&path).await.unwrap();

    let [call] = <[_; 1]>::try_from(imports(&device)).unwrap();
    assert_eq!(call.key(), Some("KEY-0123456789"));
    let kind = &call.headers["content-type"];
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    assert!(!call.headers.contains_key("transfer-encoding"), "the size is announced");
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"PanOS_440-11.1.4-h7\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    let body = call.body.strip_prefix(head.as_bytes()).expect("the head of the part");
    let body = body.strip_suffix(tail.as_bytes()).expect("the end of the part");
    assert!(body == bytes, "{} of {} bytes", body.len(), bytes.len());
}

#[tokio::test]
async fn a_key_that_has_run_out_is_replaced_before_the_file_is_sent() {
    let n_made = AtomicUsize::new(0);
    let device = Device::start(move |call| match (call.field("type"), call.line.as_str()) {
        ("keygen", _) => {
            let n = n_made.fetch_add(1, Ordering::SeqCst) + 1;
            Answer::ok(keygen_reply(&format!("MADE-KEY-NUMBER-{n}")))
        }
        (_, IMPORT) => Answer::ok(SAVED),
        _ if call.key() == Some("MADE-KEY-NUMBER-1") && n_made.load(Ordering::SeqCst) == 1 => Answer::ok(
            "<response status='error' code='22'><msg><line>Session timed out</line></msg></response>",
        ),
        _ => Answer::ok(VERSION),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let path = image(&folder, "PanOS_440-11.1.4-h7", b"image");
    let client = device.client(password("secret"));
    // The first key ends with its first use, as by another program's keygen.
    client.version().await.unwrap_err();
    client.import_software(&path).await.unwrap();
    let imports = imports(&device);
    assert_eq!((imports.len(), imports[0].key()), (1, Some("MADE-KEY-NUMBER-2")));
}

#[tokio::test]
async fn a_busy_device_is_told_from_one_that_refuses() {
    let busy =
        "<response status=\"error\"><msg><line>Resource temporarily unavailable</line></msg></response>";
    let device =
        Device::start(move |call| Answer::ok(if call.line == IMPORT { busy } else { VERSION })).await;
    let folder = tempfile::tempdir().unwrap();
    let path = image(&folder, "PanOS_440-11.1.4-h7", b"image");
    let error = device.client(api_key("KEY-0123456789")).import_software(&path).await.unwrap_err();
    assert_eq!(error.refusal(), Some(&Refusal::BusyImport), "{error}");
}

#[tokio::test]
async fn what_is_no_image_file_is_not_sent() {
    let device = Device::start(|_| Answer::ok(VERSION)).await;
    let client = device.client(api_key("KEY-0123456789"));
    let folder = tempfile::tempdir().unwrap();
    let paths = [
        folder.path().join("absent"),
        folder.path().to_owned(),
        image(&folder, "a \"name\"", b"x"),
        image(&folder, "b\r\nX-Evil: 1", b"x"),
    ];
    for path in paths {
        let error = client.import_software(&path).await.unwrap_err();
        assert!(matches!(error, PanosError::Setup { .. }), "{path:?}: {error:?}");
        assert!(!error.to_string().contains(char::is_control), "{error}");
    }
    assert!(device.calls().is_empty());
}
