//! The demo's fleet, each of its problems on one or two devices: every device ends as the simulator says.

use e2e::checker::Allowed;
use e2e::world::{Setup, Way, World};

both_ways!(every_device_ends_as_the_scenario_says);

async fn every_device_ends_as_the_scenario_says(way: Way) {
    let setup = Setup::devices(60).scenario("demo").set("worker.max_attempts", 2);
    let world = World::queued(way, setup).await;
    world.work().await;

    // Some devices fail on purpose, and whoever follows the fleet is told by the exit code.
    world.cli(&["download", "status", "--watch"]).await.with_code(&[1]);
    let jobs = world.cli(&["job", "list", "--newest"]).await.ok();
    let checked = world.simulator.check(&world.write("jobs.json", &jobs.stdout)).await;
    assert!(checked.status.success(), "{}", checked.stdout);
    assert!(checked.stdout.contains("60 of 60 devices"), "{}", checked.stdout);

    // The image that the base was missing for is asked for twice: that is the problem with this device.
    let trapped: Vec<_> = world.simulator.devices().await;
    let trapped = trapped.iter().filter(|device| device.scenario == "base-missing-trap");
    world.invariants(&Allowed::nothing().asking_again(trapped.map(|device| device.serial.as_str()))).await;
}
