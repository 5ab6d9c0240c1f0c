//! `docs/performance.md`: the machine, every figure beside its target, and how each was measured.
//!
//! Made from what was measured, so that no figure in it is older than the run that it tells of.

use std::fs;

use serde_json::{Value, json};

use crate::findings::Findings;
use crate::report::Report;

/// What was measured on.
#[derive(Debug)]
pub(crate) struct Machine {
    model: String,
    processors: usize,
    memory_gib: u64,
    kernel: String,
    build: &'static str,
}

impl Machine {
    /// This one, as far as it tells.
    pub(crate) fn look() -> Self {
        let line = |file: &str, key: &str| {
            let text = fs::read_to_string(file).ok()?;
            let line = text.lines().find(|line| line.starts_with(key))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let kib =
            line("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
        Self {
            model: line("/proc/cpuinfo", "model name").unwrap_or_else(|| "an unknown processor".to_owned()),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: kib.unwrap_or_default().div_ceil(1024 * 1024),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
        }
    }

    /// In one line.
    pub(crate) fn in_words(&self) -> String {
        let Self { model, processors, memory_gib, kernel, build } = self;
        format!(
            "{build} build on {processors} processors ({model}), {memory_gib} GiB of memory, Linux {kernel}"
        )
    }

    /// For programs.
    pub(crate) fn json(&self) -> Value {
        json!({
            "model": self.model, "processors": self.processors, "memory_gib": self.memory_gib,
            "kernel": self.kernel, "build": self.build,
        })
    }
}

/// The page.
pub(crate) fn page(machine: &Machine, repeat: usize, all: &[Findings], dashboard: Option<&Report>) -> String {
    let mut page = format!(
        "# Performance\n\nWritten by `./bench all --write docs/performance.md`; do not edit. Each figure is the median of \
         {repeat} repetitions on this machine:\n\n> {}\n\nThe servers, the simulated firewalls and the programs share \
         its processors. Ratios mean the same elsewhere; seconds and rates do not.\n",
        machine.in_words()
    );
    for findings in all {
        page += &format!("\n## `{}`\n\n{}\n\n", findings.benchmark(), findings.about());
        page += "| figure | median | smallest to largest | target | reached |\n|---|---:|---:|---:|---|\n";
        for row in findings.rows() {
            page += &format!("| {} |\n", row.join(" | "));
        }
        let mut uses = findings.uses().peekable();
        if uses.peek().is_some() {
            page += "\n| process | processor time | most memory |\n|---|---:|---:|\n";
        }
        for row in uses {
            page += &format!("| {} |\n", row.join(" | "));
        }
    }
    if let Some(dashboard) = dashboard {
        page += &format!("\n## `dashboard`\n\n```text\n{}\n```\n", dashboard.table());
    }
    page
}
