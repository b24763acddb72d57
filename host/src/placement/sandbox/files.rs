//! Which files a process may use.

use super::{Sandbox, SandboxError};
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, RulesetError,
    RulesetStatus, Scope, path_beneath_rules,
};

/// The rules that are known here; a system that knows fewer applies those.
const RULES: ABI = ABI::V6;
/// What every process may read: libraries, settings, what it is itself.
const READ: [&str; 7] = [
    "/usr",
    "/lib",
    "/lib64",
    "/etc",
    "/run/systemd/resolve",
    "/proc/self",
    "/sys/fs/cgroup",
];
/// What every process may read and write.
const WRITE: [&str; 4] = ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"];

pub(super) fn bound(sandbox: &Sandbox) -> Result<(), SandboxError> {
    match restrict(sandbox) {
        Ok(RulesetStatus::NotEnforced) => Err(SandboxError::NoLandlock),
        Ok(RulesetStatus::PartiallyEnforced | RulesetStatus::FullyEnforced) => Ok(()),
        Err(error) => Err(SandboxError::Files(error.to_string())),
    }
}

fn restrict(sandbox: &Sandbox) -> Result<RulesetStatus, RulesetError> {
    let (read, write) = (AccessFs::from_read(RULES), AccessFs::from_all(RULES));
    let mut rules = Ruleset::default()
        .handle_access(write)?
        .scope(Scope::from_all(RULES))?;
    if !sandbox.network {
        rules = rules.handle_access(AccessNet::from_all(RULES))?;
    }
    let status = rules
        .create()?
        .add_rules(path_beneath_rules(READ, read))?
        .add_rules(path_beneath_rules(WRITE, write))?
        .add_rules(path_beneath_rules(&sandbox.read, read))?
        .add_rules(path_beneath_rules(&sandbox.write, write))?
        .restrict_self()?;
    Ok(status.ruleset)
}
