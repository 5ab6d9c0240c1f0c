use super::*;
use crate::testing::{missing, read_both};

fn list(answer: &str) -> SoftwareList {
    read_both(answer, read).unwrap()
}

fn of_entries(entries: &str) -> String {
    format!(
        "<response status=\"success\"><result><sw-updates last-updated-at=\"never\"><msg/><versions>{entries}</versions></sw-updates></result></response>"
    )
}

#[test]
fn a_classic_list_is_read() {
    let list = list(include_str!("../../../fixtures/software_classic_11.0.xml"));
    assert_eq!(list.last_updated_at.as_deref(), Some("2026/05/31 11:47:34"));
    assert_eq!(list.message, None);
    assert_eq!(
        list.entry("11.0.1"),
        Some(&SoftwareEntry {
            version: "11.0.1".into(),
            file_name: Some("PanOS_vm-11.0.1".into()),
            size_bytes: Some(504_796 << 10),
            released_on: Some("2023/03/29 15:05:25".into()),
            downloaded: Downloaded::No,
            uploaded: false,
            current: false,
            latest: true,
            release_type: None,
            sha256: None,
            sha256_unreadable: None,
        })
    );
    let base = list.entry("11.0.0").unwrap();
    assert!(base.current && base.is_present());
    assert_eq!(
        base.released_on.as_deref(),
        Some("2022/11/17  08:45:28"),
        "two blanks, as the device writes it"
    );
    assert_eq!(list.entry("11.0.2"), None);
}

#[test]
fn release_types_hashes_and_running_downloads_are_read() {
    let list = list(include_str!("../../../fixtures/software_odd.xml"));
    assert_eq!(list.message.as_deref(), Some("The list may be incomplete"));
    assert_eq!(list.entry("12.1.2").unwrap().release_type.as_deref(), Some("Base"));
    let running = list.entry("11.1.4-h7").unwrap();
    assert_eq!(running.downloaded, Downloaded::Downloading);
    assert!(!running.is_present());
    assert_eq!(
        running.sha256.as_deref(),
        Some("4bd7f67bd005540b165322b7122427cd2938d742ed074d024cdd2eff328a798d")
    );
}

#[test]
fn an_imported_image_is_present_and_has_no_name_and_no_size() {
    let list = list(include_str!("../../../fixtures/software_odd.xml"));
    let imported = list.entry("10.2.9-h1").unwrap();
    assert!(imported.is_present() && imported.uploaded);
    assert_eq!((&imported.file_name, imported.size_bytes, &imported.released_on), (&None, None, &None));
    assert_eq!(imported.release_type, None);
}

#[test]
fn uploaded_alone_counts_as_present_and_its_absence_as_no() {
    let list = list(&of_entries(
        "<entry><version>1.0.0</version><downloaded>no</downloaded><uploaded>yes</uploaded></entry>\
         <entry><version>1.0.1</version><downloaded>no</downloaded></entry>\
         <entry><version>1.0.2</version></entry>",
    ));
    assert!(list.entry("1.0.0").unwrap().is_present());
    assert!(!list.entry("1.0.1").unwrap().is_present());
    assert_eq!(list.entry("1.0.2").unwrap().downloaded, Downloaded::Other(String::new()));
}

#[test]
fn a_hash_between_line_breaks_is_trimmed_and_lower_case() {
    let digits = "B5D57F8338A4BF77FF39CD4AD660F74D5606740F3E949AE3B58C38D52AAE7F7F";
    let list = list(&of_entries(&format!(
        "<entry><version>1</version><sha256>\n        {digits}\n        </sha256></entry>"
    )));
    assert_eq!(list.entries[0].sha256.as_deref(), Some(digits.to_lowercase().as_str()));
}

