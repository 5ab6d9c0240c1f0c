//! File, environment, defaults; and what is wrong with them.

use std::time::Duration;

use super::*;
use crate::config::setting::{Care, Found, Raw};
use crate::domain::job::JobType;

#[test]
fn nothing_at_all_is_a_complete_configuration() {
    let config = Place::new("").load(&[]).unwrap();
    assert!(show(&config).iter().all(|line| line.origin == Origin::Default));
    assert!(
        matches!(config.ledger.url, LedgerUrl::Sqlite(path) if path.ends_with("panos-upgrade/ledger.sqlite"))
    );
    assert!(matches!(config.broker.url, BrokerUrl::Embedded));
    assert_eq!(config.lease.ttl, Duration::from_secs(60));
    assert_eq!(config.worker.job_types, [JobType::DownloadOnly]);
    assert!(Config::default().warnings().is_empty());
}

#[test]
fn the_environment_wins_over_the_file_value_by_value() {
    let place = Place::new("[poll]\nmin = \"3s\"\nmax = \"1m 30s\"\n");
    let config = place.load(&[("PANOS_UPGRADE__POLL__MIN", "500ms"), ("PATH", "/bin")]).unwrap();
    assert_eq!((config.poll.min, config.poll.max), (Duration::from_millis(500), Duration::from_secs(90)));
    assert_eq!(shown(&config, "poll.min"), ("500ms".into(), "PANOS_UPGRADE__POLL__MIN".into()));
    let line_3 = format!("{}:3", place.path("config.toml").display());
    assert_eq!(shown(&config, "poll.max"), ("1m 30s".into(), line_3));
    assert_eq!(shown(&config, "lease.ttl"), ("1m".into(), "default".into()));
}

#[test]
fn an_empty_text_takes_an_optional_value_back() {
    let place = Place::new("panorama.host = \"panorama.example.com\"\n");
    assert_eq!(place.load(&[]).unwrap().panorama.host.unwrap().as_str(), "panorama.example.com");
    let config = place.load(&[("PANOS_UPGRADE__PANORAMA__HOST", "")]).unwrap();
    assert_eq!(config.panorama.host, None);
    assert_eq!(shown(&config, "panorama.host"), ("(not set)".into(), "PANOS_UPGRADE__PANORAMA__HOST".into()));
}

#[test]
fn all_problems_are_told_together_with_place_value_and_remedy() {
    let place = Place::new(
        "[lease]\nttl = \"40s\"\ntll = 5\n\n[leese]\n[firewall]\nport = 70000\nconnect_timeout = 10\n[log]\n\
         level = \"loud\"\nformat = \"xml\"\n",
    );
    let variables = [("PANOS_UPGRADE__POLL__MIN", "1 fortnight"), ("PANOS_UPGRADE__POLL__MAXX", "5s")];
    let length = "must be a length of time with its unit, such as 500ms, 10s, 2m or 1h, at most a week";
    assert_eq!(
        place.problems(&variables),
        [
            "firewall.port = 70000 (config.toml:7): must be a whole number from 0 to 65535".to_owned(),
            format!("firewall.connect_timeout = 10 (config.toml:8): {length}"),
            format!("poll.min = \"1 fortnight\" (PANOS_UPGRADE__POLL__MIN): {length}"),
            "log.level = \"loud\" (config.toml:10): must be error, warn, info, debug, trace or off, or levels \
             per module such as info,worker::relay=debug"
                .to_owned(),
            "log.format = \"xml\" (config.toml:11): must be \"text\" or \"json\"".to_owned(),
            "lease.tll (config.toml:3): no such key; did you mean lease.ttl?".to_owned(),
            "leese (config.toml:5): no such section; did you mean lease?".to_owned(),
            "poll.maxx (PANOS_UPGRADE__POLL__MAXX): no such variable; did you mean PANOS_UPGRADE__POLL__MAX?"
                .to_owned(),
            "lease.ttl = 40s (config.toml:2): must exceed 3 x lease.renew_every, which is 15s".to_owned(),
        ]
    );
    let whole = place.load(&variables).unwrap_err().to_string();
    assert!(whole.starts_with("configuration: 9 problems\n  firewall.port = 70000"), "{whole}");
}

