//! One suite of rules for every placement: a module behaves the same wherever it runs.
//!
//! This program is the host, the program that the subject is linked into, and the program of its process. With
//! arguments it runs only the rules whose names contain one of them.

mod bench;
mod events;
mod hostile;
mod lifecycle;
mod methods;
mod others;
mod process;
mod streams;

use backplane_host::bundle::Placement;
use bench::{Bench, PLACEMENTS};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;
use tokio::runtime::Runtime;

/// A rule that holds in each placement, or why it cannot be looked at in one.
pub(crate) struct Rule {
    name: &'static str,
    check: fn(&Runtime, &Bench),
    not_in: &'static [(Placement, &'static str)],
}

/// A rule that holds everywhere.
const fn rule(name: &'static str, check: fn(&Runtime, &Bench)) -> Rule {
    Rule {
        name,
        check,
        not_in: &[],
    }
}

fn main() -> ExitCode {
    hostile::play();
    backplane_host::guest_main();
    process::be_host();
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|it| !it.starts_with('-'))
        .collect();
    if std::env::args().any(|it| it == "--list") {
        return ExitCode::SUCCESS;
    }
    let mut rules = Vec::new();
    let all = [
        methods::RULES,
        events::RULES,
        streams::RULES,
        lifecycle::RULES,
        process::RULES,
        hostile::RULES,
        others::RULES,
    ];
    for some in all {
        rules.extend(some.iter().filter(|rule| is_wanted(rule, &wanted)));
    }
    let runtime = Runtime::new().expect("the system has threads");
    let (begun, mut failed) = (Instant::now(), Vec::new());
    println!("\nrunning {} tests", rules.len() * PLACEMENTS.len());
    let mut table = Vec::new();
    for rule in &rules {
        let mut cells = Vec::new();
        for placement in PLACEMENTS {
            let cell = examine(&runtime, rule, placement);
            println!(
                "test {}::{} ... {}",
                placement.name(),
                rule.name,
                cell.as_ref().map_or("FAILED", |it| it)
            );
            if let Err(why) = &cell {
                failed.push(format!("{}::{}: {why}", placement.name(), rule.name));
            }
            cells.push(cell);
        }
        table.push((rule.name, cells));
    }
    print(&table);
    failed.iter().for_each(|it| println!("{it}"));
    let (all, bad) = (rules.len() * PLACEMENTS.len(), failed.len());
    let result = if bad == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {result}. {} passed; {bad} failed; 0 ignored; 0 measured; 0 filtered out; finished in {:.2}s\n",
        all - bad,
        begun.elapsed().as_secs_f64()
    );
    if bad == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn is_wanted(rule: &Rule, wanted: &[String]) -> bool {
    wanted.is_empty() || wanted.iter().any(|it| rule.name.contains(it.as_str()))
}

/// `ok`, or why it does not apply; else what went wrong.
fn examine(runtime: &Runtime, rule: &Rule, placement: Placement) -> Result<String, String> {
    if let Some((_, why)) = rule.not_in.iter().find(|(it, _)| *it == placement) {
        return Ok((*why).to_owned());
    }
    let check = || {
        let bench = Bench::start(placement);
        (rule.check)(runtime, &bench);
        bench.stop();
    };
    match catch_unwind(AssertUnwindSafe(check)) {
        Ok(()) => Ok("ok".to_owned()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
            Err(text.unwrap_or_else(|| "it panicked".to_owned()))
        }
    }
}

fn print(table: &[(&str, Vec<Result<String, String>>)]) {
    let width = table.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let names = PLACEMENTS.map(|it| format!("{:<10}", it.name()));
    println!("\n{:<width$}  {}", "rule", names.concat());
    for (name, cells) in table {
        let cell = |cell: &Result<String, String>| match cell {
            Ok(text) => format!("{text:<10}"),
            Err(_) => format!("{:<10}", "FAILED"),
        };
        println!("{name:<width$}  {}", cells.iter().map(cell).collect::<String>());
    }
}