#[test]
fn a_hash_that_is_none_is_kept_apart() {
    for text in ["d41d8cd98f00b204e9800998ecf8427e", "pending", &"z".repeat(64)] {
        let list = list(&of_entries(&format!("<entry><version>1</version><sha256>{text}</sha256></entry>")));
        assert_eq!(list.entries[0].sha256, None);
        assert_eq!(list.entries[0].sha256_unreadable.as_deref(), Some(text));
    }
    let null = list(&of_entries("<entry><version>1</version><sha256>(null)</sha256></entry>"));
    assert_eq!((&null.entries[0].sha256, &null.entries[0].sha256_unreadable), (&None, &None));
}

#[test]
fn sizes_come_from_kilobytes_else_from_megabytes() {
    let size = |fields: &str| {
        list(&of_entries(&format!("<entry><version>1</version>{fields}</entry>"))).entries[0].size_bytes
    };
    assert_eq!(size("<size>1</size><size-kb>1500</size-kb>"), Some(1_536_000));
    assert_eq!(size("<size>2</size><size-kb>(null)</size-kb>"), Some(2 << 20));
    assert_eq!(size("<size></size>"), None);
    assert_eq!(size("<size>18446744073709551615</size>"), None);
}

#[test]
fn odd_versions_unsorted_doubles_and_a_single_entry_are_kept_as_they_are() {
    let list = list(&of_entries(
        "<entry><version>9.1.13</version><downloaded>no</downloaded></entry>\
         <entry><version>9.1.13-h10.xfr</version><downloaded>no</downloaded></entry>\
         <entry><version>9.1.13</version><downloaded>no</downloaded></entry>\
         <entry><version>9.1.13</version><downloaded>yes</downloaded></entry>\
         <entry><version>9.0.0-b36</version><downloaded>no</downloaded></entry>",
    ));
    let versions: Vec<_> = list.entries.iter().map(|entry| entry.version.as_str()).collect();
    assert_eq!(versions, ["9.1.13", "9.1.13-h10.xfr", "9.1.13", "9.0.0-b36"]);
    assert!(list.entry("9.1.13").unwrap().is_present(), "one that is present counts");
    assert_eq!(super::tests::list(&of_entries("<entry><version>1</version></entry>")).entries.len(), 1);
    assert_eq!(super::tests::list(&of_entries("")).last_updated_at.as_deref(), Some("never"));
}

#[test]
fn a_success_without_a_list_or_a_version_is_unexpected() {
    assert!(missing("<response status='success'><result/></response>", read).contains("sw-updates"));
    let listless =
        "<response status='success'><result><sw-updates last-updated-at='never'/></result></response>";
    assert!(missing(listless, read).contains("versions"));
    assert!(missing(&of_entries("<entry><filename>x</filename></entry>"), read).contains("entry/version"));
}

#[test]
fn an_enqueued_job_is_found_in_its_element_or_in_the_message() {
    let replies = [
        "<response status=\"success\" code=\"19\"><result><msg><line>Download job enqueued with jobid 3448</line></msg><job>3448</job></result></response>",
        "<response status=\"success\" code=\"19\"><result><msg><line>Download job enqueued with jobid 3448</line></msg></result></response>",
        "<response status=\"success\"><result><job> 3448\n</job></result></response>",
    ];
    for reply in replies {
        assert_eq!(read_both(reply, read_enqueued), Ok(DeviceJobId(3448)), "{reply}");
    }
    let silent = "<response status='success'><result><msg><line>Accepted, jobid unknown</line></msg></result></response>";
    assert!(missing(silent, read_enqueued).contains("result/job"));
}

#[test]
fn a_version_cannot_break_out_of_its_element() {
    assert_eq!(
        download_xml("11.1.4-h7", SyncToPeer::No),
        "<request><system><software><download><version>11.1.4-h7</version></download></software></system></request>"
    );
    let hostile = download_xml("1</version><x/>&", SyncToPeer::Yes);
    assert!(hostile.contains("<download><sync-to-peer>yes</sync-to-peer><version>1&lt;/version&gt;&lt;x/&gt;&amp;</version></download>"));
}
