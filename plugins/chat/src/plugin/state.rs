//! What a successor takes over, as it crosses a swap.

use backplane_sdk::{Fixed, record};

use crate::{ChatError, MessageHash, Nickname, RoomState};

/// What a successor takes over. Schema 1.
#[record]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatState {
    /// Our nickname.
    pub nick: String,
    /// Messages written here.
    pub sent: u64,
    /// New messages of others.
    pub received: u64,
    /// Repeats that were recognised.
    pub duplicates: u64,
    /// The hashes of the last messages, oldest first, at most 1024.
    pub recent: Vec<Fixed<32>>,
}

impl From<RoomState> for ChatState {
    fn from(state: RoomState) -> Self {
        Self {
            nick: state.nick.into(),
            sent: state.sent,
            received: state.received,
            duplicates: state.duplicates,
            recent: state.recent.into_iter().map(|hash| Fixed(hash.0)).collect(),
        }
    }
}

impl TryFrom<ChatState> for RoomState {
    type Error = ChatError;

    fn try_from(state: ChatState) -> Result<Self, ChatError> {
        Ok(Self {
            nick: Nickname::new(&state.nick)?,
            sent: state.sent,
            received: state.received,
            duplicates: state.duplicates,
            recent: state
                .recent
                .into_iter()
                .map(|Fixed(hash)| MessageHash(hash))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use backplane_sdk::Value as _;

    use super::*;

    #[test]
    fn a_state_crosses_as_bytes_and_comes_back() {
        let state = RoomState {
            nick: Nickname::new("alice").unwrap(),
            sent: 1,
            received: 2,
            duplicates: 3,
            recent: vec![MessageHash([4; 32]), MessageHash([5; 32])],
        };
        let mut bytes = Vec::new();
        ChatState::from(state.clone()).encode(&mut bytes).unwrap();
        let read = ChatState::decode(&bytes).unwrap();
        assert_eq!(RoomState::try_from(read), Ok(state));
    }

    #[test]
    fn a_state_with_a_wrong_nickname_is_refused_by_name() {
        let state = ChatState {
            nick: "a\nb".into(),
            sent: 0,
            received: 0,
            duplicates: 0,
            recent: Vec::new(),
        };
        let error = RoomState::try_from(state).unwrap_err().to_string();
        assert_eq!(error, "nick holds a control character at byte 1");
    }
}
