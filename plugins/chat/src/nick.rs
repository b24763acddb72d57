//! The rules for what a person may call themselves and say.

use std::{fmt, ops::Deref};

use serde::{Deserialize, Serialize};

use crate::{
    error::{ChatError, check_len},
    limits::{MAX_NICK_CHARS, MAX_TEXT_BYTES},
};

/// Our own nickname: 1 to [`MAX_NICK_CHARS`] characters, trimmed, without control characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nickname(String);

impl Nickname {
    /// Checks a nickname; white space around it is removed.
    ///
    /// # Errors
    /// [`ChatError::Empty`], [`ChatError::TooLong`] or [`ChatError::ControlCharacter`] for field `nick`.
    pub fn new(nick: &str) -> Result<Self, ChatError> {
        let nick = nick.trim();
        if nick.is_empty() {
            return Err(ChatError::Empty { field: "nick" });
        }
        check_len("nick", nick.chars().count(), MAX_NICK_CHARS, "characters")?;
        if let Some(at) = nick.find(char::is_control) {
            return Err(ChatError::ControlCharacter { field: "nick", at });
        }
        Ok(Self(nick.to_owned()))
    }
}

/// Checks a text that is to be sent. It goes out as it is, line breaks and all.
///
/// # Errors
/// [`ChatError::Empty`] or [`ChatError::TooLong`] for field `text`.
pub fn check_text(text: &str) -> Result<(), ChatError> {
    if text.trim().is_empty() {
        return Err(ChatError::Empty { field: "text" });
    }
    check_len("text", text.len(), MAX_TEXT_BYTES, "bytes")
}

impl Deref for Nickname {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Nickname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Nickname {
    type Error = ChatError;

    fn try_from(nick: String) -> Result<Self, ChatError> {
        Self::new(&nick)
    }
}

impl From<Nickname> for String {
    fn from(nick: Nickname) -> Self {
        nick.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(nick: &str) -> String {
        Nickname::new(nick).unwrap_err().to_string()
    }

    #[test]
    fn a_nickname_is_trimmed_and_bounded() {
        assert_eq!(&*Nickname::new("  Ælfrēd the 1st ").unwrap(), "Ælfrēd the 1st");
        assert!(Nickname::new(&"é".repeat(MAX_NICK_CHARS)).is_ok());
        assert_eq!(
            refusal(&"é".repeat(33)),
            "nick is 33 characters long, the limit is 32"
        );
        assert_eq!(refusal(" \t "), "nick is empty");
        assert_eq!(refusal("a\x1b[2Jb"), "nick holds a control character at byte 1");
    }

    #[test]
    fn a_text_is_bounded_in_bytes() {
        assert_eq!(check_text("two\nlines"), Ok(()));
        assert_eq!(check_text(&"a".repeat(MAX_TEXT_BYTES)), Ok(()));
        assert_eq!(check_text(" \n").unwrap_err().to_string(), "text is empty");
        assert_eq!(
            check_text(&"é".repeat(MAX_TEXT_BYTES / 2 + 1))
                .unwrap_err()
                .to_string(),
            "text is 32770 bytes long, the limit is 32768"
        );
    }
}
