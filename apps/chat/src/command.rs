//! What a person types: text, or a command that starts with a slash.

use std::path::PathBuf;

use crate::{
    limits::{HISTORY_PAGE, MAX_HISTORY},
    session::SwapTarget,
};

/// A line that was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Text to send.
    Say(String),
    /// `/help`
    Help,
    /// `/connect MULTIADDR`
    Connect(String),
    /// `/nick NAME`
    Nick(String),
    /// `/history [N]`
    History(usize),
    /// `/swap MODULE [VERSION|FILE]`
    Swap {
        /// Which module.
        module: String,
        /// What to put in its place.
        target: SwapTarget,
    },
    /// `/peers`
    Peers,
    /// `/modules`
    Modules,
    /// `/exit`
    Exit,
}

/// Why a line is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No command has this name, but one is near.
    #[error("unknown command /{given}; the nearest is /{nearest}")]
    Unknown {
        /// What was typed.
        given: String,
        /// The nearest command.
        nearest: &'static str,
    },
    /// The arguments do not fit the command.
    #[error("usage: {0}")]
    Usage(String),
    /// A number is outside its range.
    #[error("/history takes a number from 1 to {MAX_HISTORY}, not {0}")]
    History(String),
}

/// A command as the help shows it: name, arguments, meaning.
type Entry = (&'static str, &'static str, &'static str);

const COMMANDS: [Entry; 8] = [
    ("help", "", "this list"),
    ("connect", "MULTIADDR", "connect to a peer"),
    ("nick", "NAME", "change your nickname"),
    ("history", "[N]", "load N older messages"),
    (
        "swap",
        "MODULE [VERSION|FILE]",
        "replace a module while the host runs",
    ),
    ("peers", "", "list the connected peers"),
    ("modules", "", "list the modules and their versions"),
    ("exit", "", "leave"),
];

/// Reads a line. `None` when there is nothing in it.
///
/// # Errors
/// [`CommandError`] when it starts with a slash and is no command. Two slashes send a text with one.
pub fn parse(line: &str) -> Result<Option<Line>, CommandError> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(None);
    }
    let Some(command) = line.strip_prefix('/') else {
        return Ok(Some(Line::Say(line.to_owned())));
    };
    if command.starts_with('/') {
        return Ok(Some(Line::Say(command.to_owned())));
    }
    let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let rest = rest.trim();
    let words: Vec<&str> = rest.split_whitespace().collect();
    Ok(Some(match (name, &words[..]) {
        ("help" | "?", []) => Line::Help,
        ("peers", []) => Line::Peers,
        ("modules", []) => Line::Modules,
        ("exit" | "quit", []) => Line::Exit,
        ("connect", [address]) => Line::Connect((*address).to_owned()),
        ("nick", [_, ..]) => Line::Nick(rest.to_owned()),
        ("history", []) => Line::History(HISTORY_PAGE),
        ("history", [number]) => Line::History(history_length(number)?),
        ("swap", [module]) => Line::Swap {
            module: (*module).to_owned(),
            target: SwapTarget::Newest,
        },
        ("swap", [module, target]) => Line::Swap {
            module: (*module).to_owned(),
            target: swap_target(target),
        },
        _ => return Err(misuse(name)),
    }))
}

/// The lines of `/help`.
pub fn help() -> Vec<String> {
    let commands = COMMANDS
        .iter()
        .map(|entry| format!("{:<32}{}", usage(entry), entry.2));
    let keys = "Up and Down recall what you typed, PageUp and PageDown scroll, Esc returns to the newest.";
    commands
        .chain([
            format!("{:<32}{}", "//TEXT", "send a text that starts with a slash"),
            keys.into(),
        ])
        .collect()
}

fn usage((name, arguments, _): &Entry) -> String {
    format!("/{name} {arguments}").trim_end().to_owned()
}