#[test]
fn unknown_names_are_refused_in_every_form() {
    let place = Place::new("lease = 5\nverbose = true\n[tls.verify]\nx = 1\n");
    let problems = place.problems(&[
        ("PANOS_UPGRADE__lease__ttl", "5s"),
        ("PANOS_UPGRADE__LEDGER", "x"),
        ("PANOS_UPGRADE__LEASE__TTL_FILE", "/x"),
    ]);
    assert_eq!(
        problems,
        [
            "tls.verify = x = 1 (config.toml:3): must be \"system\" or \"ca-file\" or \"pinned\" or \"none\"",
            "lease (config.toml:1): must be a table: write [lease] and its keys below",
            "verbose (config.toml:2): no such key; `panos-upgrade config show` lists all of them",
            "lease.ttl_file (PANOS_UPGRADE__LEASE__TTL_FILE): no such variable; \
             `panos-upgrade config show` lists all of them",
            "ledger (PANOS_UPGRADE__LEDGER): no such variable; `panos-upgrade config show` lists all of them",
            "lease.ttl (PANOS_UPGRADE__lease__ttl): no such variable; did you mean PANOS_UPGRADE__LEASE__TTL?",
        ]
    );
}

#[test]
fn values_that_cannot_work_beside_each_other_are_refused() {
    for (toml, wanted) in [
        ("[lease]\nttl = '45s'", "lease.ttl = 45s (config.toml:2): must exceed 3 x lease.renew_every"),
        ("[lease]\nrenew_every = '20s'", "lease.ttl = 1m (default): must exceed 3 x lease.renew_every"),
        (
            "[lease]\nrenew_every = '0s'",
            "lease.renew_every = 0s (config.toml:2): must be longer than nothing",
        ),
        ("[poll]\nmin = '31s'", "poll.min = 31s (config.toml:2): must not exceed poll.max, which is 30s"),
        (
            "[download]\nstall_timeout = '30s'",
            "download.stall_timeout = 30s (config.toml:2): must exceed poll.max",
        ),
        (
            "[download]\nsilence_timeout = '30s'",
            "download.silence_timeout = 30s (config.toml:2): must exceed poll.max, which is 30s",
        ),
        (
            "[download]\nsync_timeout = '1s'",
            "download.sync_timeout = 1s (config.toml:2): must exceed poll.max",
        ),
        ("[disk]\nfactor_percent = 99", "disk.factor_percent = 99 (config.toml:2): must be from 100 to 300"),
        ("[disk]\nfactor_percent = 301", "must be from 100 to 300 percent"),
        ("[disk]\nreserve = 512", "must be a whole number with its unit"),
        ("[disk]\nreserve = '-1B'", "must be a whole number with its unit"),
        ("[disk]\nreserve = '99999999999GiB'", "must be a whole number with its unit"),
        ("[disk]\nreserve = '65GiB'", "disk.reserve = 65GiB (config.toml:2): must be at most 64GiB"),
        ("[firewall]\nrefusals_before_hold = -1", "must be a whole number from 0"),
        ("[firewall]\nmessages = 'disk'", "must be a table of text to kind"),
        ("[firewall]\nmessages = { full = 1 }", "must be a table of text to kind"),
        ("[firewall]\nmessages = { abc = 'busy' }", "must have texts of 4 to 200 characters; one has 3"),
        ("[firewall]\nmessages = { 'full, really' = 'busy' }", "without comma and equals sign"),
        ("[firewall.messages]\n'no room' = 'Disk full'", "must name a kind by its word, such as disk_full"),
        ("[firewall.messages]\n'no room' = ''", "must name a kind by its word"),
        ("[firewall.messages]\n'no room' = 'busy'\n'No Room' = 'busy'", "twice; keep one"),
        ("[tls]\nverify = 'ca-file'", "tls.ca_file (default): is missing"),
        ("[tls]\nverify = 'pinned'", "tls.pins (default): is missing"),
        ("[tls]\nca_file = 'absent.pem'", "must name a file that can be read"),
        ("[tls]\nca_file = '~/ca.pem'", "`~` is expanded by shells only"),
        ("[tls]\npins = { fw-1 = 'abc' }", "the pin of `fw-1` must be the 64 hex digits"),
        ("[firewall]\nusername = 'admin'", "firewall.username = admin (config.toml:2): needs its password"),
        ("[panorama]\npassword = 'x'", "panorama.password (config.toml:2): belongs to a user"),
        ("[panorama]\nhost = 'https://panorama'", "without scheme, port or path"),
        ("[panorama]\nport = 0", "panorama.port = 0 (config.toml:2): must be from 1 to 65535"),
        ("[worker]\nconcurrency = 0", "worker.concurrency = 0 (config.toml:2): must be from 1 to"),
        ("[worker]\nmax_attempts = -1", "worker.max_attempts = -1 (config.toml:2): must be a whole number"),
        ("[worker]\njob_types = []", "must be a list of one or more of: download_only"),
        ("[worker]\njob_types = ['reboot']", "`reboot`"),
        ("[relay]\nwindow = 0", "relay.window = 0"),
        ("[plan]\nskip = 6", "must be \"off\" or a whole number from 1 to 5"),
        ("[plan]\nskip = 'on'", "must be \"off\" or a whole number from 1 to 5"),
        ("[plan]\ntarget = 11.1", "must be a version in quotes"),
        ("[plan]\nallow_downgrade = 'yes'", "must be true or false"),
        ("[ledger]\nurl = 'mysql://db'", "must be sqlite:PATH or postgres://"),
        ("[ledger]\nurl = 'sqlite::memory:'", "a ledger in memory forgets"),
        ("[ledger]\npassword = 'x'", "a SQLite file has no password"),
        ("[ledger]\npool_size = 101", "must be from 1 to 100"),
        ("[ledger]\nurl = 'postgres://db/x'", "the broker's embedded queue lives in the SQLite ledger"),
        ("[broker]\nurl = 'amqp://mq'", "must share a PostgreSQL ledger"),
        ("[broker]\nurl = 'http://mq'", "must be \"embedded\", amqp://"),
        ("[broker]\nusername = 'x'", "the embedded broker has no login"),
        (
            "[broker]\nurl = 'amqp://user@mq'\n[ledger]\nurl = 'postgres://db/x'",
            "broker.password (default): is missing",
        ),
        ("[broker]\nca_file = 'config.toml'", "is for TLS only"),
        (
            "[broker]\nurl = 'amqps://mq'\nclient_cert_file = 'config.toml'\n[ledger]\nurl = 'postgres://db/x'",
            "broker.client_key_file (default): is missing",
        ),
    ] {
        let problems = Place::new(toml).problems(&[]);
        assert!(problems.len() == 1 && problems[0].contains(wanted), "{toml}\n{problems:#?}");
    }
}

