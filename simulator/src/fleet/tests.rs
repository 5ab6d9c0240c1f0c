use super::*;
use crate::device::Device;
use crate::scenario::{Named, Problem, SEED, TARGET, file};
use crate::seeded::Seed;

fn fleet(named: Named, devices: u64) -> Vec<DeviceSpec> {
    build(&Scenario { devices, ..named.scenario() }).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_fleet() {
    let names = |seed| {
        let scenario = Scenario { seed: Seed(seed), ..Named::Demo.scenario() };
        let specs = build(&scenario).unwrap();
        specs
            .iter()
            .map(|s| format!("{} {} {} {}", s.serial, s.hostname, s.running, s.scenario))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(7), names(7));
    assert_ne!(names(7), names(8));
}

#[test]
fn one_sixth_is_paired_with_a_peer_that_says_the_same() {
    let specs = fleet(Named::Plain, 240);
    let paired: Vec<&DeviceSpec> = specs.iter().filter(|spec| spec.ha.is_some()).collect();
    assert_eq!(paired.len(), 40);
    for spec in paired {
        let ha = spec.ha.as_ref().unwrap();
        let peer = specs.iter().find(|other| other.serial == ha.peer_serial).unwrap();
        let back = peer.ha.as_ref().unwrap();
        assert_eq!((&back.peer_serial, back.role), (&spec.serial, ha.role.peer()));
        assert_eq!((peer.model.name, peer.running), (spec.model.name, spec.running));
        assert_eq!(ha.peer_address, peer.address);
    }
    assert_eq!(specs.iter().filter(|spec| spec.multi_vsys).count(), 1);
}

#[test]
fn ten_thousand_devices_have_serials_and_addresses_of_their_own() {
    let specs = fleet(Named::Demo, 10_000);
    let serials: HashSet<&str> = specs.iter().map(|spec| spec.serial.as_str()).collect();
    let addresses: HashSet<Ipv4Addr> = specs.iter().map(|spec| spec.address).collect();
    let hostnames: HashSet<&str> = specs.iter().map(|spec| spec.hostname.as_str()).collect();
    assert_eq!((serials.len(), addresses.len(), hostnames.len()), (10_000, 10_000, 10_000));
    assert!(addresses.iter().all(|address| address.is_loopback() && *address != PANORAMA));
}

#[test]
fn a_plain_device_is_below_the_target_and_has_room_for_the_heaviest_path() {
    for spec in fleet(Named::Plain, 400) {
        assert!(spec.running < TARGET, "{} runs {}", spec.serial, spec.running);
        let path_kb = images::heaviest_path_kb(&spec.list, spec.running, TARGET);
        let serial = spec.serial.clone();
        let device = Device::new(spec, SEED, jiff::Timestamp::UNIX_EPOCH);
        let available_kb = device.space(Moment::START).available_kb();
        assert!(available_kb >= path_kb * 12 / 10 + (1 << 20), "{serial}: {available_kb} for {path_kb}");
    }
}

#[test]
fn the_demo_has_each_of_its_problems_and_small_fleets_have_what_fits() {
    let specs = fleet(Named::Demo, 230);
    for (problem, n) in Named::Demo.problems(230) {
        let afflicted = specs.iter().filter(|spec| spec.scenario == problem.as_str());
        assert_eq!(afflicted.clone().count() as u64, n, "{problem:?}");
        assert!(afflicted.clone().all(|spec| spec.expected == problem.expected()));
    }
    assert_eq!(fleet(Named::Demo, 5).len(), 5);
    assert_eq!(fleet(Named::Demo, 0).len(), 0);
}

#[test]
fn the_staged_device_has_the_path_and_the_trap_lacks_the_base() {
    let specs = fleet(Named::Demo, 230);
    let of = |problem: Problem| specs.iter().find(|spec| spec.scenario == problem.as_str()).unwrap();
    let base = |spec: &DeviceSpec| images::base_of(&spec.list, TARGET.train).unwrap().version;
    let staged = of(Problem::AlreadyStaged);
    assert!(staged.present.contains(&TARGET) && staged.present.contains(&base(staged)));
    let trap = of(Problem::BaseMissingTrap);
    assert!(trap.running.train == TARGET.train && trap.running < TARGET && trap.present.is_empty());
    assert!(of(Problem::Newer).running > TARGET);
    assert!(of(Problem::NoPath).list.iter().all(|image| image.version.train < TARGET.train));
    assert!(of(Problem::ForeignDownload).foreign_download.is_some());
}

#[test]
fn every_example_file_is_a_fleet() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut n_files = 0;
    for entry in std::fs::read_dir(examples).unwrap() {
        let path = entry.unwrap().path();
        let specs = build(&file::read(&path).unwrap()).unwrap();
        assert!(!specs.is_empty(), "{}", path.display());
        n_files += 1;
    }
    assert!(n_files >= 2);
}

