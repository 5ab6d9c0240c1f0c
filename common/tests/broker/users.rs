//! `deploy/rabbitmq/users`: what each role may, and what not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use common::broker::{Broker, BrokerError, Control, EventsFrom};
use common::domain::job::JobType::{DownloadOnly, Upgrade};
use lapin::options::{
    BasicConsumeOptions, BasicGetOptions, BasicPublishOptions, ExchangeDeclareOptions, ExchangeDeleteOptions,
    QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions, QueuePurgeOptions,
};
use lapin::protocol::BasicProperties;
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ExchangeKind};
use tempfile::TempDir;
use testkit::rabbitmq::RabbitMq as Node;
use tokio::time::timeout;

use crate::bench::{
    SOON, channel, client, downloads, event, kept, next, next_control, next_event, next_job, publish,
    the_dead_one, wake_up,
};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/rabbitmq/users");

/// Starting an Erlang machine twice takes five seconds on two cores.
const SCRIPT_WITHIN: Duration = Duration::from_secs(120);

/// A node, and a directory for passwords and for a `rabbitmqctl` that reaches it.
struct Place {
    node: Node,
    directory: TempDir,
}

impl Place {
    async fn start() -> Self {
        let place = Self { node: Node::start().await.unwrap(), directory: tempfile::tempdir().unwrap() };
        let printed = place
            .node
            .eval("io:format(\"~s ~s\", [os:getenv(\"ERL_EPMD_PORT\"), erlang:get_cookie()])")
            .await
            .unwrap();
        let (epmd, cookie) = printed.split_once(' ').unwrap();
        let home = place.directory.path().display();
        let tool = format!(
            "#!/bin/sh\nexport ERL_EPMD_PORT={epmd} HOME={home} RABBITMQ_CONF_ENV_FILE=/dev/null\n\
             echo \"$@\" >>{home}/arguments\n\
             exec /usr/lib/rabbitmq/bin/rabbitmqctl --erlang-cookie {cookie} --node {} \"$@\"\n",
            place.node.name()
        );
        fs::write(place.tool(), tool).unwrap();
        fs::set_permissions(place.tool(), fs::Permissions::from_mode(0o755)).unwrap();
        place
    }

    fn tool(&self) -> PathBuf {
        self.directory.path().join("rabbitmqctl")
    }

    fn passwords(&self) -> PathBuf {
        self.directory.path().join("passwords")
    }