#[test]
fn a_fleet_is_two_urls() {
    let place = Place::new("");
    let config = place
        .load(&[
            ("PANOS_UPGRADE__LEDGER__URL", "postgres://app@db:5432/ledger"),
            ("PANOS_UPGRADE__LEDGER__PASSWORD", "p@ss"),
            ("PANOS_UPGRADE__BROKER__URL", "amqp://mq:5672/%2f"),
            ("PANOS_UPGRADE__BROKER__USERNAME", "worker"),
            ("PANOS_UPGRADE__BROKER__PASSWORD", "w%rk"),
            ("PANOS_UPGRADE__TLS__VERIFY", "none"),
        ])
        .unwrap();
    assert_eq!(config.ledger.postgres_url().unwrap().expose(), "postgres://app:p%40ss@db:5432/ledger");
    assert_eq!(config.broker.amqp_url().unwrap().expose(), "amqp://worker:w%25rk@mq:5672/%2f");
    let warnings = config.warnings();
    assert!(
        warnings.len() == 2 && warnings[0].starts_with("tls.verify") && warnings[1].contains("mq is another")
    );
}

#[test]
fn a_value_that_does_not_read_is_told_once() {
    let problems = Place::new("[ledger]\nurl = 'oracle://db'\n[broker]\nurl = 'amqp://mq'").problems(&[]);
    assert_eq!(problems.len(), 1, "{problems:#?}");
}

