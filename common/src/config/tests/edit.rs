//! `config set`.

use super::*;

const WRITTEN_BY_HAND: &str =
    "# our site\n[poll] # pace\n# small boxes\nmin = \"3s\"   # not faster\n\n[log]\nlevel = \"info\"\n";

fn set_here(place: &Place, changes: &[(&str, &str)], variables: &[(&str, &str)]) -> Result<(), ConfigError> {
    set_all(&place.path("config.toml"), changes, made_of(variables))
}

#[test]
fn comments_and_order_stay() {
    let place = Place::new(WRITTEN_BY_HAND);
    set_here(&place, &[("poll.min", "4s"), ("poll.max", "1m"), ("worker.concurrency", "20")], &[]).unwrap();
    assert_eq!(
        place.text(),
        "# our site\n[poll] # pace\n# small boxes\nmin = \"4s\"   # not faster\nmax = \"1m\"\n\n[log]\n\
         level = \"info\"\n\n[worker]\nconcurrency = 20\n"
    );
    let config = place.load(&[]).unwrap();
    assert_eq!(config.worker.concurrency, 20);
}

#[test]
fn every_kind_of_value_is_written_in_its_type() {
    let place = Place::new("");
    let pin = "0b".repeat(32);
    set_here(
        &place,
        &[
            ("plan.skip", "2"),
            ("plan.allow_downgrade", "true"),
            ("plan.target", "11.1.4-h7"),
            ("worker.job_types", "download_only, upgrade"),
            ("tls.pins", &format!("fw-1={pin}")),
            ("panorama.host", "2001:DB8::1"),
        ],
        &[],
    )
    .unwrap();
    assert_eq!(
        place.text(),
        format!(
            "[plan]\nskip = 2\nallow_downgrade = true\ntarget = \"11.1.4-h7\"\n\n[worker]\njob_types = \
             [\"download_only\", \"upgrade\"]\n\n[tls]\npins = {{ fw-1 = \"{pin}\" }}\n\n[panorama]\nhost = \
             \"2001:db8::1\"\n"
        )
    );
    place.load(&[]).unwrap();
}

#[test]
fn values_that_go_together_are_set_together() {
    let place = Place::new("");
    let (ledger, broker) = (("ledger.url", "postgres://app@db/x"), ("broker.url", "amqp://mq"));
    assert!(matches!(set_here(&place, &[ledger], &[]), Err(ConfigError::Invalid { .. })));
    assert!(matches!(set_here(&place, &[broker], &[]), Err(ConfigError::Invalid { .. })));
    assert_eq!(place.text(), "");
    set_here(&place, &[ledger, broker], &[]).unwrap();
    assert!(matches!(place.load(&[]).unwrap().broker.url, BrokerUrl::Amqp(_)));
}

#[test]
fn what_the_environment_adds_counts() {
    let place = Place::new("");
    let change = [("firewall.username", "admin")];
    assert!(matches!(set_here(&place, &change, &[]), Err(ConfigError::Invalid { .. })));
    set_here(&place, &change, &[("PANOS_UPGRADE__FIREWALL__PASSWORD", "x")]).unwrap();
    assert_eq!(place.text(), "[firewall]\nusername = \"admin\"\n");
}

#[test]
fn a_change_that_would_not_work_leaves_the_file_alone() {
    let place = Place::new(WRITTEN_BY_HAND);
    for (changes, wanted) in [
        (&[("poll.min", "40s")][..], "must not exceed poll.max"),
        (&[("poll.min", "soon"), ("lease.ttl", "never")], "2 problems"),
        (&[("poll.mni", "4s")], "unknown key `poll.mni`; the closest is `poll.min`"),
        (&[("poll", "4s")], "unknown key `poll`"),
        (&[("firewall.password", "hunter2")], "`PANOS_UPGRADE__FIREWALL__PASSWORD_FILE`"),
        (
            &[("ledger.url", "postgres://app:hunter2@db/x"), ("broker.url", "amqp://mq")],
            "never taken from the command line",
        ),
    ] {
        let error = set_here(&place, changes, &[]).unwrap_err().to_string();
        assert!(error.contains(wanted) && !error.contains("hunter2"), "{error}");
        assert_eq!(place.text(), WRITTEN_BY_HAND);
    }
    let broken = Place::new("[poll\n");
    assert!(matches!(set_here(&broken, &[("poll.min", "4s")], &[]), Err(ConfigError::Invalid { .. })));
    assert_eq!(broken.text(), "[poll\n");
}

#[test]
fn a_missing_file_is_made_with_its_directory() {
    let place = Place::new("");
    let path = place.path("new/config.toml");
    set_all(&path, &[("log.format", "json")], made_of(&[])).unwrap();
    assert_eq!(std::fs::read_to_string(path).unwrap(), "[log]\nformat = \"json\"\n");
}

#[cfg(unix)]
#[test]
fn the_file_behind_a_link_is_replaced_and_private() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new("");
    let link = place.path("link.toml");
    std::os::unix::fs::symlink(place.path("config.toml"), &link).unwrap();
    set_all(&link, &[("log.format", "json")], made_of(&[])).unwrap();
    assert_eq!(place.text(), "[log]\nformat = \"json\"\n");
    assert!(link.is_symlink());
    let mode = std::fs::metadata(place.path("config.toml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let n_files = std::fs::read_dir(place.directory.path()).unwrap().count();
    assert_eq!(n_files, 2, "nothing is left beside the file and the link");
}