fn misuse(name: &str) -> CommandError {
    let known = match name {
        "?" => "help",
        "quit" => "exit",
        name => name,
    };
    if let Some(entry) = COMMANDS.iter().find(|entry| entry.0 == known) {
        return CommandError::Usage(usage(entry));
    }
    let distance = |entry: &&Entry| strsim::damerau_levenshtein(entry.0, &name.to_lowercase());
    let nearest = COMMANDS
        .iter()
        .min_by_key(distance)
        .map_or("help", |entry| entry.0);
    CommandError::Unknown {
        given: name.to_owned(),
        nearest,
    }
}

fn history_length(text: &str) -> Result<usize, CommandError> {
    match text.parse() {
        Ok(number @ 1..=MAX_HISTORY) => Ok(number),
        _ => Err(CommandError::History(text.to_owned())),
    }
}

/// A file when it looks like a path or a library, else a version.
fn swap_target(text: &str) -> SwapTarget {
    let library = [".so", ".dylib", ".dll"]
        .iter()
        .any(|suffix| text.ends_with(suffix));
    if library || text.contains(['/', '\\']) {
        SwapTarget::File(PathBuf::from(text))
    } else {
        SwapTarget::Version(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Line {
        parse(line).unwrap().unwrap()
    }

    fn refusal(line: &str) -> String {
        parse(line).unwrap_err().to_string()
    }

    #[test]
    fn text_is_said_and_commands_are_read() {
        assert_eq!(parse("   "), Ok(None));
        assert_eq!(read(" hello / there "), Line::Say("hello / there".into()));
        assert_eq!(read("//etc/hosts"), Line::Say("/etc/hosts".into()));
        assert_eq!(read("/help"), Line::Help);
        assert_eq!(read("/?"), Line::Help);
        assert_eq!(
            read("/connect  /ip4/1.2.3.4/tcp/1"),
            Line::Connect("/ip4/1.2.3.4/tcp/1".into())
        );
        assert_eq!(read("/nick Anna Maria"), Line::Nick("Anna Maria".into()));
        assert_eq!(read("/history"), Line::History(50));
        assert_eq!(read("/history 7"), Line::History(7));
        assert_eq!((read("/peers"), read("/modules")), (Line::Peers, Line::Modules));
        assert_eq!((read("/exit"), read("/quit")), (Line::Exit, Line::Exit));
    }

    #[test]
    fn a_swap_names_nothing_a_version_or_a_file() {
        let target = |line: &str| match read(line) {
            Line::Swap { module, target } if module == "chat" => target,
            other => panic!("{other:?}"),
        };
        assert_eq!(target("/swap chat"), SwapTarget::Newest);
        assert_eq!(target("/swap chat 0.2.0"), SwapTarget::Version("0.2.0".into()));
        assert_eq!(target("/swap chat ./new"), SwapTarget::File("./new".into()));
        assert_eq!(
            target("/swap chat libchat.so"),
            SwapTarget::File("libchat.so".into())
        );
    }

    #[test]
    fn an_unknown_command_tells_the_nearest() {
        assert_eq!(refusal("/hlep"), "unknown command /hlep; the nearest is /help");
        assert_eq!(refusal("/PEER"), "unknown command /PEER; the nearest is /peers");
        assert_eq!(
            refusal("/conect x"),
            "unknown command /conect; the nearest is /connect"
        );
    }

    #[test]
    fn a_misused_command_tells_its_usage() {
        assert_eq!(refusal("/nick"), "usage: /nick NAME");
        assert_eq!(refusal("/connect a b"), "usage: /connect MULTIADDR");
        assert_eq!(refusal("/swap"), "usage: /swap MODULE [VERSION|FILE]");
        assert_eq!(refusal("/quit now"), "usage: /exit");
        for bad in ["0", "201", "-1", "many"] {
            assert_eq!(
                refusal(&format!("/history {bad}")),
                format!("/history takes a number from 1 to 200, not {bad}")
            );
        }
    }

    #[test]
    fn help_names_every_command() {
        let help = help();
        assert_eq!(
            help[4],
            "/swap MODULE [VERSION|FILE]     replace a module while the host runs"
        );
        assert!(
            COMMANDS
                .iter()
                .all(|(name, ..)| help.iter().any(|line| line.starts_with(&format!("/{name}"))))
        );
    }
}
