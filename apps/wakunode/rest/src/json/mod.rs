//! The shapes of JSON that come in and go out.

mod body;
mod message;

pub(crate) use body::{decode, decode_json};
pub(crate) use message::{Message, MessageError};
