//! The interface, module and record macros of the SDK.
