//! What the system says about this process, under the names that every exporter uses (Prometheus documentation,
//! "Writing client libraries", process metrics). Empty where there is no `/proc`.

use std::fmt::Write;

/// Ticks per second in `/proc/self/stat`: `USER_HZ`, 100 on every architecture that Linux runs on here (proc(5)).
const TICKS_PER_S: f64 = 100.0;

/// `VmRSS` is in kB, which means KiB (proc(5)).
const KIB: f64 = 1024.0;

/// The lines.
pub(super) fn render() -> String {
    let mut text = String::new();
    if let Some(seconds) = std::fs::read_to_string("/proc/self/stat").ok().and_then(|stat| cpu_seconds(&stat))
    {
        let _ = write!(
            text,
            "# HELP process_cpu_seconds_total Processor time used, user and system.\n\
             # TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total {seconds}\n\n"
        );
    }
    if let Some(bytes) =
        std::fs::read_to_string("/proc/self/status").ok().and_then(|status| resident(&status))
    {
        let _ = write!(
            text,
            "# HELP process_resident_memory_bytes Memory in use.\n\
             # TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes {bytes}\n\n"
        );
    }
    text
}

/// Fields 14 and 15, counted after the program's name, which may hold anything and ends with the last `)` (proc(5)).
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / TICKS_PER_S)
}

fn resident(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? * KIB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "17 (a ) b) S 1 17 17 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 100 1000 200";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds("17 (x"), None);
    }

    #[test]
    fn memory_is_in_bytes() {
        assert_eq!(resident("Name:\tx\nVmRSS:\t    2048 kB\n"), Some(2_097_152.0));
    }
}
