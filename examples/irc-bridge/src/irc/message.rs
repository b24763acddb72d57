//! A line of IRC.

/// A line that a server sends: `[@tags] [:prefix] COMMAND params [:last]`. Tags are passed over.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// Who it comes from: a nickname, or the name of the server. Empty if it is not said.
    pub(crate) from: &'a str,
    pub(crate) command: &'a str,
    pub(crate) params: Vec<&'a str>,
}

impl<'a> Message<'a> {
    /// Reads a line without its end. None if it has no command.
    pub(crate) fn parse(line: &'a str) -> Option<Self> {
        let mut rest = line;
        if rest.starts_with('@') {
            rest = word(rest).1;
        }
        let mut from = "";
        if let Some(prefixed) = rest.strip_prefix(':') {
            let (prefix, behind) = word(prefixed);
            from = prefix.split(['!', '@']).next().unwrap_or_default();
            rest = behind;
        }
        let (command, mut rest) = word(rest);
        let mut params = Vec::new();
        while !rest.is_empty() {
            if let Some(last) = rest.strip_prefix(':') {
                params.push(last);
                break;
            }
            let (param, behind) = word(rest);
            params.push(param);
            rest = behind;
        }
        (!command.is_empty()).then_some(Self {
            from,
            command,
            params,
        })
    }

    /// The parameter at a place; empty if there is none.
    pub(crate) fn param(&self, at: usize) -> &'a str {
        self.params.get(at).copied().unwrap_or_default()
    }
}

/// Up to the next blank, and what is behind it.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    (word, rest.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart() {
        let line = "@time=now :ada!a@host PRIVMSG #chan :hello, :you";
        let message = Message::parse(line).unwrap();
        assert_eq!((message.from, message.command), ("ada", "PRIVMSG"));
        assert_eq!(message.params, ["#chan", "hello, :you"]);
        let ping = Message::parse("PING  abc").unwrap();
        assert_eq!((ping.from, ping.param(0), ping.param(1)), ("", "abc", ""));
        assert_eq!(
            Message::parse(":irc.example 001 me :").unwrap().params,
            ["me", ""]
        );
    }

    #[test]
    fn what_has_no_command_is_no_message() {
        for line in ["", " ", ":", ":server", ":server ", "@tags", "@ :"] {
            assert_eq!(Message::parse(line), None, "{line:?}");
        }
    }
}
