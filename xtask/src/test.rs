//! `cargo xtask test`

use std::{
    ffi::OsString,
    io::{BufRead, BufReader},
    process::{Command, ExitCode, Stdio},
    time::Instant,
};

use crate::{
    cargo::{self, Error},
    features,
};

/// What `cargo test` reported.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals {
    programs: usize,
    passed: usize,
    failed: usize,
    ignored: usize,
    failures: Vec<String>,
}

/// Builds the plugins that tests load, runs all tests of the workspace to the end, then those that need a build of their
/// own unless `arguments` ask for something in particular, and sums up.
pub(crate) fn run(arguments: &[OsString]) -> Result<ExitCode, Error> {
    let begun = Instant::now();
    let tested = features::tested();
    let mut build = cargo::cargo(&["build", "--locked", "--workspace", "--all-targets"]);
    cargo::succeed(build.args(["--features", &tested]))?;
    let mut command = cargo::cargo(&["test", "--locked", "--workspace", "--no-fail-fast"]);
    command.args(["--features", &tested]).args(arguments);
    // The tests need not ask cargo again for the plugins that they load.
    command.env("BACKPLANE_PREBUILT", "1");
    let mut totals = Totals::default();
    let mut passed_all = totals.run(&mut command)?;
    if arguments.is_empty() {
        passed_all &= totals.run(cargo::cargo(&["test", "--locked"]).args(features::LINKED))?;
    }
    if arguments.is_empty() && features::tests_encryption() {
        passed_all &= totals.run(cargo::cargo(&["test", "--locked"]).args(features::ENCRYPTED))?;
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
