//! What becomes of URLs, logins and files.

use std::path::PathBuf;

use super::*;
use crate::config;

/// The section `[broker]` with these lines, read as a program reads it.
fn section(lines: &str) -> BrokerConfig {
    let file = tempfile::NamedTempFile::with_suffix(".toml").unwrap();
    std::fs::write(file.path(), format!("[ledger]\nurl = \"postgres://a:b@localhost/c\"\n[broker]\n{lines}"))
        .unwrap();
    config::load(Some(file.path()), []).unwrap().broker
}

fn address(lines: &str) -> Address {
    Address::new(&section(lines)).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(config: &BrokerConfig) -> String {
    match Address::new(config) {
        Ok(_) => panic!("it was taken"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn host_port_and_virtual_host_are_what_the_url_says() {
    for (url, host, port, vhost, shown) in [
        ("amqp://a:b@rabbit", "rabbit", 5672, "/", "amqp://rabbit:5672"),
        ("amqp://a:b@rabbit:5673/", "rabbit", 5673, "/", "amqp://rabbit:5673"),
        ("amqp://a:b@127.0.0.1/%2f", "127.0.0.1", 5672, "/", "amqp://127.0.0.1:5672"),
        ("amqp://a:b@[::1]:7/panos", "::1", 7, "panos", "amqp://[::1]:7/panos"),
    ] {
        let address = address(&format!("url = \"{url}\""));
        assert_eq!(address.uri.authority.host, host, "{url}");
        assert_eq!(address.uri.authority.port, port, "{url}");
        assert_eq!(address.uri.vhost, vhost, "{url}");
        assert_eq!(address.to_string(), shown);
    }
}

#[test]
fn the_login_reaches_the_library_and_no_text() {
    let address = address("url = \"amqp://rabbit\"\nusername = \"ann\"\npassword = \"s%cr@t/\"");
    assert_eq!(address.uri.authority.userinfo.username, "ann");
    assert_eq!(address.uri.authority.userinfo.password, "s%cr@t/");
    assert!(!address.to_string().contains("ann"));
}

#[test]
fn heartbeats_are_always_on() {
    for (query, seconds) in [("", 10), ("?heartbeat=5", 5), ("?heartbeat=0", 10)] {
        let address = address(&format!("url = \"amqp://a:b@rabbit/{query}\""));
        assert_eq!(address.uri.query.heartbeat, Some(seconds), "{query}");
    }
}

#[test]
fn a_file_that_cannot_be_used_is_named_with_its_key() {
    let mut config = section("url = \"amqps://a:hush@rabbit\"");
    config.ca_file = Some(PathBuf::from("/nowhere/ca.pem"));
    assert!(refusal(&config).starts_with("broker.ca_file: /nowhere/ca.pem: "), "{}", refusal(&config));
    let empty = tempfile::NamedTempFile::new().unwrap();
    config.ca_file = Some(empty.path().to_owned());
    assert!(refusal(&config).ends_with("holds no certificate"), "{}", refusal(&config));
    assert_eq!(refusal(&BrokerConfig::default()), "broker.url: is \"embedded\", which is no RabbitMQ");
}
