//! The chat plugin.
