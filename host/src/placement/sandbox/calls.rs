//! Which system calls a process may make.

use super::SandboxError;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};
use std::collections::BTreeMap;

/// What no module needs: other programs and processes, the kernel's own affairs, and ways around the file rules.
const FORBIDDEN: &[libc::c_long] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_quotactl,
    libc::SYS_acct,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_syslog,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
];

/// The connections that a module may make: to other machines. Not to sockets of this one by name, which may belong to
/// hosts; the interfaces of the machine may be asked for.
const FAMILIES: [libc::c_int; 3] = [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];

pub(super) fn bound(network: bool) -> Result<(), SandboxError> {
    let failed = |error: Box<dyn std::error::Error>| SandboxError::Calls(error.to_string());
    for (rules, errno) in [(forbidden(network), libc::EPERM), (unreadable(), libc::ENOSYS)] {
        let rules = rules.map_err(|error| failed(error.into()))?;
        let program = compile(rules, errno).map_err(|error| failed(error.into()))?;
        apply_filter(&program).map_err(|error| failed(error.into()))?;
    }
    Ok(())
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn compile(rules: Rules, errno: libc::c_int) -> Result<BpfProgram, seccompiler::BackendError> {
    let refuse = SeccompAction::Errno(errno.cast_unsigned());
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        refuse,
        std::env::consts::ARCH.try_into()?,
    )?;
    filter.try_into()
}

/// What is refused as not permitted.
fn forbidden(network: bool) -> Result<Rules, seccompiler::BackendError> {
    let mut rules: Rules = FORBIDDEN.iter().map(|call| (*call, Vec::new())).collect();
    let first = |operator, value: u64| SeccompCondition::new(0, SeccompCmpArgLen::Qword, operator, value);
    // Threads may be made, processes not.
    let thread = libc::CLONE_THREAD.cast_unsigned().into();
    let process = SeccompRule::new(vec![first(SeccompCmpOp::MaskedEq(thread), 0)?])?;
    rules.insert(libc::SYS_clone, vec![process]);
    let others = FAMILIES
        .iter()
        .map(|family| {
            SeccompCondition::new(
                0,
                SeccompCmpArgLen::Dword,
                SeccompCmpOp::Ne,
                family.cast_unsigned().into(),
            )
        })
        .collect::<Result<Vec<_>, _>>()?;
    let sockets = if network {
        vec![SeccompRule::new(others)?]
    } else {
        Vec::new()
    };
    rules.insert(libc::SYS_socket, sockets);
    Ok(rules)
}

/// What a filter cannot look into: refused as if the system did not have it, so that libraries take the older call.
fn unreadable() -> Result<Rules, seccompiler::BackendError> {
    Ok([(libc::SYS_clone3, Vec::new())].into())
}
