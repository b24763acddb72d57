//! What the system says of the process, under the names that Prometheus has for it.

use std::{
    fs,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use rustix::{
    param::{clock_ticks_per_second, page_size},
    process::{Resource, getrlimit},
};

/// As text; what the system does not tell is left out.
pub(super) fn measure() -> String {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let memory = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let handles = fs::read_dir("/proc/self/fd").map(|all| all.count() as f64).ok();
    let page = page_size() as f64;
    let pages = |place: usize| Some(field(&memory, place)? * page);
    let limit = getrlimit(Resource::Nofile).current.map(|limit| limit as f64);
    let all = [
        (
            "process_cpu_seconds_total",
            "counter",
            "Seconds of processor time",
            cpu_seconds(&stat),
        ),
        ("process_open_fds", "gauge", "Open file handles", handles),
        ("process_max_fds", "gauge", "File handles that may be open", limit),
        (
            "process_virtual_memory_bytes",
            "gauge",
            "Bytes of address space",
            pages(0),
        ),
        (
            "process_resident_memory_bytes",
            "gauge",
            "Bytes in memory",
            pages(1),
        ),
        (
            "process_start_time_seconds",
            "gauge",
            "Seconds between 1970 and the start",
            start_seconds(&stat),
        ),
    ];
    let known = all
        .into_iter()
        .filter_map(|(name, kind, help, value)| Some((name, kind, help, value?)));
    let texts = known.map(|(name, kind, help, value)| {
        format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n")
    });
    texts.collect()
}

fn field(text: &str, place: usize) -> Option<f64> {
    text.split_ascii_whitespace().nth(place)?.parse().ok()
}

/// The fields of `stat` from the state of the process on: what is before may hold blanks.
fn after_name(stat: &str) -> Option<&str> {
    stat.rsplit_once(") ").map(|(_, rest)| rest)
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    let rest = after_name(stat)?;
    let ticks = field(rest, 11)? + field(rest, 12)?;
    Some(ticks / clock_ticks_per_second() as f64)
}

fn start_seconds(stat: &str) -> Option<f64> {
    let since_boot = field(after_name(stat)?, 19)? / clock_ticks_per_second() as f64;
    let uptime = field(&fs::read_to_string("/proc/uptime").ok()?, 0)?;
    let now: Duration = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(now.as_secs_f64() - uptime + since_boot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_process_does_not_shift_the_fields() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 0 0 0 0 0 250 50 0 0 20 0 4 0 100 0 0";
        let ticks = clock_ticks_per_second() as f64;
        assert_eq!(cpu_seconds(stat), Some(300.0 / ticks));
        assert_eq!(cpu_seconds("nothing"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_tells_all_of_it() {
        let text = measure();
        let values = text.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(values.count(), 6, "{text}");
        let started = start_seconds(&fs::read_to_string("/proc/self/stat").unwrap()).unwrap();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs_f64();
        assert!(started <= now && now - started < 24.0 * 3600.0, "{started} {now}");
    }
}
