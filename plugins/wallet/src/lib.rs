//! The wallet plugin.
