//! The waku plugin.