#[test]
fn broken_toml_is_told_beside_what_is_wrong_with_the_environment() {
    let problems =
        Place::new("[poll]\nmin = \"3s\"\nmax = \n").problems(&[("PANOS_UPGRADE__LEASE__TTL", "soon")]);
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems[0].starts_with("TOML (config.toml:3): "), "{problems:#?}");
    assert!(problems[1].starts_with("lease.ttl = \"soon\""), "{problems:#?}");
}

#[test]
fn paths_in_the_file_start_from_the_file() {
    let place = Place::new("[ledger]\nurl = \"sqlite:state/jobs.sqlite\"\n[tls]\nca_file = \"ca.pem\"\n");
    let ca_file = place.write("ca.pem", "");
    let config = place.load(&[]).unwrap();
    assert!(
        matches!(&config.ledger.url, LedgerUrl::Sqlite(path) if *path == place.path("state/jobs.sqlite"))
    );
    assert_eq!(config.tls.ca_file, Some(ca_file));
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let place = Place::new("");
    let error = load(Some(&place.path("other.toml")), made_of(&[])).unwrap_err();
    assert!(matches!(error, ConfigError::Absent { .. }), "{error}");
    place.write("config.toml", &"#".repeat(4 * 1024 * 1024 + 1));
    assert!(matches!(place.load(&[]).unwrap_err(), ConfigError::Unreadable { .. }));
}

#[test]
fn pins_read_from_a_table_and_from_text() {
    let hex = "0a".repeat(32);
    let with_colons = vec!["0A"; 32].join(":");
    let place =
        Place::new(&format!("[tls]\nverify = \"pinned\"\n[tls.pins]\n\"10.0.0.1\" = \"{with_colons}\"\n"));
    let variable = format!("0123={hex}, fw-2={with_colons}");
    assert_eq!(place.load(&[]).unwrap().tls.pins.of("10.0.0.1"), Some(Fingerprint([10; 32])));
    let config = place.load(&[("PANOS_UPGRADE__TLS__PINS", &variable)]).unwrap();
    let pins: Vec<_> = config.tls.pins.iter().map(|(name, pin)| format!("{name} {pin}")).collect();
    assert_eq!(pins, [format!("0123 {hex}"), format!("fw-2 {hex}")]);
}

#[test]
fn messages_read_from_a_table_and_from_text() {
    let place = Place::new("[firewall.messages]\n\"No room for image\" = \"disk_full\"\n");
    let config = place.load(&[]).unwrap();
    assert_eq!(config.firewall.messages.get("no room for image").map(String::as_str), Some("disk_full"));
    assert_eq!(shown(&config, "firewall.messages").0, "no room for image=disk_full");
    let variable = ("PANOS_UPGRADE__FIREWALL__MESSAGES", "come back later=busy, no licence = entitlement");
    let config = place.load(&[variable]).unwrap();
    assert_eq!(shown(&config, "firewall.messages").0, "come back later=busy,no licence=entitlement");
}

#[test]
fn sizes_are_read_in_either_kind_of_unit_and_shown_exactly() {
    for (text, bytes, shows) in [
        ("512MiB", 512 << 20, "512MiB"),
        ("1024 MiB", 1 << 30, "1GiB"),
        ("500MB", 500_000_000, "500000000B"),
        ("2GB", 2_000_000_000, "1953125KiB"),
        ("0B", 0, "0B"),
    ] {
        let config = Place::new(&format!("[disk]\nreserve = '{text}'")).load(&[]).unwrap();
        assert_eq!(config.disk.rule().reserve_bytes, bytes);
        assert_eq!(shown(&config, "disk.reserve").0, shows);
        assert_eq!(
            Place::new(&format!("[disk]\nreserve = '{shows}'")).load(&[]).unwrap().disk.reserve.0,
            bytes
        );
    }
}

