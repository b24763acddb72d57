//! Who may do what: nothing, unless the manifest asks for it and the bundle grants it.
//!
//! What a caller may do with an interface is settled when it binds it. A call is looked at once more only where a part
//! of the interface is granted, or where it has sensitive methods: one bit of the binding says so.

mod audit;
mod check;
mod permits;
mod report;

pub(crate) use audit::Audit;
pub use audit::{AuditEntry, AuditKind};
pub(crate) use check::{check_call, refuse};
pub(crate) use permits::{Heard, Permits};
pub use report::{PermissionKind, PermissionReport};
pub(crate) use report::{Subject, report};
