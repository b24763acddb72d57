//! The host: loader, registry, router, events, supervisor and hot swap.
