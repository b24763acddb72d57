//! The chat on a real pseudo-terminal: however it ends, the terminal is as it was.

use std::{
    fs::File,
    io::{Read, Write},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use clap::Parser;
use rustix::{
    fs::{Mode, OFlags},
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};

use crate::{Options, fakes::FakeSession, run};

const DEADLINE: Duration = Duration::from_secs(20);
const CHILD: &str = "BACKPLANE_CHAT_TEST_ON_TERMINAL";
const ENTERED: &str = "\x1b[?1049h";
const LEFT: &str = "\x1b[?2004l\x1b[?1049l\x1b[?25h";

/// A chat in a process of its own, on a terminal of its own.
struct OnTerminal {
    child: Child,
    terminal: File,
    keyboard: File,
    output: mpsc::Receiver<Vec<u8>>,
    seen: String,
}

impl OnTerminal {
    fn start() -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let terminal = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        tcsetwinsize(
            &terminal,
            Winsize {
                ws_row: 12,
                ws_col: 80,
                ws_xpixel: 0,
                ws_ypixel: 0,
            },
        )
        .unwrap();
        let (terminal, keyboard) = (File::from(terminal), File::from(keyboard));

        let child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "terminal_tests::chat_on_its_own_terminal",
                "--nocapture",
            ])
            .env(CHILD, "1")
            .stdin(terminal.try_clone().unwrap())
            .stdout(terminal.try_clone().unwrap())
            .stderr(terminal.try_clone().unwrap())
            .spawn()
            .unwrap();
        let (sender, output) = mpsc::channel();
        let mut screen = keyboard.try_clone().unwrap();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut chat = Self {
            child,
            terminal,
            keyboard,
            output,
            seen: String::new(),
        };
        chat.sees(ENTERED);
        chat.sees("alice");
        assert!(!chat.line_mode(), "the chat reads single keys");
        chat
    }

    /// Waits until the terminal was sent this.
    fn sees(&mut self, text: &str) {
        let deadline = Instant::now() + DEADLINE;
        while !self.seen.contains(text) {
            match self
                .output
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("{text:?} is missing in {:?}", self.seen),
            }
        }
    }

    fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Lines are edited and echoed and Ctrl-C interrupts, as in a shell.
    fn line_mode(&self) -> bool {
        let all = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        tcgetattr(&self.terminal).unwrap().local_modes.contains(all)
    }

    /// Waits for the end; the terminal must have been given back by then.
    fn ends(mut self) -> (ExitStatus, String) {
        self.sees(LEFT);
        // The test harness prints its last line after the chat is gone.
        self.sees("test result");
        let status = self.child.wait().unwrap();
        assert!(self.line_mode(), "the terminal is in raw mode still");
        let (_, after) = self.seen.split_once(LEFT).unwrap();
        (status, after.to_owned())
    }
}

#[test]
#[ignore = "is started by the other tests on a terminal of its own"]
fn chat_on_its_own_terminal() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (session, _events) = FakeSession::new(0);
    let options = Options::try_parse_from(["backplane-chat"]).unwrap();
    if let Err(error) = runtime.block_on(run(session, &options)) {
        panic!("the chat ended: {error}");
    }
}

/// This very test program, told to be the chat.
fn chat() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--ignored",
        "--exact",
        "terminal_tests::chat_on_its_own_terminal",
        "--nocapture",
    ]);
    command.env(CHILD, "1");
    command
}

#[test]
fn exit_and_control_c_give_the_terminal_back() {
    for keys in ["/exit\r", "\x03"] {
        let mut chat = OnTerminal::start();
        chat.types(keys);
        assert!(chat.ends().0.success(), "after {keys:?}");
    }
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let chat = OnTerminal::start();
        kill_process(Pid::from_child(&chat.child), signal).unwrap();
        assert!(chat.ends().0.success(), "after {signal:?}");
    }
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_speaks() {
    let mut chat = OnTerminal::start();
    chat.types("panic\r");
    let (status, after) = chat.ends();
    assert!(!status.success());
    assert!(after.contains("the test asked for it"), "{after}");
    assert!(after.contains("the chat ended: internal error: task"), "{after}");
}

#[test]
fn without_a_terminal_it_says_so() {
    let output = chat().stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("the chat needs a terminal, but standard input is none"),
        "{said}"
    );
    assert!(!output.status.success());
}