    async fn users(&self, more: &[&str]) -> Output {
        let mut command = tokio::process::Command::new(SCRIPT);
        command.arg("--rabbitmqctl").arg(self.tool()).arg("--passwords").arg(self.passwords()).args(more);
        let output = timeout(SCRIPT_WITHIN, command.kill_on_drop(true).output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{output:?}");
        output
    }

    fn password(&self, user: &str) -> String {
        fs::read_to_string(self.passwords().join(user)).unwrap()
    }

    fn url(&self, user: &str) -> String {
        let login = format!("{user}:{}", self.password(user));
        format!("{}/panos", self.node.url().replace("guest:guest", &login))
    }

    fn client(&self, user: &str) -> Arc<dyn Broker> {
        client(&self.url(user))
    }
}

/// What somebody tries past our own code.
#[derive(Debug, Clone, Copy)]
enum Try {
    DeclareExchange(&'static str),
    DeleteExchange(&'static str),
    DeclareQueue(&'static str),
    DeleteQueue(&'static str),
    Purge(&'static str),
    /// Queue, exchange.
    Bind(&'static str, &'static str),
    Publish(&'static str),
    Get(&'static str),
    Consume(&'static str),
}

impl Try {
    async fn on(self, channel: &Channel) -> lapin::Result<()> {
        let no_arguments = FieldTable::default();
        match self {
            Self::DeclareExchange(name) => {
                let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
                channel.exchange_declare(name.into(), ExchangeKind::Topic, options, no_arguments).await
            }
            Self::DeleteExchange(name) => {
                channel.exchange_delete(name.into(), ExchangeDeleteOptions::default()).await
            }
            Self::DeclareQueue(name) => channel
                .queue_declare(name.into(), QueueDeclareOptions::durable(), no_arguments)
                .await
                .map(drop),
            Self::DeleteQueue(name) => {
                channel.queue_delete(name.into(), QueueDeleteOptions::default()).await.map(drop)
            }
            Self::Purge(name) => {
                channel.queue_purge(name.into(), QueuePurgeOptions::default()).await.map(drop)
            }
            Self::Bind(queue, exchange) => {
                let options = QueueBindOptions::default();
                channel.queue_bind(queue.into(), exchange.into(), "#".into(), options, no_arguments).await
            }
            Self::Publish(exchange) => {
                channel.confirm_select(lapin::options::ConfirmSelectOptions::default()).await?;
                let (options, properties) = (BasicPublishOptions::default(), BasicProperties::default());
                let published =
                    channel.basic_publish(exchange.into(), "job.nowhere".into(), options, b"{}", properties);
                published.await?.await.map(drop)
            }
            Self::Get(queue) => channel.basic_get(queue.into(), BasicGetOptions::default()).await.map(drop),
            Self::Consume(queue) => {
                let options = BasicConsumeOptions::default();
                channel.basic_qos(1, lapin::options::BasicQosOptions::default()).await?;
                channel.basic_consume(queue.into(), "".into(), options, no_arguments).await.map(drop)
            }
        }
    }
}

/// Asserts that all of it is refused, because this user may not.
async fn are_refused(url: &str, tries: &[Try]) {
    let (connection, _channel): (Connection, _) = channel(url).await;
    for one in tries {
        let channel = connection.create_channel().await.unwrap();
        let refused = timeout(SOON, one.on(&channel)).await.unwrap();
        let text = refused.expect_err(&format!("{one:?} is allowed")).to_string();
        assert!(text.contains("ACCESS_REFUSED"), "{one:?}: {text}");
    }
}

const QUEUES: [&str; 5] = [
    "panos.q.download_only.v1",
    "panos.q.upgrade.v1",
    "panos.dead.v1",
    "panos.q.commands.v1",
    "panos.events.log.v1",
];
const EXCHANGES: [&str; 5] = ["panos.jobs", "panos.dlx", "panos.control", "panos.commands", "panos.events"];

/// What nobody but the administrator may.
fn of_the_administrator() -> Vec<Try> {
    let of_exchanges =
        EXCHANGES.into_iter().flat_map(|name| [Try::DeclareExchange(name), Try::DeleteExchange(name)]);
    let of_queues = QUEUES.into_iter().flat_map(|name| [Try::DeclareQueue(name), Try::DeleteQueue(name)]);
    let others = [
        Try::DeclareQueue("another"),
        Try::DeclareExchange("another"),
        Try::Publish("panos.dlx"),
        // The default exchange leads to any queue, past its bindings.
        Try::Publish(""),
        Try::Bind("panos.dead.v1", "panos.jobs"),
        Try::Bind("panos.events.log.v1", "panos.events"),
    ];
    of_exchanges.chain(of_queues).chain(others).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_does_its_work_and_nothing_else() {
    let place = Place::start().await;
    place.users(&[]).await;

    // Nobody has declared anything but the script: a worker finds all that it needs.
    let worker = place.client("panos-worker");
    publish(&*worker, &[wake_up(1, DownloadOnly), wake_up(2, Upgrade), event(1)]).await;
    let mut wake_ups = worker.wake_ups(&[DownloadOnly, Upgrade]).await.unwrap();
    let mut controls = worker.controls().await.unwrap();
    let mut jobs = [next_job(&mut wake_ups).await, next_job(&mut wake_ups).await];
    jobs.sort_unstable();
    assert_eq!(jobs, [1, 2]);
    publish(&*worker, &downloads([3])).await;
    next(&mut wake_ups).await.receipt.reject("a test").await.unwrap();
    let dead = the_dead_one(&*worker).await;
    worker.requeue(&kept(&dead.letter)).await.unwrap();
    dead.receipt.give_back().await.unwrap();
    assert_eq!(next_job(&mut wake_ups).await, 3);
    worker.depth(DownloadOnly).await.unwrap();

    let producer = place.client("panos-producer");
    producer.tell(&Control::Pauses).await.unwrap();
    assert_eq!(next_control(&mut controls).await, Control::Pauses);
    publish(&*producer, &[wake_up(4, DownloadOnly), event(2)]).await;
    assert_eq!(next_job(&mut wake_ups).await, 4);
    producer.depth(DownloadOnly).await.unwrap();
    let dead = the_dead_one(&*producer).await;
    producer.requeue(&kept(&dead.letter)).await.unwrap();
    dead.receipt.ack().await.unwrap();
    assert_eq!(next_job(&mut wake_ups).await, 3);

    let ui = place.client("panos-ui");
    let mut feed = ui.events(EventsFrom::First).await.unwrap();
    assert_eq!([next_event(&mut feed).await.body, next_event(&mut feed).await.body], ["1", "2"]);

    let mut not_the_worker = of_the_administrator();
    not_the_worker.extend([
        Try::Get("panos.events.log.v1"),
        Try::Consume("panos.events.log.v1"),
        Try::Purge("panos.events.log.v1"),
        Try::Consume("panos.q.commands.v1"),
        Try::Publish("panos.commands"),
        Try::Bind("panos.q.upgrade.v1", "panos.jobs"),
    ]);
    are_refused(&place.url("panos-worker"), &not_the_worker).await;
    assert!(matches!(worker.events(EventsFrom::First).await.map(drop), Err(BrokerError::Topology { .. })));

    let mut not_the_producer = of_the_administrator();
    not_the_producer.extend([
        Try::Consume("panos.q.download_only.v1"),
        Try::Consume("panos.q.commands.v1"),
        Try::Get("panos.q.upgrade.v1"),
        Try::Purge("panos.q.upgrade.v1"),
        Try::Bind("panos.q.upgrade.v1", "panos.jobs"),
        Try::Get("panos.events.log.v1"),
        Try::DeclareQueue("panos.ctl.mine"),
    ]);
    are_refused(&place.url("panos-producer"), &not_the_producer).await;
    assert!(matches!(producer.wake_ups(&[Upgrade]).await.map(drop), Err(BrokerError::Topology { .. })));

    let mut not_the_ui = of_the_administrator();
    not_the_ui.extend(QUEUES[..4].iter().flat_map(|name| [Try::Get(name), Try::Purge(name)]));
    not_the_ui.extend(["panos.jobs", "panos.control", "panos.commands", "panos.events"].map(Try::Publish));
    are_refused(&place.url("panos-ui"), &not_the_ui).await;
    assert!(matches!(ui.tell(&Control::Pauses).await, Err(BrokerError::Topology { .. })));

    let mut not_the_dashboard = of_the_administrator();
    // It answers commands.
    not_the_dashboard.retain(|one| !matches!(one, Try::Publish("")));
    not_the_dashboard.extend(QUEUES[..3].iter().flat_map(|name| [Try::Get(name), Try::Purge(name)]));
    not_the_dashboard.push(Try::Publish("panos.commands"));
    are_refused(&place.url("panos-dashboard"), &not_the_dashboard).await;
    place.client("panos-dashboard").commands().await.unwrap().unwrap();

    let mut not_the_commands = of_the_administrator();
    not_the_commands.extend(QUEUES.iter().flat_map(|name| [Try::Get(name), Try::Purge(name)]));
    not_the_commands.extend(["panos.jobs", "panos.control", "panos.events"].map(Try::Publish));
    are_refused(&place.url("panos-commands"), &not_the_commands).await;

    let at_home = place.node.url();
    are_refused_at(
        &at_home.replace("guest:guest", &format!("panos-worker:{}", place.password("panos-worker"))),
    )
    .await;
}

/// A user of one virtual host is nobody in the others.
async fn are_refused_at(url: &str) {
    let refused = client(url).check().await.unwrap_err();
    assert!(!matches!(refused, BrokerError::Topology { .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn preparing_a_broker_twice_changes_nothing_but_a_password_that_was_changed() {
    let place = Place::start().await;
    let first = place.users(&[]).await;
    let passwords: Vec<_> =
        ["panos-admin", "panos-producer", "panos-worker", "panos-dashboard", "panos-commands", "panos-ui"]
            .into_iter()
            .map(|user| (user, place.password(user)))
            .collect();
    for (user, password) in &passwords {
        let mode = fs::metadata(place.passwords().join(user)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{user}");
        assert_eq!(password.len(), 48, "{user}");
        let said =
            String::from_utf8_lossy(&first.stdout).into_owned() + &String::from_utf8_lossy(&first.stderr);
        assert!(!said.contains(password), "{said}");
    }
    let arguments = fs::read_to_string(place.directory.path().join("arguments")).unwrap();
    assert!(passwords.iter().all(|(_, password)| !arguments.contains(password)), "{arguments}");

    // What the script makes is what the programs would make: else they would be refused for other arguments.
    let admin = place.client("panos-admin");
    admin.declare().await.unwrap();
    publish(&*admin, &downloads([1])).await;
    let policies = place.node.rabbitmqctl(&["list_policies", "--vhost", "panos"]).await.unwrap();
    assert!(policies.contains("\"max-length\":200000"), "{policies}");

    let odd = r#"q"uote \ back 'tick' $HOME é"#;
    fs::write(place.passwords().join("panos-worker"), format!("{odd}\n")).unwrap();
    let second = place.users(&[]).await;
    assert!(second.stderr.is_empty(), "{second:?}");
    assert_eq!(admin.depth(DownloadOnly).await.unwrap().n_ready, 1, "the message is still there");
    place.node.rabbitmqctl(&["authenticate_user", "panos-worker", odd]).await.unwrap();
    for (user, password) in passwords.iter().filter(|(user, _)| *user != "panos-worker") {
        assert_eq!(&place.password(user), password);
        client(&place.url(user)).check().await.unwrap();
    }

    // And by certificate: the same users, whom no password fits any more.
    place.users(&["--certificates"]).await;
    let refused = client(&place.url("panos-admin")).check().await.unwrap_err();
    assert!(matches!(refused, BrokerError::Closed { .. }), "{refused}");
}

#[tokio::test]
async fn the_script_explains_itself_and_refuses_what_it_does_not_know() {
    let run = async |arguments: &[&str]| {
        let mut command = tokio::process::Command::new(SCRIPT);
        timeout(SCRIPT_WITHIN, command.args(arguments).kill_on_drop(true).output()).await.unwrap().unwrap()
    };
    let help = run(&["--help"]).await;
    assert!(
        help.status.success() && String::from_utf8_lossy(&help.stdout).contains("--passwords"),
        "{help:?}"
    );
    let nowhere = Path::new("/nowhere/rabbitmqctl");
    for (arguments, code, said) in [
        (&["--user"][..], 2, "what is \"--user\"?"),
        (&["--vhost"], 2, "--vhost needs a value"),
        (&["--vhost", "a\"b"], 2, "the name of a virtual host"),
        (&["--certificates", "--rabbitmqctl", nowhere.to_str().unwrap()], 1, "does not tell its version"),
    ] {
        let refused = run(arguments).await;
        assert_eq!(refused.status.code(), Some(code), "{refused:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains(said), "{refused:?}");
    }
}