#[test]
fn how_patient_and_how_careful_a_worker_is_can_be_set() {
    let config = Place::new("").load(&[]).unwrap();
    assert_eq!(config.download.silence_timeout, Duration::from_secs(20 * 60));
    assert_eq!(config.download.sync_timeout, Duration::from_secs(30 * 60));
    assert_eq!((config.firewall.refusals_before_hold, config.disk.factor_percent), (3, 120));
    let place = Place::new(
        "[download]\nsilence_timeout = \"40m\"\nsync_timeout = \"1h\"\n[firewall]\nrefusals_before_hold = 0\n\
         [disk]\nfactor_percent = 110\nreserve = \"0B\"\n",
    );
    let config = place.load(&[]).unwrap();
    assert_eq!(config.download.silence_timeout, Duration::from_secs(40 * 60));
    assert_eq!(config.download.sync_timeout, Duration::from_secs(60 * 60));
    assert_eq!(config.firewall.refusals_before_hold, 0);
    let rule = config.disk.rule();
    assert_eq!((rule.factor_percent, rule.reserve_bytes), (110, 0));
}

#[test]
fn how_soon_losses_are_found_and_the_trail_is_anchored_can_be_set() {
    let config = Place::new("").load(&[]).unwrap();
    assert_eq!(config.rescue.every_at_most(config.lease.ttl), Duration::from_secs(15));
    assert_eq!(config.rescue.every_at_most(Duration::from_secs(4)), Duration::from_secs(2));
    assert_eq!(config.rescue.unclaimed_after, Duration::from_secs(60));
    assert_eq!(config.audit.anchor_every, Duration::from_secs(15 * 60));
    let place =
        Place::new("[rescue]\nevery = \"1s\"\nunclaimed_after = \"2s\"\n[audit]\nanchor_every = \"1h\"\n");
    let config = place.load(&[]).unwrap();
    assert_eq!(config.rescue.every_at_most(config.lease.ttl), Duration::from_secs(1));
    assert_eq!(config.rescue.unclaimed_after, Duration::from_secs(2));
    assert_eq!(config.audit.anchor_every, Duration::from_secs(60 * 60));
    let problems =
        Place::new("[rescue]\nevery = \"0s\"\nunclaimed_after = \"0s\"\n[audit]\nanchor_every = \"0s\"\n")
            .problems(&[]);
    assert_eq!(problems.len(), 3, "{problems:#?}");
}

/// What `config show` prints reads back, from the environment and from a file.
#[test]
fn every_default_reads_back_as_it_is_shown() {
    let mut config = Config::default();
    for field in config.fields().into_iter().filter(|field| field.setting.care() != Care::Secret) {
        let before = field.setting.text();
        let text = before.clone().unwrap_or_default();
        let toml = toml_edit::Item::Value(field.setting.toml());
        for raw in [Raw::Text(&text), Raw::Toml(&toml)] {
            field.setting.set(&Found { raw, base: Path::new("/") }).unwrap();
            assert_eq!(field.setting.text(), before, "{}", field.key);
        }
    }
}

/// A change to a key is felt only there; two fields with one key, or a key in the wrong section, would show.
#[test]
fn keys_are_unique_and_named_after_their_section() {
    let keys: Vec<_> = show(&Config::default()).into_iter().map(|line| line.key).collect();
    let unique: std::collections::BTreeSet<_> = keys.iter().collect();
    assert_eq!(unique.len(), keys.len());
    let sections: Vec<_> = keys.iter().map(|key| key.split_once('.').unwrap().0).collect();
    let mut order = sections.clone();
    order.dedup();
    assert_eq!(
        order,
        [
            "ledger",
            "broker",
            "panorama",
            "firewall",
            "tls",
            "verification",
            "plan",
            "worker",
            "poll",
            "lease",
            "rescue",
            "relay",
            "download",
            "disk",
            "audit",
            "dashboard",
            "log",
            "telemetry",
        ]
    );
}
