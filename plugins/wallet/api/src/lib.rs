//! The typed contract of the wallet plugin.
