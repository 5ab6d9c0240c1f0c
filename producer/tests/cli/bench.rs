//! One operator on one machine: a home of its own, and the binary under test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use common::config;
use common::engine::Engine;
use tempfile::TempDir;

/// Four devices: one to bring to 11.1.4-h7, one that runs it, one without an address, one that a spreadsheet
/// and a terminal should be careful with.
pub const FLEET: &str = "\
serial,hostname,mgmt_ip,current_version,model
0001,edge-1,192.0.2.1,10.2.9,PA-440
0002,edge-2,192.0.2.2,11.1.4-h7,PA-440
0003,edge-3,,10.2.9,PA-440
0004,=HYPERLINK(\u{1b}[2J),192.0.2.4,10.1.6,PA-3220
";

/// A home directory and what runs in it.
pub struct Bench {
    home: TempDir,
}

/// What a command did.
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    /// An operator who has nothing yet.
    pub fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// An operator with an empty ledger.
    pub fn with_ledger() -> Self {
        let bench = Self::new();
        bench.run(&["migrate"]).expect(0);
        bench
    }

    /// An operator with [`FLEET`] in the inventory.
    pub fn with_fleet() -> Self {
        let bench = Self::new();
        let file = bench.file("fleet.csv", FLEET);
        bench.run(&["device", "import", &file]).expect(0);
        bench
    }

    /// Writes a file; answers its path.
    pub fn file(&self, name: &str, content: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A path below the home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Where the embedded ledger is.
    pub fn ledger(&self) -> PathBuf {
        self.path("data/panos-upgrade/ledger.sqlite")
    }

    /// The embedded ledger with its broker, as another program sees it.
    pub async fn engine(&self) -> Engine {
        let file = self.path("engine.toml");
        std::fs::write(&file, format!("[ledger]\nurl = \"sqlite:{}\"\n", self.ledger().display())).unwrap();
        Engine::open(&config::load(Some(&file), []).unwrap()).await.unwrap()
    }

    /// Runs the binary.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    /// Runs the binary with more in its environment.
    pub fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
        let home: &Path = self.home.path();
        let output = Command::new(env!("CARGO_BIN_EXE_panos-upgrade"))
            .args(arguments)
            .env_clear()
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_DATA_HOME", home.join("data"))
            .envs(environment.iter().copied())
            .current_dir(home)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Ran::of(&output, home)
    }

    /// Runs the binary with `--output json` and reads what it prints.
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let ran = self.run(&[arguments, &["--output", "json"]].concat());
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
    }
}

impl Ran {
    fn of(output: &Output, home: &Path) -> Self {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            masked(&text.replace(home.to_str().unwrap(), "[home]"))
        };
        let code = output.status.code().unwrap();
        Self { code, stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// The same, when it ended with this code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// Checks that it was refused: this code, nothing on stdout, and these words on stderr.
    #[track_caller]
    pub fn refused(self, code: i32, words: &[&str]) {
        let ran = self.expect(code);
        assert_eq!(ran.stdout, "", "{ran:?}");
        for word in words {
            assert!(ran.stderr.contains(word), "no {word:?} in {ran:?}");
        }
    }
}

impl std::fmt::Debug for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit code {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

/// Times of day as `[time]`: `2026-11-23T14:00:00Z` is 20 characters of one shape.
fn masked(text: &str) -> String {
    const LENGTH: usize = "2026-11-23T14:00:00Z".len();
    let is_time = |candidate: &str| {
        candidate.bytes().zip(b"0000-00-00T00:00:00Z").all(|(found, shape)| match shape {
            b'0' => found.is_ascii_digit(),
            sign => found == *sign,
        })
    };
    let (mut shown, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        match rest.get(..LENGTH).filter(|candidate| is_time(candidate)) {
            Some(_) => {
                shown.push_str("[time]");
                rest = &rest[LENGTH..];
            }
            None => {
                shown.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    shown
}
