//! Starting a process that ends with this one and has nothing of it but a connection.

use super::super::guest::{ARGUMENT, DESCRIPTOR};
use crate::bundle::ProcessConfig;
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// What of the environment the process gets, if it is there: language, time, and where libraries and certificates lie.
const ENVIRONMENT: [&str; 7] = [
    "LANG",
    "LC_ALL",
    "TZ",
    "LD_LIBRARY_PATH",
    "RUST_BACKTRACE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
];

/// Starts `program` and gives the connection to it. Its output comes out at its error output, which is a pipe.
pub(super) fn spawn(
    program: &Path,
    config: &ProcessConfig,
    data_dir: &str,
) -> io::Result<(UnixStream, Child)> {
    let (ours, theirs) = UnixStream::pair()?;
    let mut command = Command::new(program);
    command
        .arg(ARGUMENT)
        .env_clear()
        .envs(
            ENVIRONMENT
                .iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        )
        .env("TMPDIR", data_dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let (parent, descriptor, limits) = (std::process::id(), theirs.as_raw_fd(), Limits::new(config));
    // SAFETY: between fork and exec only functions run that are safe in a signal handler, on values made before.
    unsafe { command.pre_exec(move || prepare(parent, descriptor, &limits)) };
    let child = command.spawn()?;
    drop(theirs);
    Ok((ours, child))
}

/// The limits of a process, as `setrlimit` takes them.
struct Limits(Vec<(libc::__rlimit_resource_t, u64)>);

impl Limits {
    fn new(config: &ProcessConfig) -> Self {
        let mut all = vec![
            (libc::RLIMIT_CORE, 0),
            (libc::RLIMIT_NOFILE, config.open_files.into()),
        ];
        if let Some(memory) = config.memory_mib {
            all.push((libc::RLIMIT_DATA, u64::from(memory) << 20));
        }
        if let Some(seconds) = config.cpu_s {
            all.push((libc::RLIMIT_CPU, seconds.into()));
        }
        Self(all)
    }
}

/// In the new process, before it becomes the program.
fn prepare(parent: u32, descriptor: i32, limits: &Limits) -> io::Result<()> {
    let check = |result: i64| match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    };
    // SAFETY: plain system calls with numbers and pointers to values on this stack.
    unsafe {
        // What a person types at the host's terminal is for the host, which then stops its modules.
        check(libc::setsid().into())?;
        // It does not outlive the thread that is kept for the module, nor so the host.
        check(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong).into())?;
        if libc::getppid() as u32 != parent {
            libc::_exit(1);
        }
        if descriptor == DESCRIPTOR {
            check(libc::fcntl(descriptor, libc::F_SETFD, 0).into())?;
        } else {
            check(libc::dup2(descriptor, DESCRIPTOR).into())?;
        }
        // Whatever else is open, by code that does not say so, does not cross. Marked, not closed: by one of them the
        // parent is told what goes wrong here.
        let first = DESCRIPTOR as libc::c_uint + 1;
        let closed = libc::syscall(
            libc::SYS_close_range,
            first,
            libc::c_uint::MAX,
            CLOSE_RANGE_CLOEXEC,
        );
        check(closed)?;
        for (resource, limit) in &limits.0 {
            let mut bound = libc::rlimit {
                rlim_cur: *limit,
                rlim_max: *limit,
            };
            let mut now = bound;
            check(libc::getrlimit(*resource, &raw mut now).into())?;
            bound.rlim_max = bound.rlim_max.min(now.rlim_max);
            bound.rlim_cur = bound.rlim_cur.min(bound.rlim_max);
            check(libc::setrlimit(*resource, &raw const bound).into())?;
        }
    }
    Ok(())
}

/// The flag of `close_range` (Linux 5.11) that marks instead of closing.
const CLOSE_RANGE_CLOEXEC: libc::c_uint = 4;
