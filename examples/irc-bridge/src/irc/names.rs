//! Names that do not break a line of IRC.

use crate::limits::MAX_NAME_BYTES;

/// A nickname: letters, digits and ``[]\`_^{|}-``, beginning with neither a digit nor `-`.
pub(crate) fn check_nick(nick: &str) -> Result<(), String> {
    let is_good = |each: char| each.is_ascii_alphanumeric() || "[]\\`_^{|}-".contains(each);
    let begins_well = !nick.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    match !nick.is_empty() && nick.len() <= MAX_NAME_BYTES && begins_well && nick.chars().all(is_good) {
        true => Ok(()),
        false => Err(format!(
            "nick {nick:?} is not valid: 1 to {MAX_NAME_BYTES} letters, digits and []\\`_^{{|}}-, beginning with neither a digit nor a -"
        )),
    }
}

/// A channel: `#` or `&`, and no blanks, commas or control characters behind it.
pub(crate) fn check_channel(channel: &str) -> Result<(), String> {
    let is_good = |each: char| !each.is_control() && each != ' ' && each != ',';
    let name = channel.strip_prefix(['#', '&']).unwrap_or_default();
    match !name.is_empty() && channel.len() <= MAX_NAME_BYTES && name.chars().all(is_good) {
        true => Ok(()),
        false => Err(format!(
            "channel {channel:?} is not valid: # or &, and then at most {MAX_NAME_BYTES} bytes without blanks and commas"
        )),
    }
}

/// A server: `HOST:PORT`.
pub(crate) fn check_server(server: &str) -> Result<(), String> {
    let parts = server.rsplit_once(':');
    match parts.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|it| it > 0)) {
        true => Ok(()),
        false => Err(format!(
            "server {server:?} is not valid: HOST:PORT, for example irc.example.org:6667"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_break_a_line_are_refused_by_their_field() {
        assert!(check_nick("back[plane]").is_ok());
        for nick in ["", "9lives", "-a", "a b", "a\r\nQUIT", &"a".repeat(51)] {
            assert!(check_nick(nick).unwrap_err().starts_with("nick "), "{nick:?}");
        }
        assert!(check_channel("#backplane").is_ok() && check_channel("&local").is_ok());
        for channel in ["", "#", "chan", "#a b", "#a,#b", "#a\n"] {
            assert!(
                check_channel(channel).unwrap_err().starts_with("channel "),
                "{channel:?}"
            );
        }
        assert!(check_server("[::1]:6667").is_ok());
        for server in ["irc.example.org", ":6667", "host:0", "host:port"] {
            assert!(
                check_server(server).unwrap_err().starts_with("server "),
                "{server:?}"
            );
        }
    }
}
