//! What the programs of a scenario printed, kept until somebody knows whether it is wanted.
//!
//! Promises: it is there however the scenario ended, also when it panicked or took too long; each program's output
//! is a file of its own. Leaves to others: when to write it ([`runner`](crate::runner)).

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use e2e::world::World;

/// Worlds and outputs of one scenario. Clones are the same shelf.
#[derive(Clone, Default)]
pub struct Shelf {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    worlds: Vec<Arc<World>>,
    outputs: Vec<(String, String)>,
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf").finish_non_exhaustive()
    }
}

impl Shelf {
    /// Keeps a world, and with it what its programs print. It ends with the shelf.
    pub fn keep_world(&self, world: World) -> Arc<World> {
        let world = Arc::new(world);
        self.kept().worlds.push(Arc::clone(&world));
        world
    }

    /// Keeps what a program printed.
    pub fn keep_output(&self, name: impl Into<String>, text: impl Into<String>) {
        self.kept().outputs.push((name.into(), text.into()));
    }

    /// Writes all of it into a directory, which is made.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory)?;
        let kept = self.kept();
        for (number, world) in kept.worlds.iter().enumerate() {
            fs::write(directory.join(format!("world-{number}.log")), world.printed())?;
            fs::write(directory.join(format!("simulator-{number}.log")), world.simulator.log())?;
        }
        for (number, (name, text)) in kept.outputs.iter().enumerate() {
            fs::write(directory.join(format!("{number:02}-{}.log", as_file_name(name))), text)?;
        }
        Ok(())
    }

    /// Ends its worlds: processes, databases and virtual hosts.
    pub fn clear(&self) {
        let kept = std::mem::take(&mut *self.kept());
        drop(kept);
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Letters, digits and hyphens.
fn as_file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_output_becomes_a_file_of_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let shelf = Shelf::default();
        shelf.keep_output("worker 7", "one");
        shelf.clone().keep_output("worker/7", "two");
        let logs = directory.path().join("logs");
        shelf.write(&logs).unwrap();
        let read = |name: &str| fs::read_to_string(logs.join(name)).unwrap();
        assert_eq!((read("00-worker-7.log").as_str(), read("01-worker-7.log").as_str()), ("one", "two"));
    }
}
