//! The storage plugin.
