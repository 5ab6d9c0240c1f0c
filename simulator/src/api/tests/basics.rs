//! What every device answers.

use super::*;

#[tokio::test]
async fn a_second_keygen_ends_the_first_key_and_the_fixed_key_goes_on() {
    let world = plain(3);
    let keygen = format!("type=keygen&user={USERNAME}&password={}", world.password);
    let mut keys = Vec::new();
    for _ in 0..2 {
        let reply = answer(&world, world.host(FIRST).unwrap(), &Request::new(&keygen, b"", None, None)).await;
        keys.push(parse(&reply).at("result/key").to_owned());
    }
    let probe = |key: String| {
        let world = &world;
        async move {
            let request = Request::new("type=version", b"", Some(&key), None);
            answer(world, world.host(FIRST).unwrap(), &request).await.status
        }
    };
    assert_eq!(probe(keys[0].clone()).await, 403);
    assert_eq!(probe(keys[1].clone()).await, 200);
    assert_eq!(probe(world.api_key.clone()).await, 200);
    let by_parameter = format!("type=version&key={}", world.api_key.replace('=', "%3D"));
    let request = Request::new(&by_parameter, b"", None, None);
    assert_eq!(answer(&world, world.host(FIRST).unwrap(), &request).await.status, 200);
}

#[tokio::test]
async fn a_wrong_password_gets_403_with_the_text_in_the_reason_phrase() {
    let world = plain(1);
    for address in [PANORAMA, FIRST] {
        let request = Request::new("type=keygen&user=stager&password=no", b"", None, None);
        let reply = answer(&world, world.host(address).unwrap(), &request).await;
        assert_eq!(reply.status, 403);
        if address == PANORAMA {
            assert_eq!(reply.reason.as_deref(), Some("Invalid Credential"));
            assert_eq!(parse(&reply).at("result/msg"), "Invalid Credential");
        }
    }
}

#[tokio::test]
async fn panorama_lists_every_device_once_and_ends_with_a_bare_text() {
    let world = plain(30);
    let answer = op(&world, PANORAMA, "<show><devices><all></all></devices></show>").await;
    let entries = answer.all("result/devices/entry");
    assert_eq!(entries.len(), 30);
    assert_eq!(answer.at("result/devices").trim(), "Total Connected Devices: 0");
    for (entry, firewall) in entries.iter().zip(&world.firewalls) {
        assert_eq!(entry.attribute("name"), Some(firewall.serial.as_str()));
        assert_eq!(entry.at("serial"), firewall.serial);
        assert_eq!(entry.at("ip-address"), firewall.address.to_string());
        assert!(["yes", "no"].contains(&entry.at("multi-vsys")));
    }
    let member = entries.iter().find(|entry| !entry.all("ha/peer/serial").is_empty()).unwrap();
    assert!(["active", "passive"].contains(&member.at("ha/state")));
    let chassis = entries.iter().find(|entry| entry.at("multi-vsys") == "yes").unwrap();
    assert_eq!(chassis.all("vsys/entry").len(), 3);
}

#[tokio::test]
async fn a_rebooting_device_leaves_the_connected_list_and_is_not_reached_through_panorama() {
    let world = plain(2);
    let serial = world.firewalls[0].serial.clone();
    let through = format!("type=op&target={serial}&cmd=<show><system><info/></system></show>");
    assert_eq!(parse(&ask(&world, PANORAMA, &through).await).at("result/system/serial"), serial);

    world.firewalls[0].at(world.clock.now()).reboot(world.clock.now());
    let refused = parse(&ask(&world, PANORAMA, &through).await);
    assert_eq!(refused.at("msg/line"), format!("{serial} not connected"));
    let connected = op(&world, PANORAMA, "<show><devices><connected/></devices></show>").await;
    assert_eq!(connected.all("result/devices/entry").len(), 1);
    let all = op(&world, PANORAMA, "<show><devices><all/></devices></show>").await;
    let down = all.all("result/devices/entry")[0];
    assert_eq!((down.at("connected"), down.at("hostname"), down.all("sw-version").len()), ("no", "", 0));
    assert_eq!(ask(&world, FIRST, "type=version").await.ending, Ending::Reset);
}

