//! What the machine says of itself, and of this process. All of it is Linux's `/proc`; elsewhere the figures are nothing.

use std::fs::{self, File};
use std::io::Write as _;
use std::time::{Duration, Instant};

/// Ticks in a second, of which processor times are told: so it is on every Linux of today.
const TICKS: f64 = 100.0;
/// How long [`syncs_per_second`] looks.
const SYNC_TIME: Duration = Duration::from_secs(1);
/// What it appends.
const SYNC_BYTES: usize = 4096;

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Seconds that all threads of this process have computed, in steps of 10 ms.
pub fn process_cpu() -> f64 {
    let stat = read("/proc/self/stat");
    // The name of the program, in parentheses, may hold anything.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / TICKS
}

/// Seconds that this thread has computed.
pub fn thread_cpu() -> f64 {
    let stat = read("/proc/thread-self/schedstat");
    let nanos = stat
        .split_whitespace()
        .next()
        .and_then(|field| field.parse::<f64>().ok());
    nanos.unwrap_or(0.0) / 1e9
}

/// Bytes of memory that this process has, what it shares with files not counted.
pub fn memory() -> u64 {
    let status = read("/proc/self/status");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Open files of this process.
pub fn files() -> usize {
    fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Threads of this process.
pub fn threads() -> usize {
    fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// How often 4 KiB can be appended to a file and brought to the disk, one after another.
pub fn syncs_per_second() -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let mut file = File::create(folder.path().join("sync")).expect("a file");
    let (start, mut times) = (Instant::now(), 0);
    while start.elapsed() < SYNC_TIME {
        file.write_all(&[7; SYNC_BYTES]).expect("room");
        file.sync_data().expect("a disk");
        times += 1;
    }
    f64::from(times) / start.elapsed().as_secs_f64()
}

/// One line about where this runs.
pub fn describe() -> String {
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load: Vec<_> = load.split_whitespace().take(3).collect();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{cores} cores, Linux {}, load {}, {:.0} fdatasync/s",
        kernel.trim(),
        load.join(" "),
        syncs_per_second()
    )
}
