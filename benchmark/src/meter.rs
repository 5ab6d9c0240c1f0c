//! What a process took of the machine, by `/proc` (proc(5)).

use std::fs;
use std::time::Instant;

use anyhow::{Context, anyhow};

/// Ticks of the clock per second in `/proc/PID/stat`: `sysconf(_SC_CLK_TCK)`, which Linux fixes at 100 for programs.
const TICKS_PER_SECOND: f64 = 100.0;

/// A process between two moments.
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

    /// Percent of one processor since the beginning.
    pub(crate) fn processor_percent(&self) -> anyhow::Result<f64> {
        let ticks = ticks(self.process)?.saturating_sub(self.ticks);
        let ticks = u32::try_from(ticks).map(f64::from).context("more time than a benchmark takes")?;
        Ok(ticks / TICKS_PER_SECOND / self.began.elapsed().as_secs_f64() * 100.0)
    }

    /// The most memory since the process began, in MiB: `VmHWM`.
    pub(crate) fn peak_mib(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u32>().ok());
        Ok(f64::from(kib.ok_or_else(|| anyhow!("process {} has no VmHWM", self.process))?) / 1024.0)
    }
}

/// Time that it ran, in its own code and in the kernel's: the 14th and 15th field, counted from behind the name, which
/// may hold anything.
fn ticks(process: u32) -> anyhow::Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))
        .with_context(|| format!("process {process} is not there any more"))?;
    let (_, fields) = stat.rsplit_once(')').ok_or_else(|| anyhow!("process {process}: no stat"))?;
    let mut fields = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    match (fields.next(), fields.next()) {
        (Some(Ok(own)), Some(Ok(kernel))) => Ok(own + kernel),
        (own, kernel) => Err(anyhow!("process {process}: no times in its stat: {own:?}, {kernel:?}")),
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
        assert!(meter.peak_mib().unwrap() > 1.0);
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        assert!(Meter::begin(u32::MAX).is_err());
    }
}
