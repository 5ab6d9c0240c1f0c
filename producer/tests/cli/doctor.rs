//! `doctor` at things that are really broken: each is named, with what to do about it, and the rest has its turn.

use std::net::TcpListener;
use std::sync::Arc;

use common::broker::Broker;
use common::broker::rabbitmq::RabbitMq;
use common::config;
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use lapin::{Connection, ConnectionProperties};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls_pki_types::PrivateKeyDer;
use serde_json::Value;
use testkit::postgres::Database;
use testkit::rabbitmq::VirtualHost;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::bench::{Bench, Ran};

/// What a run found.
struct Found(Value);

impl Found {
    fn of(ran: &Ran) -> Self {
        Self(serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}")))
    }

    /// The verdict on one check, and everything that is said about it.
    #[track_caller]
    fn on(&self, area: &str, check: &str) -> (&str, String) {
        let findings = self.0["findings"].as_array().unwrap();
        let one = findings.iter().find(|one| one["area"] == area && one["check"] == check);
        let one = one.unwrap_or_else(|| panic!("nothing on {area}, {check}: {:#}", self.0));
        (one["verdict"].as_str().unwrap(), format!("{} {}", one["found"], one["remedy"]))
    }

    #[track_caller]
    fn expect(&self, area: &str, check: &str, verdict: &str, words: &[&str]) {
        let (found, said) = self.on(area, check);
        assert_eq!(found, verdict, "{area}, {check}: {said}");
        for word in words {
            assert!(said.contains(word), "no {word:?} in {said}");
        }
    }
}

const JSON: [&str; 3] = ["doctor", "--output", "json"];

/// A login for firewalls, so that its absence is not what a test finds.
const LOGIN: (&str, &str) = ("PANOS_UPGRADE__FIREWALL__API_KEY", "k-hush");

#[test]
fn a_sound_installation_has_nothing_to_mend() {
    let bench = Bench::with_fleet();
    let ran = bench.run_with(&JSON, &[LOGIN]).expect(0);
    let found = Found::of(&ran);
    assert_eq!(found.0["n_fail"], 0, "{ran:?}");
    found.expect("ledger", "schema", "ok", &[]);
    found.expect("ledger", "journal", "ok", &["wal"]);
    found.expect("ledger", "disk", "ok", &["free"]);
    found.expect("broker", "kind", "ok", &["embedded"]);
    found.expect("inventory", "addresses", "warn", &["0003", "device address"]);
    let ran = bench.run_with(&["doctor"], &[LOGIN]).expect(0);
    assert!(ran.stdout.contains("what to do:\n- inventory, addresses:"), "{ran:?}");
    assert!(ran.stdout.trim_end().ends_with("to look at, 0 failed"), "{ran:?}");
}

#[test]
fn a_configuration_that_does_not_read_is_the_first_thing_to_mend() {
    let bench = Bench::new();
    let file = bench.file("broken.toml", "[ledger]\nurl = \"nowhere\"\n");
    let ran = bench.run(&[&JSON[..], &["--config", &file]].concat()).expect(1);
    Found::of(&ran).expect("configuration", "file", "fail", &["ledger.url"]);
}

#[test]
fn a_ledger_that_is_not_there_is_told_and_not_made() {
    let bench = Bench::new();
    let ran = bench.run_with(&JSON, &[LOGIN]).expect(1);
    let found = Found::of(&ran);
    found.expect("ledger", "reach", "fail", &["no ledger", "panos-upgrade migrate"]);
    found.expect("fleet", "ledger", "fail", &["mend the ledger first"]);
    assert!(!bench.ledger().exists(), "it was made");
}

#[test]
fn a_file_that_is_no_ledger_is_told_and_left_as_it_is() {
    let bench = Bench::with_ledger();
    let noise = "this is no database, and long enough to be looked at as one. ".repeat(40);
    std::fs::write(bench.ledger(), &noise).unwrap();
    let ran = bench.run_with(&JSON, &[LOGIN]).expect(1);
    Found::of(&ran).expect("ledger", "reach", "fail", &["not a database"]);
    assert_eq!(std::fs::read_to_string(bench.ledger()).unwrap(), noise);
}

#[test]
fn a_port_where_nobody_listens_is_named_and_costs_no_secret() {
    let bench = Bench::new();
    // Taken and given back: nobody else listens there now.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (ledger, broker) = (
        format!("postgres://app:hush-1@127.0.0.1:{port}/ledger"),
        format!("amqp://app:hush-2@127.0.0.1:{port}"),
    );
    let environment =
        [("PANOS_UPGRADE__LEDGER__URL", ledger.as_str()), ("PANOS_UPGRADE__BROKER__URL", &broker), LOGIN];
    for format in ["json", "table"] {
        let ran = bench.run_with(&["doctor", "--output", format], &environment).expect(1);
        assert!(!format!("{ran:?}").contains("hush"), "{ran:?}");
        if format == "json" {
            let found = Found::of(&ran);
            found.expect("ledger", "port", "fail", &[&port.to_string(), "refused"]);
            found.expect("broker", "port", "fail", &[&port.to_string(), "refused"]);
            found.expect("broker", "reach", "fail", &["broker.url"]);
        }
    }
}

