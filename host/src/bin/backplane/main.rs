//! The command `backplane`: runs a host, and steers one that runs.

mod args;
mod bundle;
mod command;
mod connect;
mod exit;
mod output;
mod site;

use args::Args;
use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    backplane_host::guest_main();
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("backplane: the system has no room for another program: {error}");
            return exit::Exit::Failed.into();
        }
    };
    let json = args.global.json;
    let outcome = runtime.block_on(command::run(args));
    // Plugin code that hangs must not keep the program alive.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}
