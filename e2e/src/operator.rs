//! What an operator does in most cases, through the command line.

use serde_json::Value;

use crate::world::{Said, World};

impl World {
    /// Reads the inventory from Panorama, and trusts the true hashes.
    pub async fn discover(&self) {
        self.cli(&["device", "discover"]).await.ok();
        self.trust_true_hashes().await;
    }

    /// Trusts the hashes that the simulated files have.
    pub async fn trust_true_hashes(&self) {
        let file = self.write("hashes.csv", &self.simulator.catalogue().await);
        self.cli(&["hash", "import", file.to_str().unwrap()]).await.ok();
    }

    /// Queues a job for every device, and answers what the command printed.
    pub async fn queue_all(&self) -> Value {
        self.queue_all_with(&self.queue).await.ok().json()
    }

    /// [`World::queue_all`] with more options, however it ends.
    pub async fn queue_all_with(&self, options: &[&str]) -> Said {
        let target = self.simulator.ready().target.clone();
        let queue = ["download", "queue-all", "--target", &target, "--reason", "CHG-4711"];
        self.cli(&[&queue[..], options].concat()).await
    }

    /// Queues a download to the target for one device, however it ends.
    pub async fn submit(&self, serial: &str) -> Said {
        let target = self.simulator.ready().target.clone();
        self.cli(&["job", "submit", "--device", serial, "--download-only", "--target", &target]).await
    }
}
