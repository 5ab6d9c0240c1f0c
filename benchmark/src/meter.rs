//! What a process and those that it started took of the machine, by `/proc` (proc(5)).

use std::collections::HashMap;
use std::fs;
use std::time::Instant;

use anyhow::{Context, anyhow};

use crate::findings::Use;

/// Ticks of the clock per second in `/proc/PID/stat`: `sysconf(_SC_CLK_TCK)`, which Linux fixes at 100 for programs.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process with its family, from a moment on.
#[derive(Debug)]
pub(crate) struct Meter {
    process: u32,
    began: Instant,
    ticks: u64,
}

impl Meter {
    /// Begins now.
    pub(crate) fn begin(process: u32) -> anyhow::Result<Self> {
        Ok(Self { process, began: Instant::now(), ticks: ticks(process)? })
    }

    /// Seconds of one processor since the beginning.
    pub(crate) fn processor_s(&self) -> anyhow::Result<f64> {
        let ticks = ticks(self.process)?.saturating_sub(self.ticks);
        let ticks = u32::try_from(ticks).map(f64::from).context("more time than a benchmark takes")?;
        Ok(ticks / TICKS_PER_SECOND)
    }

    /// Percent of one processor since the beginning.
    pub(crate) fn processor_percent(&self) -> anyhow::Result<f64> {
        Ok(self.processor_s()? / self.began.elapsed().as_secs_f64() * 100.0)
    }

    /// The most memory since the process began, in MiB: of each that is there its `VmHWM`, without what it shares.
    pub(crate) fn peak_mib(&self) -> anyhow::Result<f64> {
        let family = family(self.process)?;
        let peaks = family.iter().filter_map(|process| {
            let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
            Some(f64::from(kib(&status, "VmHWM:")?.saturating_sub(kib(&status, "RssShmem:")?)))
        });
        Ok(peaks.sum::<f64>() / 1024.0)
    }

    /// Both, under a name.
    pub(crate) fn used(&self, process: impl Into<String>) -> anyhow::Result<Use> {
        let (processor_s, peak_mib) = (self.processor_s()?, self.peak_mib()?);
        Ok(Use { process: process.into(), processor_s, peak_mib })
    }
}

fn kib(status: &str, name: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

/// Time that the family ran, with those of it that have ended and been waited for.
fn ticks(process: u32) -> anyhow::Result<u64> {
    Ok(family(process)?.iter().filter_map(|process| Entry::read(*process)).map(|entry| entry.ticks).sum())
}

/// The process itself, and all that descend from it.
fn family(process: u32) -> anyhow::Result<Vec<u32>> {
    Entry::read(process).ok_or_else(|| anyhow!("process {process} is not there any more"))?;
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(child) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if let Some(entry) = Entry::read(child) {
            children.entry(entry.parent).or_default().push(child);
        }
    }
    let mut found = vec![process];
    let mut next = 0;
    while let Some(parent) = found.get(next) {
        found.extend(children.remove(parent).unwrap_or_default());
        next += 1;
    }
    Ok(found)
}

/// What counts of a line of `/proc/PID/stat`.
struct Entry {
    parent: u32,
    /// In its own code, in the kernel's, and both of children that were waited for.
    ticks: u64,
}

impl Entry {
    /// Fields are counted from behind the name, which may hold anything: the state is the third.
    fn read(process: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks: Option<Vec<u64>> = fields.get(11..15)?.iter().map(|field| field.parse().ok()).collect();
        Some(Self { parent: fields.get(1)?.parse().ok()?, ticks: ticks?.iter().sum() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_process_takes_time_and_memory() {
        let meter = Meter::begin(std::process::id()).unwrap();
        let until = Instant::now() + std::time::Duration::from_millis(300);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
        assert!(meter.processor_percent().unwrap() > 5.0);
        assert!(meter.processor_s().unwrap() > 0.05);
        assert!(meter.peak_mib().unwrap() > 1.0);
    }

    #[test]
    fn a_family_is_a_process_and_its_children() {
        let mut child = std::process::Command::new("sleep").arg("30").spawn().unwrap();
        let found = family(std::process::id()).unwrap();
        assert!(found.contains(&child.id()) && found.contains(&std::process::id()), "{found:?}");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(Meter::begin(u32::MAX).is_err());
    }
}
