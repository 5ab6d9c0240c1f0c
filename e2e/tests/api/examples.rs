//! What `docs/commands/README.md` shows, run as it stands there.

use std::path::Path;
use std::time::Duration;

use e2e::world::{Way, World};
use tokio::process::Command;

use crate::door::{Door, TOKEN, fleet};

/// Longest time for one block.
const WITHIN: Duration = Duration::from_secs(60);

/// The blocks of a language.
fn blocks(language: &str) -> String {
    let page = include_str!("../../../docs/commands/README.md");
    let blocks = page.split("```").filter_map(|block| block.strip_prefix(&format!("{language}\n")));
    blocks.collect::<Vec<_>>().join("\n")
}

async fn run(world: &World, door: &Door<'_>, program: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(world.directory()).kill_on_drop(true);
    command.env("PANOS_URL", door.url()).env("PANOS_TOKEN", TOKEN).env("TARGET", door.target());
    if let Some(servers) = world.servers() {
        // A program may be there before the dashboard has made its queue; an installation is prepared once.
        world.engine().await.broker.declare().await.unwrap();
        command.env("AMQP_URL", servers.host.url());
    }
    let output = tokio::time::timeout(WITHIN, command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[tokio::test]
async fn the_curl_examples_do_what_they_say() {
    let world = fleet(Way::Embedded, 3).await;
    let door = Door::open(&world).await;
    let script = format!("set -euo pipefail\n{}", blocks("bash"));
    assert!(script.matches("curl").count() >= 5);
    run(&world, &door, Path::new("bash"), &["-c", &script]).await;
    let jobs = door.jobs().await;
    assert_eq!(jobs.len(), 4, "three, and the retry of a cancelled one");
    assert!(jobs.iter().all(|job| job.requested_by.operator == "api/web-app/alice"));
}

#[tokio::test]
async fn the_python_example_gets_its_answers_over_the_broker() {
    let world = fleet(Way::Fleet, 3).await;
    let door = Door::open(&world).await;
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pika/bin/python");
    let said = run(&world, &door, &python, &["-c", &blocks("python")]).await;
    let answers: Vec<serde_json::Value> =
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 2, "{said}");
    let jobs = door.jobs().await;
    assert_eq!(jobs.len(), 3);
    assert!(jobs.iter().any(|job| job.requested_by.operator == "amqp/inventory-bot"));
}

#[tokio::test]
async fn a_command_is_done_once_and_what_is_none_is_answered_and_kept() {
    let world = fleet(Way::Fleet, 3).await;
    let door = Door::open(&world).await;
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pika/bin/python");
    let helper = blocks("python");
    let (helper, _) = helper.split_once("queued = ").unwrap();
    let script = format!(
        "{helper}{}",
        r#"
uuid.uuid4 = lambda: "the-same-key"
first = command(command="submit", devices="all", target=os.environ["TARGET"])
again = command(command="submit", devices="all", target=os.environ["TARGET"])
assert not first["replayed"] and again["replayed"] and first["answer"] == again["answer"], again
other = command(command="submit", devices="all", target="12.1.0")
assert other["status"] == 422 and other["error"]["code"] == "key_reused", other
channel.basic_publish("panos.commands", "cmd.submit", "nonsense", pika.BasicProperties(
    reply_to="amq.rabbitmq.reply-to", correlation_id="bad"))
while len(answers) < 4:
    connection.process_data_events(time_limit=1)
assert answers[-1][0] == "bad" and answers[-1][1]["status"] == 400, answers
"#
    );
    run(&world, &door, &python, &["-c", &script]).await;
    assert_eq!(door.jobs().await.len(), 3);
    let broker = &world.engine().await.broker;
    testkit::wait::wait_until("it is a dead letter", e2e::world::SOON, async || {
        match broker.dead_depth().await.unwrap() {
            1 => Ok(()),
            n => Err(n.to_string()),
        }
    })
    .await;
    let taken = broker.take_dead(1).await.unwrap();
    assert!(taken[0].letter.reason.contains("expected"), "{}", taken[0].letter.reason);
}