/// A fleet's servers, empty.
struct Servers {
    database: Database,
    virtual_host: VirtualHost,
}

impl Servers {
    async fn start() -> Self {
        Self {
            database: Database::create().await.unwrap(),
            virtual_host: VirtualHost::create().await.unwrap(),
        }
    }

    fn run(&self, bench: &Bench, arguments: &[&str]) -> Ran {
        let environment = [
            ("PANOS_UPGRADE__LEDGER__URL", self.database.url()),
            ("PANOS_UPGRADE__BROKER__URL", self.virtual_host.url()),
            LOGIN,
        ];
        tokio::task::block_in_place(|| bench.run_with(arguments, &environment))
    }

    fn broker(&self, bench: &Bench) -> RabbitMq {
        let text = format!(
            "[ledger]\nurl = \"{}\"\n[broker]\nurl = \"{}\"\n",
            self.database.url(),
            self.virtual_host.url()
        );
        let file = bench.file("servers.toml", &text);
        RabbitMq::new(&config::load(Some(file.as_ref()), []).unwrap().broker).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_schema_and_a_missing_queue_are_found_and_not_mended() {
    let (bench, servers) = (Bench::new(), Servers::start().await);
    for _ in 0..2 {
        let found = Found::of(&servers.run(&bench, &JSON).expect(1));
        found.expect("ledger", "schema", "fail", &["0, this program needs", "panos-upgrade migrate"]);
        // The servers of tests are made for speed, and lose everything in a crash.
        found.expect("ledger", "durability", "fail", &["fsync", "postgresql.conf"]);
        found.expect("broker", "topology", "warn", &["none of", "panos-upgrade migrate"]);
    }
    servers.run(&bench, &["migrate"]).expect(0);
    servers.broker(&bench).declare().await.unwrap();
    let found = Found::of(&servers.run(&bench, &JSON));
    found.expect("ledger", "schema", "ok", &[]);
    found.expect("ledger", "clock", "ok", &[]);
    found.expect("broker", "queue panos.q.download_only.v1", "ok", &["as declared"]);
    found.expect("broker", "queue panos.events.log.v1", "ok", &["7 days"]);
    found.expect("broker", "alarms", "ok", &["confirmed"]);
    found.expect("fleet", "workers", "ok", &["none is alive"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_with_other_arguments_is_named_with_the_way_out() {
    let (bench, servers) = (Bench::new(), Servers::start().await);
    let connection =
        Connection::connect(servers.virtual_host.url(), ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let (name, options) = ("panos.q.download_only.v1", QueueDeclareOptions::durable());
    channel.queue_declare(name.into(), options, FieldTable::default()).await.unwrap();
    let found = Found::of(&servers.run(&bench, &JSON).expect(1));
    found.expect(
        "broker",
        "queue panos.q.download_only.v1",
        "fail",
        &["other arguments", "x-", "rabbitmqctl delete_queue panos.q.download_only.v1"],
    );
    found.expect("broker", "queue panos.q.upgrade.v1", "fail", &["is missing"]);
}

/// A web server with a certificate and a clock of its own; answers every request by nothing but its date.
async fn web_server(params: CertificateParams, date: &'static str) -> u16 {
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let (listener, acceptor) =
        (tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(), TlsAcceptor::from(Arc::new(tls)));
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Who does not believe the certificate goes away here.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let _ = stream.read(&mut [0; 4096]).await;
                let answer = format!("HTTP/1.1 404 Not Found\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panorama_with_an_expired_certificate_and_a_wrong_clock_is_told_both() {
    let bench = Bench::with_ledger();
    let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    let port = web_server(params, "Tue, 15 Nov 1994 08:12:31 GMT").await.to_string();
    let environment = [
        ("PANOS_UPGRADE__PANORAMA__HOST", "localhost"),
        ("PANOS_UPGRADE__PANORAMA__PORT", port.as_str()),
        ("PANOS_UPGRADE__PANORAMA__API_KEY", "k-hush"),
        LOGIN,
    ];
    let ran = tokio::task::block_in_place(|| bench.run_with(&JSON, &environment)).expect(1);
    assert!(!format!("{ran:?}").contains("hush"), "{ran:?}");
    let found = Found::of(&ran);
    found.expect("panorama", "port", "ok", &[&port]);
    found.expect("panorama", "certificate", "fail", &["expired", "renew"]);
    found.expect("panorama", "trust", "fail", &["roots of this system"]);
    found.expect("panorama", "clock", "warn", &["s apart", "NTP"]);
    found.expect("panorama", "login", "fail", &[]);
}

#[test]
fn a_device_that_nobody_knows_is_told() {
    let bench = Bench::with_fleet();
    let ran = bench.run_with(&[&JSON[..], &["--device", "0003"]].concat(), &[LOGIN]).expect(1);
    Found::of(&ran).expect("device", "inventory", "fail", &["no address", "device address"]);
    let ran = bench.run_with(&[&JSON[..], &["--device", "9999"]].concat(), &[LOGIN]).expect(1);
    Found::of(&ran).expect("device", "inventory", "fail", &["9999"]);
}
