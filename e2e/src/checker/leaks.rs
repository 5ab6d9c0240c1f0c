//! Secrets where they do not belong: I12.
//!
//! Promises: a secret that is found is not repeated. Leaves to others: making programs say everything they can
//! ([`World::printed`](crate::world::World::printed) holds what they said).

use std::fs;

use crate::world::{Way, World};

/// Every API key of PAN-OS, and of the simulator, begins like this, also one that a `keygen` made.
const KEY_PREFIX: &str = "LUFRPT";

/// The secrets of a run, each of them unlike any other text.
pub(super) fn canaries(world: &World) -> Vec<String> {
    let ready = world.simulator.ready();
    let mut secrets = vec![ready.password.clone(), ready.api_key.clone(), KEY_PREFIX.to_owned()];
    secrets.extend(world.broker_password());
    secrets
}

/// The names of the places that hold a secret.
pub(super) fn find(secrets: &[String], places: &[(&str, String)]) -> Vec<String> {
    let holds = |text: &String| secrets.iter().any(|secret| text.contains(secret));
    let found = places.iter().filter(|(_, text)| holds(text));
    found.map(|(place, _)| format!("a secret stands in {place}")).collect()
}

/// What the ledger stores, as text.
pub(super) async fn ledger_text(world: &World) -> Result<String, String> {
    match world.way() {
        Way::Fleet => Ok(world.rows().await),
        Way::Embedded => {
            let read = |path: &std::path::Path| -> std::io::Result<Vec<u8>> {
                let mut bytes = Vec::new();
                for entry in fs::read_dir(path)? {
                    let entry = entry?;
                    if entry.file_name().to_string_lossy().starts_with("ledger.sqlite") {
                        // The log and the index beside the file come and go with its users.
                        bytes.extend(fs::read(entry.path()).unwrap_or_default());
                    }
                }
                Ok(bytes)
            };
            let bytes = read(world.directory()).map_err(|error| format!("the ledger's files: {error}"))?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
    }
}
