//! The refusal of what is not allowed, and what is noted of it.

use super::Permits;
use super::audit::AuditKind;
use super::permits::Rule;
use crate::host::Core;
use backplane_descriptor::{Interface, Method};
use backplane_plugin_api::{Reply, status};

/// Whether `caller` may call the method number `method` of `interface`, which is `allowed` or not. A refusal is noted,
/// and so is the use of a sensitive method.
pub(crate) fn check_call(
    core: &Core,
    (caller, permits): (&str, &Permits),
    interface: &Interface,
    method: u32,
    allowed: impl FnOnce(&str) -> bool,
) -> Result<(), Reply> {
    let described: Option<&Method> = interface.methods.get(method as usize);
    // One that its provider does not describe has no name that could be granted.
    let name = described.map_or("?", |it| &it.name);
    if !allowed(name) {
        let target = format!("{}.{name}", interface.id);
        return Err(refuse(core, (caller, permits), "call", &interface.id, &target));
    }
    if described.is_some_and(|it| it.sensitive) {
        let target = format!("{}.{name}", interface.id);
        core.audit.note(AuditKind::Use, caller, &target, "");
    }
    Ok(())
}

/// The answer to `caller`, which may not `call` or `hear` `target`: `interface`, or something of it. It is noted.
#[cold]
pub(crate) fn refuse(
    core: &Core,
    (caller, permits): (&str, &Permits),
    verb: &str,
    interface: &str,
    target: &str,
) -> Reply {
    let (rule, how) = match permits.rule(interface) {
        Rule::Manifest => (
            format!("its manifest does not require {interface}"),
            format!(
                "its author has to add that, and then [modules.{caller}] of the bundle needs {}",
                permits.line_with(target)
            ),
        ),
        Rule::Bundle => (
            "the bundle does not grant it".to_owned(),
            format!("[modules.{caller}] needs {}", permits.line_with(target)),
        ),
        Rule::Program => (
            "the program that made this front end does not grant it".to_owned(),
            format!("it needs the grant {target:?}"),
        ),
    };
    core.audit.note(AuditKind::Refusal, caller, target, &rule);
    Reply::error(
        status::DENIED,
        format!("{caller} may not {verb} {target}: {rule}; {how}"),
    )
}
