//! `cargo xtask test`

use std::{
    env,
    ffi::OsString,
    fs,
    io::{BufRead, BufReader},
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use crate::cargo::{self, Error};

/// Tests that need features which are off by default: the arguments by which cargo finds them. With all packages, so
/// that nothing is built anew that does not depend on the features.
pub(crate) const FEATURED: [&str; 7] = [
    "--workspace",
    "--features",
    "storage-plugin/sqlcipher,storage-plugin/content-exchange",
    "--test",
    "cipher",
    "--test",
    "content",
];

/// What `cargo test` reported.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    programs: usize,
    passed: usize,
    failed: usize,
    ignored: usize,
    failures: Vec<String>,
}

/// Builds the plugins that tests load, runs all tests of the workspace to the end, then those of the storage plugin with
/// encryption and exchange unless `arguments` ask for something in particular, and sums up.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Error> {
    let begun = Instant::now();
    let features = features();
    let mut build = cargo::cargo(&["build", "--locked", "--workspace", "--all-targets"]);
    cargo::succeed(build.args(features))?;
    let mut command = cargo::cargo(&["test", "--locked", "--workspace", "--no-fail-fast"]);
    command.args(features);
    // The tests need not ask cargo again for the plugins that they load.
    command.env("BACKPLANE_PREBUILT", "1");
    let mut totals = Totals::default();
    let mut passed_all = totals.run(command.args(arguments))?;
    let featured = Instant::now();
    if arguments.is_empty() {
        passed_all &= totals.run(cargo::cargo(&["test", "--locked"]).args(FEATURED))?;
        println!("\nencryption and exchange: {} s", featured.elapsed().as_secs());
    }
    let Totals {
        programs,
        passed,
        failed,
        ignored,
        failures,
    } = totals;
    println!(
        "\n{passed} tests passed, {failed} failed, {ignored} ignored, in {programs} programs, {} s",
        begun.elapsed().as_secs()
    );
    failures.iter().for_each(|failure| println!("failed: {failure}"));
    Ok(if passed_all {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The features whose tests can run here. A machine that is to find faults must have what they need.
fn features() -> &'static [&'static str] {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let found = versions.map(|version| version.path().join("bin/initdb").exists());
    if found.into_iter().any(|found| found) || env::var_os("CI").is_some() {
        return &["--features", "storage-plugin/postgres"];
    }
    println!("PostgreSQL is not installed (Debian's package postgresql): its tests are left out");
    &[]
}

impl Totals {
    /// Runs tests, and adds up what they report; whether all is well.
    fn run(&mut self, command: &mut Command) -> Result<bool, Error> {
        let mut tests = command.stdout(Stdio::piped()).spawn()?;
        if let Some(output) = tests.stdout.take() {
            for line in BufReader::new(output).lines() {
                let line = line?;
                println!("{line}");
                self.count(&line);
            }
        }
        Ok(tests.wait()?.success())
    }

    /// Reads one line of the test programs' output.
    fn count(&mut self, line: &str) {
        if let Some(name) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.failures.push(name.to_owned());
        }
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        self.programs += 1;
        for part in result.split([';', '.']) {
            let (number, what) = part.trim().split_once(' ').unwrap_or_default();
            let Ok(number) = number.parse::<usize>() else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up_and_failures_named() {
        let mut totals = Totals::default();
        for line in [
            "running 3 tests",
            "test a::b ... ok",
            "test a::c ... FAILED",
            "test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 4 filtered out; finished in 0.01s",
            "test result: ok. 10 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.50s",
        ] {
            totals.count(line);
        }
        let expected = Totals {
            programs: 2,
            passed: 12,
            failed: 1,
            ignored: 2,
            failures: vec!["a::c".into()],
        };
        assert_eq!(totals, expected);
    }
}
