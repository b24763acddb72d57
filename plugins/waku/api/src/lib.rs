//! The typed contract of the waku plugin.
