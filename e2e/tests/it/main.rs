//! The whole system, as processes: simulated firewalls behind real TLS, real PostgreSQL and RabbitMQ, and the
//! programs as an operator starts them.
//!
//! | file | shows |
//! |---|---|
//! | `happy.rs` | a fleet gets its images, and a second run asks for none |
//! | `scenario.rs` | the demo's fleet with its problems ends as the simulator says |
//! | `realistic.rs` | so does a fleet with everything that real firewalls do |
//! | `drain.rs` | a thousand devices take little longer than one |
//! | `kill.rs` | a worker that is killed loses nothing and repeats nothing |
//! | `shutdown.rs` | a worker that is told to stop hands everything back |
//! | `conflict.rs` | one job per device, whoever asks, however many ask at once |
//! | `cancel.rs` | a cancelled job ends, and its device is left alone |
//! | `panorama.rs` | a Panorama that refuses or talks nonsense harms nothing |
//! | `liar.rs` | a firewall that does spoils its own job alone |
//! | `reboot.rs` | a firewall that restarts or falls silent costs no attempt |
//! | `pairs.rs` | the members of an HA pair take turns, or one downloads for both |
//! | `hold.rs` | a wrong password is not tried everywhere; a pause holds a fleet |
//! | `messages.rs` | what a firewall says can be taught |
//! | `verification.rs` | what is not proved is never ready |
//! | `hashes.rs` | hashes that differ are an alarm that only a person ends |
//! | `inventory.rs` | what is new, changed and gone, and what a person says of a device |
//! | `plan.rs` | what is foretold is what is downloaded, and foretelling changes nothing |
//! | `cleanup.rs` | a full firewall gets room, and nothing is deleted that somebody needs |
//! | `courtesy.rs` | one call, one connection, one log-in |
//! | `secrets.rs` | no password and no key where it does not belong |
//! | `public_client.rs` | a client of somebody else's understands the simulator |
//!
//! What they share is the library of this crate. Where the engine has a part in it, a case is an async function
//! over a [`Way`](e2e::world::Way), and [`both_ways`] makes it two tests; the others run on one of the two. Each has
//! a database, a virtual host, a fleet and a directory of its own. The programs must have been built
//! (`cargo build --workspace`); `./test` does that.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a helper that fails is a failed test, and says what the programs said"
)]

/// Makes each case a test per way to run: `embedded::case` and `fleet::case`.
macro_rules! both_ways {
    ($($case:ident),+ $(,)?) => {
        mod embedded {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(e2e::world::Way::Embedded).await;
                }
            )+
        }

        mod fleet {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(e2e::world::Way::Fleet).await;
                }
            )+
        }
    };
}

mod cancel;
mod cleanup;
mod conflict;
mod courtesy;
mod doctor;
mod drain;
mod happy;
mod hashes;
mod hold;
mod inventory;
mod kill;
mod liar;
mod messages;
mod pairs;
mod panorama;
mod plan;
mod public_client;
mod realistic;
mod reboot;
mod scenario;
mod secrets;
mod shutdown;
mod systemd;
mod verification;
