//! Where secrets come from, and that they go nowhere.

use super::*;

const SECRET: &str = "hunter2";

#[test]
fn a_secret_comes_from_a_file_without_its_last_newline() {
    let place = Place::new("[panorama]\napi_key_file = \"panorama.key\"\n");
    place.write("panorama.key", "from the file\n");
    let firewall = place.write("firewall.key", "windows\r\n");
    let config =
        place.load(&[("PANOS_UPGRADE__FIREWALL__API_KEY_FILE", firewall.to_str().unwrap())]).unwrap();
    assert_eq!(config.panorama.api_key.as_ref().unwrap().expose(), "from the file");
    assert_eq!(config.firewall.api_key.as_ref().unwrap().expose(), "windows");
    let (value, origin) = shown(&config, "firewall.api_key");
    assert_eq!(value, "(set)");
    assert_eq!(origin, format!("{} by PANOS_UPGRADE__FIREWALL__API_KEY_FILE", firewall.display()));
}

#[test]
fn a_secret_file_with_more_than_one_line_is_refused() {
    let place = Place::new("[panorama]\napi_key_file = \"key\"\n");
    place.write("key", "two\nlines\n");
    assert_eq!(
        place.problems(&[]),
        ["panorama.api_key (key by config.toml:2): must be a text of one line (the value is not shown)"]
    );
}

#[test]
fn urls_come_from_files_too() {
    let place = Place::new("[broker]\nurl = \"amqp://mq\"\n");
    let ledger = place.write("ledger.url", "postgres://app:hunter2@db/ledger\n");
    let config = place.load(&[("PANOS_UPGRADE__LEDGER__URL_FILE", ledger.to_str().unwrap())]).unwrap();
    assert_eq!(config.ledger.postgres_url().unwrap().expose(), "postgres://app:hunter2@db/ledger");
    assert_eq!(shown(&config, "ledger.url").0, "postgres://app:***@db/ledger");
}

#[test]
fn a_secret_file_that_cannot_serve_is_a_problem() {
    let place = Place::new("");
    place.write("empty", "\n");
    place.write("large", &"x".repeat(64 * 1024 + 1));
    for (name, wanted) in [
        ("absent", "must name a file that can be read"),
        ("empty", "this one is empty"),
        ("large", "larger than 65536 bytes"),
    ] {
        let path = place.path(name);
        let problems = place.problems(&[("PANOS_UPGRADE__FIREWALL__API_KEY_FILE", path.to_str().unwrap())]);
        assert!(problems.len() == 1 && problems[0].contains(wanted), "{problems:?}");
    }
}

#[test]
fn a_secret_given_twice_in_one_place_is_a_problem() {
    let place = Place::new("[firewall]\napi_key = \"a\"\napi_key_file = \"b\"\n");
    assert_eq!(
        place.problems(&[]),
        ["firewall.api_key_file (config.toml:3): stands beside firewall.api_key: set one of the two"]
    );
    let variables =
        [("PANOS_UPGRADE__FIREWALL__API_KEY", "a"), ("PANOS_UPGRADE__FIREWALL__API_KEY_FILE", "/b")];
    assert_eq!(
        place.problems(&variables),
        ["firewall.api_key (PANOS_UPGRADE__FIREWALL__API_KEY_FILE): stands beside \
          PANOS_UPGRADE__FIREWALL__API_KEY: set one of the two"]
    );
    // The environment is one place, the file another: there the environment wins as always.
    assert!(place.load(&[("PANOS_UPGRADE__FIREWALL__API_KEY", "c")]).unwrap().firewall.api_key.is_some());
}

#[test]
fn no_message_repeats_a_secret() {
    for toml in [
        "[firewall]\npassword = hunter2\n",
        "[firewall]\npassword = \"hunter2\n",
        "[firewall]\npassword = \"hunter2\" hunter2\n",
        "[firewall]\npassword = [\"hunter2\"]\n",
        "[firewall]\npassword = \"hunter2\\n\"\nusername = \"admin\"\n",
        "[firewall]\npasword = \"hunter2\"\n",
        "[firewall]\nusername = 5\npassword = \"hunter2\"\n",
        "[firewall.password]\ntext = \"hunter2\"\n",
        "firewall = \"hunter2\"\n",
        "password = \"hunter2\"\n",
        "[panorama]\nhost = \"https://admin:hunter2@panorama\"\n",
        "[panorama]\nhost = \"admin:hunter2@panorama\"\n",
        "[ledger]\nurl = \"postgres://app:5/hunter2@db/x\"\n",
        "[ledger]\nurl = \"postgres://app:hunter2@\"\n",
        "[ledger]\nurl = \"postgres://app:hunter2@db:port/x\"\n",
        "[ledger]\nurl = \"app:hunter2@db\"\n",
        "[ledger]\nurl = \"postgres://db/x?password=hunter2\"\n",
        "[ledger]\nurl = \"postgres://app:hunter2@db/x\"\n",
        "[broker]\nurl = \"amqp://app:hunter2@mq\"\n",
        "[broker]\nurl = [\"amqp://app:hunter2@mq\"]\n",
        "[broker]\npassword = \"hunter2\"\n",
    ] {
        let error = Place::new(toml).load(&[]).unwrap_err();
        let told = format!("{error} {error:?} {}", crate::report::Chain(&error));
        assert!(!told.contains(SECRET), "{toml}\n{told}");
    }
    for name in ["FIREWALL__PASSWORD", "FIREWALL__PASWORD", "LEDGER__URL", "TLS__VERIFY_PASSWORD"] {
        let variables = [(&*format!("PANOS_UPGRADE__{name}"), "app:hunter2\u{7}@db")];
        let error = Place::new("").load(&variables).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(SECRET), "{name}: {error}");
    }
}

#[test]
fn neither_show_nor_debug_repeats_a_secret() {
    let place = Place::new(
        "[ledger]\nurl = \"postgres://app:hunter2@db/x\"\n[broker]\nurl = \"amqp://app:hunter2@mq\"\n\
         [panorama]\nusername = \"a\"\npassword = \"hunter2\"\napi_key = \"hunter2\"\n\
         [firewall]\nusername = \"a\"\npassword = \"hunter2\"\napi_key = \"hunter2\"\n",
    );
    let config = place.load(&[]).unwrap();
    let told = format!("{config:?} {:?} {}", show(&config), serde_json::to_string(&show(&config)).unwrap());
    assert!(!told.contains(SECRET), "{told}");
    assert_eq!(shown(&config, "firewall.api_key").0, "(set)");
    assert_eq!(shown(&Config::default(), "firewall.api_key").0, "(not set)");
}

#[cfg(unix)]
#[test]
fn a_file_with_secrets_that_others_may_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new("[firewall]\napi_key = \"hunter2\"\n");
    let path = place.path("config.toml");
    for (mode, n_warnings) in [(0o644, 1), (0o600, 0)] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(place.load(&[]).unwrap().warnings().len(), n_warnings, "{mode:o}");
    }
    place.write("config.toml", "[poll]\nmin = \"1s\"\n");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(place.load(&[]).unwrap().warnings().is_empty());
}
