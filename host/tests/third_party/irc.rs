//! A real server of IRC, and somebody who chats there.

use crate::project::wait_for;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long a line may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server on the loopback interface. It ends with the test.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Starts `ngircd` in a folder.
    pub(crate) fn start(folder: &Path) -> Self {
        // Free a moment ago, and so most likely still.
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let config = format!(
            "[Global]\nName = irc.test\nInfo = for a test\nListen = 127.0.0.1\nPorts = {port}\nMotdPhrase = hello\n\
             [Limits]\nMaxConnectionsIP = 0\nMaxNickLength = 30\nMaxPenaltyTime = 0\n\
             [Options]\nDNS = no\nIdent = no\nPAM = no\n"
        );
        let file = folder.join("ngircd.conf");
        fs::write(&file, config).unwrap();
        let mut command = Command::new("/usr/sbin/ngircd");
        command
            .args(["--nodaemon", "--config"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("ngircd cannot be run ({error}): install the package ngircd, as .ci/run does")
        });
        let server = Self { child, port };
        wait_for("a server of IRC", || TcpStream::connect(("127.0.0.1", port)).ok());
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody in the channel.
pub(crate) struct Person {
    stream: TcpStream,
    lines: BufReader<TcpStream>,
    channel: String,
}

impl Person {
    /// Enters a channel.
    pub(crate) fn join(port: u16, nick: &str, channel: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap());
        let mut person = Self {
            stream,
            lines,
            channel: channel.to_owned(),
        };
        person.write(&format!("NICK {nick}"));
        person.write(&format!("USER {nick} 0 * :{nick}"));
        person.write(&format!("JOIN {channel}"));
        person.hears(" 366 ");
        person
    }

    pub(crate) fn say(&mut self, text: &str) {
        self.write(&format!("PRIVMSG {} :{text}", self.channel));
    }

    fn write(&mut self, line: &str) {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    /// The next line with this in it. It must come, and those before it are gone.
    pub(crate) fn hears(&mut self, part: &str) -> String {
        let mut heard = String::new();
        loop {
            let mut line = String::new();
            let count = self.lines.read_line(&mut line);
            assert!(
                matches!(count, Ok(1..)),
                "{part:?} did not come ({count:?}) after:\n{heard}"
            );
            if line.starts_with("PING ") {
                self.write(&line.trim_end().replacen("PING", "PONG", 1));
            }
            if line.contains(part) {
                return line.trim_end().to_owned();
            }
            heard += &line;
        }
    }
}
