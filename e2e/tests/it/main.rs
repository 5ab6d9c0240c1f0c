//! The whole system, as processes: simulated firewalls behind real TLS, real PostgreSQL and RabbitMQ, and the
//! programs as an operator starts them.
//!
//! | file | shows |
//! |---|---|
//! | `happy.rs` | a fleet gets its images, and a second run asks for none |
//! | `scenario.rs` | the demo's fleet with its problems ends as the simulator says |
//! | `drain.rs` | a thousand devices take little longer than one |
//! | `kill.rs` | a worker that is killed loses nothing and repeats nothing |
//! | `shutdown.rs` | a worker that is told to stop hands everything back |
//! | `conflict.rs` | one job per device, whoever asks, however many ask at once |
//! | `cancel.rs` | a cancelled job ends, and its device is left alone |
//! | `panorama.rs` | a Panorama that refuses or talks nonsense harms nothing |
//! | `liar.rs` | a firewall that does spoils its own job alone |
//! | `verification.rs` | what is not proved is never ready |
//! | `secrets.rs` | no password and no key where it does not belong |
//! | `public_client.rs` | a client of somebody else's understands the simulator |
//!
//! `world.rs` is what they share, `setup.rs` what it can be like, `simulator.rs` the fleet and its control endpoint, `invariants.rs` what holds
//! at the end of every case. A case is an async function over a [`Way`](world::Way); [`both_ways`] makes it
//! two tests. Each has a database, a virtual host, a fleet and a directory of its own. The programs must have
//! been built (`cargo build --workspace`); `./test` does that.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a helper that fails is a failed test, and says what the programs said"
)]

/// Makes each case a test per way to run: `embedded::case` and `fleet::case`.
macro_rules! both_ways {
    ($($case:ident),+ $(,)?) => {
        mod embedded {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(crate::world::Way::Embedded).await;
                }
            )+
        }

        mod fleet {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(crate::world::Way::Fleet).await;
                }
            )+
        }
    };
}

mod cancel;
mod conflict;
mod drain;
mod happy;
mod invariants;
mod kill;
mod liar;
mod panorama;
mod public_client;
mod scenario;
mod secrets;
mod setup;
mod shutdown;
mod simulator;
mod verification;
mod world;
