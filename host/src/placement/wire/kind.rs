//! The first byte of each frame, and of each attachment.

pub(super) const HELLO: u8 = 1;
pub(super) const WELCOME: u8 = 2;
pub(super) const ANSWER: u8 = 3;
pub(super) const CANCEL: u8 = 4;
pub(super) const LOG: u8 = 5;
pub(super) const LEVEL: u8 = 6;
pub(super) const ALIVE: u8 = 7;
pub(super) const ITEMS: u8 = 8;
pub(super) const END: u8 = 9;
pub(super) const ROOM: u8 = 10;
pub(super) const CLOSE: u8 = 11;
pub(super) const BYE: u8 = 12;
pub(super) const LOST: u8 = 13;
pub(super) const CREATE: u8 = 16;
pub(super) const START: u8 = 17;
pub(super) const EXPORT: u8 = 18;
pub(super) const IMPORT: u8 = 19;
pub(super) const STOP: u8 = 20;
pub(super) const ENTER: u8 = 21;
pub(super) const RESOLVE: u8 = 24;
pub(super) const CALL: u8 = 25;
pub(super) const EMIT: u8 = 26;
pub(super) const REQUEST_STOP: u8 = 27;
pub(super) const BYTES: u8 = 0;
pub(super) const STREAM: u8 = 1;
