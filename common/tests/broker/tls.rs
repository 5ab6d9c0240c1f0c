//! Whom we trust, and what we show.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use common::broker::rabbitmq::RabbitMq;
use common::broker::{Broker, BrokerError};
use common::config::BrokerConfig;
use common::domain::job::JobType::DownloadOnly;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use testkit::rabbitmq::RabbitMq as Node;

use crate::bench::{downloads, next_job, publish, settings};

/// A CA with a certificate for the node and one for us, as PEM files that the node may read.
struct Authority {
    directory: TempDir,
}

impl Authority {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        // The node runs as another user.
        fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).unwrap();
        let authority = Self { directory };
        let mut params = named("test CA", vec![]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        authority.write("ca.pem", &ca.pem());
        for (name, host) in
            [("server", "127.0.0.1"), ("client", "client.test"), ("panos-worker", "worker.test")]
        {
            let key = KeyPair::generate().unwrap();
            let certificate = named(name, vec![host.to_owned()]).signed_by(&key, &ca).unwrap();
            authority.write(&format!("{name}.pem"), &certificate.pem());
            authority.write(&format!("{name}.key"), &key.serialize_pem());
        }
        authority
    }

    fn write(&self, name: &str, pem: &str) {
        fs::write(self.path(name), pem).unwrap();
        fs::set_permissions(self.path(name), Permissions::from_mode(0o644)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The settings of somebody with the certificate `name`.
    fn settings(&self, url: &str, name: &str) -> BrokerConfig {
        BrokerConfig {
            ca_file: Some(self.path("ca.pem")),
            client_cert_file: Some(self.path(&format!("{name}.pem"))),
            client_key_file: Some(self.path(&format!("{name}.key"))),
            ..settings(url)
        }
    }

    /// A node that speaks TLS alone to us, and asks for our certificate; and its port.
    async fn node(&self) -> (Node, u16) {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = |name: &str| self.path(name).display().to_string();
        let lines = [
            format!("listeners.ssl.1 = 127.0.0.1:{port}"),
            format!("ssl_options.cacertfile = {}", file("ca.pem")),
            format!("ssl_options.certfile = {}", file("server.pem")),
            format!("ssl_options.keyfile = {}", file("server.key")),
            "ssl_options.verify = verify_peer".to_owned(),
            "ssl_options.fail_if_no_peer_cert = true".to_owned(),
            // For a log-in by certificate, once the plugin is there.
            "auth_mechanisms.1 = EXTERNAL".to_owned(),
            "auth_mechanisms.2 = PLAIN".to_owned(),
            "ssl_cert_login_from = common_name".to_owned(),
        ];
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        (Node::start_with(&lines).await.unwrap(), port)
    }
}

/// Each with a name of its own: Erlang takes one that is named like its issuer for self-signed.
fn named(name: &str, hosts: Vec<String>) -> CertificateParams {
    let mut params = CertificateParams::new(hosts).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_not_trusted_is_told_which_file_is_wrong_and_what_to_do() {
    let (ours, another) = (Authority::new(), Authority::new());
    let (_node, port) = ours.node().await;
    let url = format!("amqps://guest:guest@127.0.0.1:{port}");
    let complete = ours.settings(&url, "client");
    let broker = RabbitMq::new(&complete).unwrap();
    publish(&broker, &downloads([1])).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next_job(&mut wake_ups).await, 1);

    let file = |authority: &Authority, name: &str| authority.path(name).display().to_string();
    let of_another_ca = BrokerConfig { ca_file: Some(another.path("ca.pem")), ..complete.clone() };
    let by_another_ca =
        BrokerConfig { ca_file: Some(ours.path("ca.pem")), ..another.settings(&url, "client") };
    let without_certificate =
        BrokerConfig { client_cert_file: None, client_key_file: None, ..complete.clone() };
    let by_another_name = ours.settings(&format!("amqps://guest:guest@localhost:{port}"), "client");
    for (config, named) in [
        (of_another_ca, vec!["broker.ca_file", &*file(&another, "ca.pem"), "not from a CA in"]),
        (by_another_ca, vec!["broker.client_cert_file", &*file(&another, "client.pem"), "does not accept"]),
        (
            without_certificate,
            vec!["broker.client_cert_file", "broker.client_key_file", "wants a certificate"],
        ),
        (by_another_name, vec!["broker.url", "`localhost`", "not for"]),
    ] {
        let broker = RabbitMq::new(&config).unwrap();
        for error in [broker.check().await.unwrap_err(), broker.publish(&downloads([1])).await.unwrap_err()] {
            // Not final: a certificate is renewed at the broker, and whoever waits comes back with pauses.
            assert!(matches!(&error, BrokerError::NotReachable { .. }), "{error}");
            let text = error.to_string();
            assert!(named.iter().all(|word| text.contains(word)), "{text} says nothing of {named:?}");
            assert!(!text.contains("guest"), "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_a_login_where_the_broker_takes_it_for_one() {
    let authority = Authority::new();
    let (node, port) = authority.node().await;
    let enabled = "File = rabbit_plugins:enabled_plugins_file(),
        ok = rabbit_file:write_term_file(File, [[rabbitmq_management, rabbitmq_auth_mechanism_ssl]]),
        rabbit_plugins:ensure(File)";
    node.eval(enabled).await.unwrap();
    node.rabbitmqctl(&["add_user", "panos-worker", "not known to us"]).await.unwrap();
    node.rabbitmqctl(&["set_permissions", "panos-worker", ".*", ".*", ".*"]).await.unwrap();
    let url = format!("amqps://127.0.0.1:{port}");

    let broker = RabbitMq::new(&authority.settings(&url, "panos-worker")).unwrap();
    publish(&broker, &downloads([1])).await;
    let mut wake_ups = broker.wake_ups(&[DownloadOnly]).await.unwrap();
    assert_eq!(next_job(&mut wake_ups).await, 1);

    // Trusted, and nobody's name.
    let nobody = RabbitMq::new(&authority.settings(&url, "client")).unwrap();
    let error = nobody.check().await.unwrap_err();
    assert!(matches!(&error, BrokerError::Closed { .. }), "{error}");
    assert!(error.to_string().contains("client.pem"), "{error}");
    // A password in the settings is one, certificate or not.
    let by_password = authority.settings(&format!("amqps://guest:guest@127.0.0.1:{port}"), "client");
    RabbitMq::new(&by_password).unwrap().check().await.unwrap();
}

#[tokio::test]
async fn a_key_that_does_not_fit_its_certificate_is_found_before_any_connection() {
    let authority = Authority::new();
    let config = BrokerConfig {
        ca_file: Some(authority.path("ca.pem")),
        client_cert_file: Some(authority.path("client.pem")),
        client_key_file: Some(authority.path("server.key")),
        ..settings("amqps://guest:guest@127.0.0.1:1")
    };
    let Err(error) = RabbitMq::new(&config) else { panic!("it was taken") };
    assert!(matches!(&error, BrokerError::Settings { key: "broker.client_cert_file", .. }), "{error}");
}
