use super::*;
use crate::testing::{missing, read_both};
use proptest::prelude::*;

const GIB: f64 = 1_073_741_824.0;

fn disk(answer: &str) -> DiskSpace {
    read_both(answer, read).unwrap()
}

/// Mount and free room for images, in GiB.
fn room(answer: &str) -> (String, f64) {
    let disk = disk(answer);
    let mount = disk.image_mount().expect("a mount for images");
    #[expect(clippy::cast_precision_loss, reason = "compared with one decimal")]
    let gib = mount.available_bytes as f64 / GIB;
    (mount.path.clone(), (gib * 10.0).round() / 10.0)
}

fn df(lines: &str) -> String {
    format!("<response status=\"success\"><result><![CDATA[{lines}]]></result></response>")
}

#[test]
fn images_are_measured_on_panrepo_in_every_layout() {
    let repo = |gib| ("/opt/panrepo".to_owned(), gib);
    assert_eq!(room(include_str!("../../../fixtures/disk_a_vm.xml")), repo(5.8));
    assert_eq!(room(include_str!("../../../fixtures/disk_b_chassis.xml")), repo(20.0));
    assert_eq!(room(include_str!("../../../fixtures/disk_c_small.xml")), repo(2.5));
    assert_eq!(room(include_str!("../../../fixtures/disk_d_branch.xml")), repo(5.4));
    assert_eq!(room(include_str!("../../../fixtures/disk_e_440.xml")), repo(2.8));
}

#[test]
fn all_lines_of_a_layout_are_read() {
    let vm = disk(include_str!("../../../fixtures/disk_a_vm.xml"));
    assert_eq!(vm.mounts.len(), 8);
    let cgroup = &vm.mounts[5];
    assert_eq!((cgroup.device.as_str(), cgroup.used_bytes), ("cgroup_root", 0));

    let chassis = disk(include_str!("../../../fixtures/disk_b_chassis.xml"));
    let last = chassis.mounts.last().unwrap();
    assert_eq!(last.available_bytes, 1_020 << 10);
    assert_eq!(last.path, "/opt/pancfg/mgmt/lcaas/ssl/private");
    let raid = chassis.mounts.iter().find(|mount| mount.path == "/opt/panraid/ld1").unwrap();
    assert_eq!(raid.size_bytes, 18 * (1 << 40) / 10);
}

#[test]
fn without_panrepo_the_longest_mounted_prefix_counts() {
    let only_root = df(
        "Filesystem Size Used Avail Use% Mounted on\n/dev/root 6.9G 5.0G 1.6G 77% /\n/dev/x 5G 1G 4G 20% /opt/pancfg\n",
    );
    assert_eq!(room(&only_root), ("/".to_owned(), 1.6));
    let opt = df(
        "/dev/root 6.9G 5.0G 1.6G 77% /\n/dev/y 9G 1G 8G 12% /opt\n/dev/z 9G 1G 7G 12% /opt/panrepository\n/dev/w 9G 1G 6G 12% /opt/pan\n",
    );
    assert_eq!(room(&opt), ("/opt".to_owned(), 8.0));
    let none = df("/dev/y 9G 1G 8G 12% /var\n");
    assert_eq!(disk(&none).image_mount(), None);
}

#[test]
fn a_wrapped_device_name_belongs_to_the_next_line() {
    let wrapped = df("Filesystem            Size  Used Avail Use% Mounted on\n\
                      /dev/mapper/a-very-long-volume-name\n                       18G   14G  2.8G  84% /opt/panrepo\n\
                      /dev/root        12G  4.6G  6.7G  41% /");
    let disk = disk(&wrapped);
    assert_eq!(disk.mounts[0].device, "/dev/mapper/a-very-long-volume-name");
    assert_eq!(disk.image_mount().unwrap().path, "/opt/panrepo");
    assert_eq!(disk.mounts.len(), 2, "the last line needs no line break");
}

#[test]
fn a_mount_that_cannot_be_read_spoils_the_answer_rather_than_the_measure() {
    let broken = df("/dev/root 6.9G 5.0G 1.6G 77% /\n/dev/sda6 7.9G 1.7G lots 23% /opt/panrepo\n");
    assert!(missing(&broken, read).contains("/dev/sda6 7.9G 1.7G lots 23% /opt/panrepo"));
    assert!(missing(&df("Filesystem Size Used Avail Use% Mounted on\n"), read).contains("`df`"));
    assert!(missing("<response status='success'></response>", read).contains("result"));
}

#[test]
fn sizes_are_powers_of_1024() {
    let cases = [
        ("0", Some(0)),
        ("512", Some(512)),
        ("1020K", Some(1_044_480)),
        ("111M", Some(111 << 20)),
        ("5.4G", Some(5_798_205_849)),
        ("1.8T", Some(1_979_120_929_996)),
        ("", None),
        ("G", None),
        (".5G", None),
        ("5.4.1G", None),
        ("5X", None),
        ("-1G", None),
        ("99999999999999999999T", None),
        ("18446744073709551615P", None),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_size(text), expected, "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "(?s).{0,400}") {
        let _read_or_refused = parse_df(&text);
    }

    #[test]
    fn any_columns_are_read_or_refused_without_a_panic(text in "([0-9./%GMKTP a-z\n]{0,12}){0,40}") {
        let _read_or_refused = parse_df(&text);
    }
}
