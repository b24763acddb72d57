//! The typed contract of the chat plugin.
