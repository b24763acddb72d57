//! Making a module, and checking the table that comes back.

use super::CreateError;
use backplane_plugin_api::{
    ABI_LEVEL, Host, ModuleHandle, ModuleInfo, ModuleTable, PluginDeclaration, Reply, status,
};

/// Makes a module instance.
///
/// # Safety
/// The declaration must be a checked one whose library is mapped, and `host` valid until the module's
/// `destroy` returns.
pub(super) unsafe fn create(
    declaration: &PluginDeclaration,
    host: &Host,
    info: &ModuleInfo,
) -> Result<ModuleHandle, CreateError> {
    let refused = |status, message| Err(CreateError::Refused { status, message });
    let Some(create) = declaration.create else {
        return refused(status::INTERNAL, "the plugin has no function create".to_owned());
    };
    let mut module = ModuleHandle {
        ctx: std::ptr::null_mut(),
        table: std::ptr::null(),
    };
    let mut reply = Reply::EMPTY;
    // SAFETY: all four pointers are valid for the call; the caller vouches for the function and the host.
    let answer = unsafe { create(host, info, &raw mut module, &raw mut reply) };
    match answer {
        status::OK => {}
        status::PENDING => return refused(answer, "create must answer at once".to_owned()),
        _ => return refused(answer, reply.message()),
    }
    // SAFETY: the plugin fills the handle when it answers OK.
    unsafe { check(&module) }?;
    Ok(module)
}

/// # Safety
/// The table must be null or valid as far as its size says.
unsafe fn check(module: &ModuleHandle) -> Result<(), CreateError> {
    let table = module.table;
    if table.is_null() {
        return Err(CreateError::NoTable);
    }
    // SAFETY: of every level, a table begins with its size and its level.
    let (size, abi) = unsafe { ((*table).size as usize, (*table).abi) };
    if abi != ABI_LEVEL {
        return Err(CreateError::OtherAbi {
            expected: ABI_LEVEL,
            found: abi,
        });
    }
    let expected = size_of::<ModuleTable>();
    if size < expected {
        return Err(CreateError::TableTooShort {
            expected,
            found: size,
        });
    }
    // SAFETY: the table is as long as it should be.
    let table = unsafe { &*table };
    let required = [
        ("start", table.start.is_some()),
        ("call", table.call.is_some()),
        ("stop", table.stop.is_some()),
        ("destroy", table.destroy.is_some()),
    ];
    let Some((function, _)) = required.into_iter().find(|(_, is_there)| !is_there) else {
        return Ok(());
    };
    if let Some(destroy) = table.destroy {
        // SAFETY: the instance was just made and nothing else runs in it.
        unsafe { destroy(module.ctx) };
    }
    Err(CreateError::MissingFunction { function })
}
