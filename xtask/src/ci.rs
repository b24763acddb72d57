//! `cargo xtask ci`: every check, in the order in which it says something soonest.

use std::{
    process::{Command, ExitCode},
    time::Instant,
};

use crate::cargo::{self, Error};
use crate::features;

/// Runs every check; the first that fails ends it.
pub(crate) fn run() -> Result<ExitCode, Error> {
    let begun = Instant::now();
    let extra = features::EXTRA.join(",");
    let steps: [(&str, Command); 8] = [
        ("formatting", cargo::cargo(&["fmt", "--all", "--check"])),
        ("dependencies", xtask(&["dependencies"])),
        // Header, table layout and descriptors are checked by tests.
        ("tests", xtask(&["test"])),
        ("chat without a person", xtask(&["chat", "--unattended"])),
        (
            "lints",
            clippy(&["--workspace", "--all-targets", "--features", &extra]),
        ),
        (
            "lints with encryption",
            clippy(&[&["--lib"], &features::ENCRYPTED[..]].concat()),
        ),
        ("lints of one program", clippy(&features::LINKED)),
        ("documentation", docs(&extra)),
    ];
    let mut times = Vec::new();
    for (name, mut command) in steps {
        println!("\n== {name}");
        let step = Instant::now();
        cargo::succeed(&mut command).map_err(|error| format!("{name}: {error}"))?;
        times.push((name, step.elapsed().as_secs()));
    }
    println!();
    times
        .iter()
        .for_each(|(name, seconds)| println!("{name:<24}{seconds:>5} s"));
    println!("all checks passed in {} s", begun.elapsed().as_secs());
    Ok(ExitCode::SUCCESS)
}

fn xtask(arguments: &[&str]) -> Command {
    let mut command = cargo::cargo(&["xtask"]);
    command.args(arguments);
    command
}

fn clippy(what: &[&str]) -> Command {
    let mut command = cargo::cargo(&["clippy", "--locked"]);
    command.args(what).args(["--", "-D", "warnings"]);
    command
}

fn docs(features: &str) -> Command {
    let mut command = cargo::cargo(&["doc", "--locked", "--workspace", "--no-deps"]);
    command.args(["--features", features]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}
