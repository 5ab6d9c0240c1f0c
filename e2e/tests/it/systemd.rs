//! A daemon under systemd: `Type=notify` waits for its word.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use testkit::wait::wait_until;

use e2e::world::{SOON, Setup, Way, World};

/// Longest wait for one look at the socket.
const LOOK: Duration = Duration::from_millis(50);

#[tokio::test]
async fn daemons_tell_systemd_that_they_work_and_that_they_leave() {
    let world = World::discovered(Way::Fleet, Setup::devices(1)).await;
    for name in ["panos-upgrade-worker", "panos-upgrade-dashboard"] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(LOOK)).unwrap();

        let listen = [("dashboard.listen", serde_json::json!("127.0.0.1:0"))];
        let program = world.program_with(name, &world.configured(&listen)).env("NOTIFY_SOCKET", &path);
        let daemon = world.start(&program);
        told(&socket, name, "READY=1").await;
        assert_eq!(daemon.terminated().await, 0, "{name}");
        told(&socket, name, "STOPPING=1").await;
    }
}

/// The next thing that is said on the socket.
async fn told(socket: &UnixDatagram, name: &str, expected: &str) {
    wait_until(&format!("{name} says {expected}"), SOON, async || {
        let mut words = [0; 256];
        match socket.recv(&mut words) {
            Ok(length) => {
                assert_eq!(String::from_utf8_lossy(&words[..length]).trim(), expected, "{name}");
                Ok(())
            }
            Err(error) => Err(error.to_string()),
        }
    })
    .await;
}
