//! The commands, one in a file.

pub(crate) mod bindgen;
pub(crate) mod call;
pub(crate) mod completion;
pub(crate) mod events;
mod follow;
pub(crate) mod inspect;
pub(crate) mod load;
pub(crate) mod logs;
pub(crate) mod modules;
pub(crate) mod new;
pub(crate) mod package;
pub(crate) mod permissions;
mod progress;
pub(crate) mod rollback;
pub(crate) mod run;
pub(crate) mod stop;
pub(crate) mod storage;
pub(crate) mod swap;
pub(crate) mod unload;

use crate::args::{Args, Command};
use crate::exit::Failure;

/// Runs the command.
pub(crate) async fn run(args: Args) -> Result<(), Failure> {
    let global = &args.global;
    match args.command {
        Command::Run(run) => run.execute(global).await,
        Command::Modules(modules) => modules.execute(global).await,
        Command::Inspect(inspect) => inspect.execute(global).await,
        Command::Call(call) => call.execute(global).await,
        Command::Events(events) => events.execute(global).await,
        Command::Load(load) => load.execute(global).await,
        Command::Unload(unload) => unload.execute(global).await,
        Command::Swap(swap) => swap.execute(global).await,
        Command::Rollback(rollback) => rollback.execute(global).await,
        Command::Logs(logs) => logs.execute(global).await,
        Command::Permissions(permissions) => permissions.execute(global).await,
        Command::Storage(storage) => storage.execute(global).await,
        Command::New(new) => new.execute(global),
        Command::Bindgen(bindgen) => bindgen.execute(global),
        Command::Pack(pack) => pack.execute(global),
        Command::Sign(sign) => sign.execute(global),
        Command::Verify(verify) => verify.execute(global),
        Command::Key(key) => key.execute(global),
        Command::Publish(publish) => publish.execute(global),
        Command::Install(install) => install.execute(global).await,
        Command::List(list) => list.execute(global),
        Command::Outdated(outdated) => outdated.execute(global),
        Command::Remove(remove) => remove.execute(global),
        Command::Stop(stop) => stop.execute(global).await,
        Command::Completion(completion) => completion.execute(),
    }
}
