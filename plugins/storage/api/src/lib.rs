//! The typed contract of the storage plugin.
