//! A Waku node with the command line of wakunode2.

use std::{io, process::ExitCode};

use clap_complete::generate;
use wakunode::{
    Config, Settings, config, flags,
    log::Log,
    settings::{Asked, SettingsError, command},
};

fn main() -> ExitCode {
    let read = Settings::read(std::env::args_os(), std::env::vars_os());
    let (settings, asked) = match read {
        Ok(read) => read,
        Err(SettingsError::CommandLine(error)) => {
            // Nobody is there to be told when this fails.
            let _ = error.print();
            return if error.use_stderr() {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            };
        }
        Err(error) => return failed(&error, 1),
    };
    match asked {
        Asked::Version => println!("version / git commit hash: {}", version(&settings)),
        Asked::Completions(shell) => generate(shell, &mut command(), "wakunode", &mut io::stdout()),
        Asked::RlnKeystore => {
            return failed(
                &"generateRlnKeystore: memberships of rate limit proofs (RLN) cannot be registered by this program",
                1,
            );
        }
        Asked::Run => return run(&settings),
    }
    ExitCode::SUCCESS
}

fn version(settings: &Settings) -> &str {
    settings
        .text(&flags::VERSION_STRING)
        .unwrap_or(concat!("backplane-v", env!("CARGO_PKG_VERSION")))
}

fn run(settings: &Settings) -> ExitCode {
    let (level, format) = config::logging(settings);
    let config = match Config::new(settings) {
        Ok(config) => config,
        Err(error) => return failed(&error, 1),
    };
    let log = match Log::start(level, format) {
        Ok(log) => log,
        Err(error) => return failed(&error, 1),
    };
    tracing::info!(version = version(settings), "Running wakunode");
    config
        .warnings
        .iter()
        .for_each(|warning| tracing::warn!("{warning}"));
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error, 1),
    };
    let ended = runtime.block_on(wakunode::run(config, level, &log, version(settings)));
    // What still waits for a module must not keep the process.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            failed(&error, error.code())
        }
    }
}

fn failed(error: &dyn std::fmt::Display, code: u8) -> ExitCode {
    eprintln!("wakunode: {error}");
    ExitCode::from(code)
}
