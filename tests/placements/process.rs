//! What only a process of its own withstands.

use super::Rule;
use super::bench::{Bench, PATIENCE, status_of, until};
use backplane_host::ModuleState;
use backplane_host::bundle::Placement;
use backplane_sdk::plugin_api::status;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;
use tokio::runtime::Runtime;

/// Why these are looked at in one placement only.
const SHARED: &[(Placement, &str)] = &[(Placement::Native, "shared"), (Placement::Static, "shared")];

pub(crate) const fn alone(name: &'static str, check: fn(&Runtime, &Bench)) -> Rule {
    Rule {
        name,
        check,
        not_in: SHARED,
    }
}

pub(crate) const RULES: &[Rule] = &[
    alone("a_crash_fails_its_calls_with_a_reason_and_is_restarted", crash),
    alone("one_that_is_killed_is_missed_at_once", killed),
    alone("others_are_served_while_it_uses_all_time", spin),
    alone("the_sandbox_keeps_it_from_what_is_not_its_own", sandbox),
    alone("it_has_no_more_memory_than_it_may", memory),
    alone("it_ends_with_its_host", orphan),
];

fn crash(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    runtime.block_on(async {
        let waiting = subject.clone();
        let never = tokio::spawn(async move { waiting.never().await });
        until("it waits", async || subject.waiting().await == Ok(1)).await;
        for answer in [subject.crash().await, never.await.expect("no panic")] {
            let (code, message) = status_of(answer);
            assert_eq!(code, status::UNAVAILABLE, "{message}");
            assert!(message.contains("SIGABRT"), "{message}");
        }
        until("it was restarted", async || {
            bench.settled() == (2, ModuleState::Ready)
        })
        .await;
        assert_eq!(subject.echo(&"again".to_owned()).await, Ok("again".to_owned()));
    });
}

/// The processes that this one has started.
fn children() -> Vec<i32> {
    let own = std::process::id().to_string();
    let stat = |entry: std::fs::DirEntry| {
        let process: i32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        let (state, parent) = (fields.next()?, fields.next()?);
        (parent == own && state != "Z").then_some(process)
    };
    let processes = std::fs::read_dir("/proc").expect("there is /proc");
    processes.flatten().filter_map(stat).collect()
}

fn killed(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    let [process] = children()[..] else {
        panic!("one process, not {:?}", children());
    };
    runtime.block_on(async {
        assert_eq!(subject.count().await, Ok(1));
        let begun = Instant::now();
        // SAFETY: it takes any numbers; the process is our own child.
        assert_eq!(unsafe { libc::kill(process, libc::SIGKILL) }, 0);
        until("it is missed", async || {
            bench.settled() != (1, ModuleState::Ready)
        })
        .await;
        println!("missed after {:?}", begun.elapsed());
        until("it was restarted", async || {
            bench.settled() == (2, ModuleState::Ready)
        })
        .await;
        assert_eq!(subject.count().await, Ok(1), "it began anew");
    });
}

fn spin(runtime: &Runtime, bench: &Bench) {
    let (subject, mate) = (bench.subject(), bench.mate());
    runtime.block_on(async {
        let spinning = subject.clone();
        let spin = tokio::spawn(async move { spinning.spin(&1500).await });
        // The mate, and the subject itself, go on.
        let mut rounds = 0;
        while !spin.is_finished() {
            let answers = async {
                assert_eq!(mate.answer(&"a".to_owned()).await, Ok("mate: a".to_owned()));
                assert_eq!(subject.echo(&"a".to_owned()).await, Ok("a".to_owned()));
            };
            tokio::time::timeout(PATIENCE, answers).await.expect("in time");
            rounds += 1;
        }
        assert!(rounds > 1, "{rounds}");
        spin.await.expect("no panic").expect("it is answered");
    });
}

fn sandbox(runtime: &Runtime, bench: &Bench) {
    let subject = bench.subject();
    let own = bench.folder.path().join("data/modules/subject/file");
    let strange = bench.folder.path().join("strange");
    std::fs::write(&strange, "secret").expect("the folder can be written");
    let socket = bench.folder.path().join("data/modules/subject/socket");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    let attempts = [
        (format!("write {}", own.display()), "done"),
        (format!("read {}", own.display()), "done"),
        (format!("read {}", strange.display()), "permission denied"),
        (format!("write {}", strange.display()), "permission denied"),
        ("exec /bin/true".to_owned(), "permission denied"),
        (format!("connect {}", socket.display()), "permission denied"),
        ("trace 1".to_owned(), "permission denied"),
        ("listen 127.0.0.1:0".to_owned(), "done"),
    ];
    runtime.block_on(async {
        for (attempt, expected) in attempts {
            let came = subject.attempt(&attempt).await.expect("it is answered");
            assert_eq!(came, expected, "{attempt}");
        }
    });
    let tight = Bench::start_with(Placement::Process, "process = { network = false }");
    let came = runtime.block_on(async { tight.subject().attempt(&"listen 127.0.0.1:0".to_owned()).await });
    assert_eq!(came, Ok("permission denied".to_owned()));
    tight.stop();
    let open = Bench::start_with(Placement::Process, "process = { sandbox = false }");
    let came = runtime.block_on(async { open.subject().attempt(&"exec /bin/true".to_owned()).await });
    assert_eq!(came, Ok("done".to_owned()));
    open.stop();
}

fn memory(runtime: &Runtime, _: &Bench) {
    let bounded = Bench::start_with(Placement::Process, "process = { memory-mib = 256 }");
    let subject = bounded.subject();
    runtime.block_on(async {
        assert_eq!(subject.swell(&16).await, Ok(16 << 20));
        assert_eq!(subject.swell(&512).await, Ok(0));
    });
    bounded.stop();
}

fn orphan(runtime: &Runtime, _: &Bench) {
    let own = std::env::current_exe().expect("the program has a file");
    let mut host = Command::new(own)
        .arg(HOST)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it is started");
    let mut line = String::new();
    let mut output = BufReader::new(host.stdout.take().expect("its output is a pipe"));
    output.read_line(&mut line).expect("it says which process it has");
    let folder = Path::new("/proc").join(line.trim());
    assert!(folder.exists(), "{line}");
    host.kill().expect("it runs");
    host.wait().expect("it is ours");
    runtime.block_on(until("the process has ended", async || !folder.exists()));
}

/// The argument with which this program is only a host.
const HOST: &str = "--host";

/// A host with a module in a process of its own, until it is killed.
pub(crate) fn be_host() {
    if std::env::args().nth(1).as_deref() != Some(HOST) {
        return;
    }
    let _bench = Bench::start(Placement::Process);
    let [process] = children()[..] else {
        panic!("one process, not {:?}", children());
    };
    println!("{process}");
    std::thread::sleep(PATIENCE);
    std::process::exit(1);
}