#[test]
fn a_file_with_a_mistake_names_it() {
    let refused = |text: &str| {
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), text).unwrap();
        file::read(path.path()).and_then(|scenario| build(&scenario)).unwrap_err().to_string()
    };
    assert!(refused("devices = 3\ncolour = 1\n").contains("colour"));
    assert!(refused("[[device]]\nmodel = \"PA-1\"\n").contains("no model `PA-1` (known: PA-VM"));
    assert!(refused("[[device]]\nversion = \"11.3.0\"\n").contains("holds no 11.3.0"));
    assert!(refused("[[problem]]\nname = \"fire\"\n").contains("fire"));
    assert!(refused("[[device]]\nserial = \"1\"\n[[device]]\nserial = \"1\"\n").contains("serial 1"));
    assert!(refused("[[device]]\nfaults = [{ kind = \"html\", bytes = 3 }]\n").contains("takes no `bytes`"));
    assert!(refused("download_spread = 1.5\n").contains("1.5"));
    assert!(refused("devices = 200000\n").contains("too many"));
}

#[test]
fn a_realistic_fleet_has_every_problem_and_every_oddity_twice_or_more() {
    for seed in [7, 8, 1234] {
        let mut scenario = Named::Realistic.scenario();
        scenario.seed = Seed(seed);
        let specs = build(&scenario).unwrap();
        assert_eq!(specs.len(), 500);
        for problem in Problem::ALL {
            let n = specs.iter().filter(|spec| spec.scenario == problem.as_str()).count();
            assert!(n >= 2, "{problem}: {n}");
        }
        for oddity in ODDITIES {
            let n = specs.iter().filter(|spec| spec.oddities.contains(&oddity.name)).count();
            assert!(n >= 2, "{}: {n}", oddity.name);
        }
        let refused = specs.iter().filter(|spec| spec.scenario == Problem::BadCredentials.as_str());
        assert_eq!(refused.count(), 2, "three refused log-ins in a row stop a fleet");
    }
}

#[test]
fn a_small_realistic_fleet_has_each_problem_once_before_any_twice() {
    let mut scenario = Named::Realistic.scenario();
    scenario.set_devices(60);
    let specs = build(&scenario).unwrap();
    for problem in Problem::ALL {
        let n = specs.iter().filter(|spec| spec.scenario == problem.as_str()).count();
        assert!(n <= 1 || problem.is_for_pairs() && n == 2, "{problem}: {n}");
    }
}

#[test]
fn what_is_left_out_by_name_is_nowhere_and_a_name_that_nothing_has_is_refused() {
    let without = ["stalls", "ipv6-only", "prolog"].map(str::to_owned).to_vec();
    let scenario = Scenario { without, ..Named::Realistic.scenario() };
    for spec in build(&scenario).unwrap() {
        assert!(
            spec.scenario != "stalls" && !spec.quirks.ipv6_only && !spec.quirks.prolog,
            "{}",
            spec.serial
        );
    }
    let scenario = Scenario { without: vec!["fire".to_owned()], ..Named::Realistic.scenario() };
    assert_eq!(build(&scenario).unwrap_err().to_string().split(';').next(), Some("nothing is called `fire`"));
}

#[test]
fn every_problem_leaves_a_device_that_can_be_asked() {
    for problem in Problem::ALL.iter().filter(|problem| !problem.is_for_pairs()) {
        let single = SingleDevice { problem: Some(*problem), ..SingleDevice::default() };
        let scenario = Scenario { devices: 0, singles: vec![single], ..Named::Realistic.scenario() };
        let spec = build(&scenario).unwrap().remove(0);
        assert_eq!((spec.scenario.as_str(), &spec.expected), (problem.as_str(), &problem.expected()));
        let mut device = Device::new(spec, SEED, jiff::Timestamp::UNIX_EPOCH);
        device.check(Moment::START);
        device.settle(Moment::from_ms(1));
        let n_current = device.software().iter().filter(|entry| entry.current).count();
        assert!(n_current <= 1, "{problem}");
    }
}

#[test]
fn a_file_may_give_oddities_and_faults_to_every_device() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/everywhere.toml");
    let specs = build(&file::read(&path).unwrap()).unwrap();
    assert_eq!(specs.len(), 30);
    for spec in &specs {
        assert!(spec.quirks.late_dequeue && spec.quirks.loading_percent == Some(33), "{}", spec.serial);
        assert_eq!(spec.faults.len(), 3);
        assert_eq!(spec.faults[0].every, Some(9));
    }
}

#[test]
fn a_problem_of_pairs_is_refused_for_a_single_device() {
    let single = SingleDevice { problem: Some(Problem::PairSyncFails), ..SingleDevice::default() };
    let scenario = Scenario { devices: 0, singles: vec![single], ..Named::Plain.scenario() };
    assert!(build(&scenario).unwrap_err().to_string().contains("`pair-sync-fails` is for pairs"));
}

#[test]
fn members_of_a_troubled_pair_have_an_end_of_their_own() {
    let specs = fleet(Named::Realistic, 500);
    let of = |problem: Problem| -> Vec<(&str, u32)> {
        let members = specs.iter().filter(move |spec| spec.scenario == problem.as_str());
        members.map(|spec| (spec.expected.state.as_str(), spec.expected.asks)).collect()
    };
    assert_eq!(of(Problem::PairOneUnreachable)[..2], [("failed", 0), ("completed", 1)]);
    assert_eq!(of(Problem::PairAsymmetric)[..2], [("completed", 0), ("completed", 1)]);
}
