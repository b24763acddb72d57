//! `cargo xtask dependencies`: what `cargo deny check licenses bans sources` checks, from the same deny.toml,
//! without building cargo-deny first.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::ExitCode,
};

use serde::Deserialize;
use serde_json::Value;
use spdx::{Expression, ParseMode};

use crate::cargo::{self, Error};

/// The parts of deny.toml that are checked.
#[derive(Debug, Deserialize)]
struct Rules {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Debug, Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: BTreeSet<String>,
}

/// A package that the workspace depends on, or one of its own.
#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

/// Checks all packages of the lock file.
pub(crate) fn run() -> Result<ExitCode, Error> {
    let rules: Rules = toml::from_str(&fs::read_to_string(cargo::root().join("deny.toml"))?)?;
    let packages: Vec<Package> = match cargo::metadata()?["packages"].take() {
        packages @ Value::Array(_) => serde_json::from_value(packages)?,
        _ => return Err("cargo metadata lists no packages".into()),
    };
    let problems = rules.check(&packages);
    problems.iter().for_each(|problem| eprintln!("{problem}"));
    let mut licences: BTreeMap<&str, usize> = BTreeMap::new();
    for package in &packages {
        *licences
            .entry(package.license.as_deref().unwrap_or("none"))
            .or_default() += 1;
    }
    println!(
        "{} packages, {} licence terms, {} problems",
        packages.len(),
        licences.len(),
        problems.len()
    );
    Ok(if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

impl Rules {
    fn check(&self, packages: &[Package]) -> Vec<String> {
        packages
            .iter()
            .flat_map(|package| self.problems(package))
            .collect()
    }

    fn problems(&self, package: &Package) -> Vec<String> {
        let Package {
            name,
            version,
            license,
            source,
        } = package;
        let mut problems = Vec::new();
        if let Some(source) = source {
            let known = source
                .strip_prefix("registry+")
                .is_some_and(|it| self.sources.allow_registry.contains(it));
            if !known {
                problems.push(format!(
                    "{name} {version} comes from {source}, which is not allowed"
                ));
            }
        }
        if let Some(ban) = self.bans.deny.iter().find(|ban| ban.name == *name) {
            problems.push(format!("{name} {version} is not allowed: {}", ban.reason));
        }
        match license {
            None => problems.push(format!("{name} {version} states no licence")),
            Some(license) if !self.allows(name, license) => {
                problems.push(format!(
                    "{name} {version} is under {license}, which deny.toml does not allow"
                ));
            }
            Some(_) => {}
        }
        problems
    }

    fn allows(&self, name: &str, license: &str) -> bool {
        let exceptions = self.licenses.exceptions.iter().filter(|it| it.name == name);
        let allowed: BTreeSet<&String> = exceptions
            .flat_map(|it| &it.allow)
            .chain(&self.licenses.allow)
            .collect();
        // Older packages separate alternatives with a slash.
        let Ok(expression) = Expression::parse_mode(license, ParseMode::LAX) else {
            return false;
        };
        expression.evaluate(|requirement| allowed.contains(&requirement.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, license: Option<&str>, source: Option<&str>) -> Vec<String> {
        let rules: Rules = toml::from_str(
            r#"
            licenses.allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"]
            licenses.exceptions = [{ crate = "roots", allow = ["CDLA-Permissive-2.0"] }]
            bans.deny = [{ crate = "openssl", reason = "a system library" }]
            sources.allow-registry = ["https://registry.example/index"]
            "#,
        )
        .unwrap();
        rules.check(&[Package {
            name: name.into(),
            version: "1.0.0".into(),
            license: license.map(Into::into),
            source: source.map(Into::into),
        }])
    }

    #[test]
    fn one_allowed_alternative_is_enough_and_every_part_must_be_allowed() {
        for allowed in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert_eq!(told("a", Some(allowed), None), Vec::<String>::new(), "{allowed}");
        }
        for refused in [
            "GPL-3.0",
            "MIT AND LGPL-2.1",
            "Apache-2.0 WITH Classpath-exception-2.0",
            "no licence",
        ] {
            let expected = format!("a 1.0.0 is under {refused}, which deny.toml does not allow");
            assert_eq!(told("a", Some(refused), None), [expected]);
        }
        assert_eq!(told("a", None, None), ["a 1.0.0 states no licence"]);
    }

    #[test]
    fn an_exception_is_for_its_package_alone() {
        assert!(told("roots", Some("CDLA-Permissive-2.0"), None).is_empty());
        assert_eq!(told("a", Some("CDLA-Permissive-2.0"), None).len(), 1);
    }

    #[test]
    fn banned_packages_and_unknown_sources_are_told() {
        assert_eq!(
            told("openssl", Some("MIT"), None),
            ["openssl 1.0.0 is not allowed: a system library"]
        );
        assert!(told("a", Some("MIT"), Some("registry+https://registry.example/index")).is_empty());
        let git = told("a", Some("MIT"), Some("git+https://example.org/a"));
        assert_eq!(
            git,
            ["a 1.0.0 comes from git+https://example.org/a, which is not allowed"]
        );
    }
}