#[tokio::test]
async fn system_info_differs_between_virtual_machines_and_hardware() {
    let info = "<show><system><info></info></system></show>";
    let vm = op(&single("PA-VM", Quirks::default()), FIRST, info).await;
    assert_eq!(vm.at("result/system/vm-mode"), "VMware ESXi");
    assert_eq!(vm.all("result/system/plugin_versions/entry")[0].attribute("name"), Some("vm_series"));
    assert!(!vm.at("result/system/time").ends_with('\n'));

    let hardware = op(&single("PA-3220", Quirks::default()), FIRST, info).await;
    assert!(hardware.at("result/system/time").ends_with('\n'));
    assert!(hardware.all("result/system/vm-mode").is_empty());
    assert_eq!(hardware.at("result/system/multi-vsys"), "off");
    assert_eq!(hardware.at("result/system/sw-version"), "11.0.4");
    let version = parse(&ask(&single("PA-3220", Quirks::default()), FIRST, "type=version").await);
    assert_eq!(version.at("result/model"), "pa-3220");
}

#[tokio::test]
async fn a_download_is_enqueued_listed_and_finished() {
    let world = single("PA-440", Quirks { release_types: true, ..Quirks::default() });
    op(&world, FIRST, CHECK).await;
    world.set_download_time(Duration::from_secs(600));
    let enqueued = op(&world, FIRST, &download("11.1.0")).await;
    assert_eq!(enqueued.attribute("code"), Some("19"));
    let id = enqueued.at("result/job").to_owned();
    assert_eq!(enqueued.at("result/msg/line"), format!("Download job enqueued with jobid {id}"));

    let query = format!("<show><jobs><id>{id}</id></jobs></show>");
    let running = op(&world, FIRST, &query).await;
    let job = running.all("result/job")[0];
    assert_eq!((job.at("type"), job.at("status"), job.at("result")), ("Downld", "ACT", "PEND"));
    assert_eq!((job.at("tfin"), job.at("progress"), job.at("stoppable")), ("Still Active", "0", "yes"));
    let busy = op(&world, FIRST, &download("11.1.4-h7")).await;
    assert_eq!(busy.at("msg/line"), "Server error : Another download is in progress");
    assert_eq!(crate::counters::lock(&world.firewalls[0].counters).downloads.len(), 1);

    let list = op(&world, FIRST, "<request><system><software><info/></software></system></request>").await;
    let entries = list.all("result/sw-updates/versions/entry");
    let of = |version: &str| *entries.iter().find(|entry| entry.at("version") == version).unwrap();
    assert_eq!(of("11.1.0").at("downloaded"), "downloading");
    assert_eq!(of("11.1.0").at("release-type"), "Base");
    assert_eq!(of("11.0.4").at("current"), "yes");
    assert_eq!(of("12.1.2").at("release-type"), "Base");
    assert_eq!(of("11.1.4-h7").at("filename"), "PanOS_440-11.1.4-h7");
    assert_eq!(of("11.1.4-h7").at("sha256").len(), 64);
}

#[tokio::test]
async fn a_finished_job_carries_a_timestamp_in_progress() {
    let world = single("PA-440", Quirks::default());
    let id = op(&world, FIRST, &download("11.1.0")).await.at("result/job").to_owned();
    let answer = op(&world, FIRST, &format!("<show><jobs><id>{id}</id></jobs></show>")).await;
    let job = answer.all("result/job")[0];
    assert_eq!((job.at("status"), job.at("result")), ("FIN", "OK"));
    assert_eq!(job.at("progress"), job.at("tfin"));
    assert_eq!(job.at("progress").len(), "2026/08/07 04:07:45".len());
    assert_eq!(job.all("details/line").len(), 3);
}

#[tokio::test]
async fn odd_answers_are_still_well_formed() {
    let quirks = Quirks {
        prolog: true,
        pretty: true,
        wrapped_df: true,
        two_blanks: true,
        wrapped_sha256: true,
        relics: true,
        duplicates: true,
        unsorted: true,
        no_current: true,
        short_jobs: true,
        admin_field: true,
        repeated_jobs: true,
        failed_job: true,
        ..Quirks::default()
    };
    for model in ["PA-VM", "PA-440", "PA-850", "PA-5260"] {
        let world = single(model, quirks.clone());
        let list = op(&world, FIRST, CHECK).await;
        let entries = list.all("result/sw-updates/versions/entry");
        let versions: std::collections::HashSet<&str> = entries.iter().map(|e| e.at("version")).collect();
        assert_eq!(entries.len(), versions.len() + 1, "one version stands twice");
        assert!(versions.contains("11.1.4.xfr"));
        assert!(entries.iter().all(|entry| entry.at("current") == "no"));
        let hash = entries.iter().find(|entry| entry.at("version") == "11.1.0").unwrap().at("sha256");
        assert!(hash.starts_with('\n') && hash.trim().len() == 64);

        let jobs = op(&world, FIRST, "<show><jobs><all></all></jobs></show>").await;
        let jobs = jobs.all("result/job");
        assert_eq!(jobs[0].at("type"), "Failed-Job");
        assert!(jobs[0].all("id").is_empty());
        assert_eq!(jobs[1].at("id"), jobs[2].at("id"));
        assert_eq!(jobs[1].all("admin").len(), 1);

        let disk = op(&world, FIRST, "<show><system><disk-space/></system></show>").await;
        assert!(disk.at("result").contains("\n                 "), "the device's line is wrapped");
    }
}

