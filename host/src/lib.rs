//! The host: loader, registry, router, events, supervisor and hot swap.

pub mod bundle;
pub mod library;
pub mod plan;
