//! The frozen C-layout ABI between the host and its plugins.