#[tokio::test]
async fn the_state_of_a_pair_is_told_with_a_group_and_never_with_a_serial() {
    let world = plain(12);
    let state = "<show><high-availability><state></state></high-availability></show>";
    let member = world.firewalls[4].address;
    let answer = op(&world, member, state).await;
    assert_eq!(answer.at("result/group/local-info/state"), "active");
    assert_eq!(answer.at("result/group/peer-info/state"), "passive");
    assert_eq!(answer.at("result/group/local-info/mgmt-ip"), format!("{member}/24"));
    assert!(!format!("{answer:?}").contains(&world.firewalls[5].serial));
    assert_eq!(op(&world, FIRST, state).await.at("result/enabled"), "no");
    let panorama = op(&world, PANORAMA, state).await;
    assert!(panorama.all("result/group").is_empty());
    assert_eq!(panorama.at("result/local-info/state"), "primary-active");
}

#[tokio::test]
async fn a_synchronised_download_reaches_the_other_member() {
    let world = plain(12);
    let (first, second) = (&world.firewalls[4], &world.firewalls[5]);
    let wanted = {
        let device = first.at(world.clock.now());
        let base = crate::images::base_of(&device.spec.list, world.target.train).unwrap().version;
        if device.present().contains(&base) { world.target } else { base }
    };
    let cmd = format!(
        "<request><system><software><download><sync-to-peer>yes</sync-to-peer><version>{wanted}</version></download></software></system></request>"
    );
    op(&world, first.address, &cmd).await;
    assert!(second.at(world.clock.now()).present().contains(&wanted));
    assert!(crate::counters::lock(&second.counters).downloads.is_empty());
}

#[tokio::test]
async fn what_is_not_understood_is_refused_in_the_vendors_shape() {
    let world = plain(1);
    let unknown = op(&world, FIRST, "<show><clock/></show>").await;
    assert_eq!((unknown.attribute("code"), unknown.at("msg/line")), (Some("17"), "  is unexpected"));
    let swm = op(&world, FIRST, "<debug><swm><status/></swm></debug>").await;
    assert_eq!(swm.attribute("status"), Some("error"));
    assert_eq!(op(&world, FIRST, "show").await.attribute("code"), Some("18"));
    let version = op(&world, FIRST, &download("9.9.9")).await;
    assert_eq!(version.at("msg/line"), "9.9.9 is not a valid version");
    let job = op(&world, FIRST, "<show><jobs><id>99999</id></jobs></show>").await;
    assert_eq!(job.attribute("status"), Some("error"));
}

#[tokio::test]
async fn a_fault_spoils_the_answer_and_the_journal_holds_no_key() {
    let world = plain(1);
    for kind in [FaultKind::KeyExpired, FaultKind::SessionTimedOut, FaultKind::Html] {
        let fault = crate::faults::Fault { left: Some(1), ..crate::faults::Fault::lasting(kind) };
        world.firewalls[0].at(world.clock.now()).faults.inject(fault);
    }
    let expired = ask(&world, FIRST, "type=version").await;
    assert_eq!(expired.status, 400);
    assert_eq!(expired.reason, Some(format!("Key Expired: {} has expired. ", world.api_key)));
    let timed_out = parse(&ask(&world, FIRST, "type=version").await);
    assert_eq!((timed_out.attribute("code"), timed_out.at("msg/line")), (Some("22"), "Session timed out"));
    assert!(ask(&world, FIRST, "type=version").await.content_type.starts_with("text/html"));
    assert_eq!(ask(&world, FIRST, "type=version").await.summary(), "success");
    let journal = format!("{:?}", world.journal.since(0));
    assert!(!journal.contains(&world.api_key));
}

#[tokio::test]
async fn more_calls_at_once_than_allowed_get_503() {
    let mut world = plain(1);
    world.max_parallel_calls = Some(2);
    let slow = FaultKind::Slow { delay_ms: Duration::from_millis(50) };
    world.firewalls[0].at(world.clock.now()).faults.inject(crate::faults::Fault::lasting(slow));
    let (a, b, c) = tokio::join!(
        ask(&world, FIRST, "type=version"),
        ask(&world, FIRST, "type=version"),
        ask(&world, FIRST, "type=version")
    );
    assert_eq!([a.status, b.status, c.status], [200, 200, 503]);
    assert_eq!(crate::counters::lock(&world.firewalls[0].counters).max_parallel_calls, 3);
}
