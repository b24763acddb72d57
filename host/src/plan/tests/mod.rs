//! Plans and explanations, case by case.

mod choice;
mod refusal;
mod replacement;

use super::*;
use std::fmt::Write as _;

/// A candidate from a line such as `chat 0.1.0: +chat.room 1.0.0, -storage.kv ^1, ?waku.relay ^1`:
/// `+` provides, `-` requires, `?` requires optionally, `!` subscribes to the event `new`.
fn candidate(line: &str) -> Arc<Candidate> {
    let (head, body) = line.split_once(':').unwrap();
    let (name, version) = head.split_once(' ').unwrap();
    let mut lists: [Vec<serde_json::Value>; 3] = Default::default();
    for part in body.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (id, version) = part[1..].split_once(' ').unwrap();
        match &part[..1] {
            "+" => lists[0].push(serde_json::json!({
                "id": id, "version": version, "methods": [], "events": [{"name": "new", "body": "unit"}],
            })),
            "!" => {
                let (version, event) = version.split_once(' ').unwrap();
                lists[2].push(serde_json::json!({"interface": id, "version": version, "event": event}));
            }
            sign => lists[1].push(serde_json::json!({
                "interface": id, "version": version, "optional": sign == "?",
            })),
        }
    }
    let [provides, requires, subscribes] = lists;
    let manifest = serde_json::json!({
        "name": name, "version": version, "provides": provides, "requires": requires,
        "subscribes": subscribes,
    });
    let mut sha256 = Digest([0; 32]);
    for (at, byte) in line.bytes().enumerate() {
        sha256.0[at % 32] = sha256.0[at % 32].rotate_left(3) ^ byte;
    }
    let manifest = Manifest::parse(manifest.to_string().as_bytes()).unwrap();
    Arc::new(Candidate {
        path: format!("/plugins/{name}-{version}.so").into(),
        sha256,
        source: Source::File,
        manifest,
    })
}

/// A module from a line such as `chat`, `chat ^0.1` or `talk=chat ^0.1`; it is granted everything.
fn wanted(line: &str) -> Wanted {
    let (names, version) = line.split_once(' ').unwrap_or((line, "*"));
    let (module, plugin) = names.split_once('=').unwrap_or((names, names));
    let mut wanted = Wanted::new(module, &ModuleConfig::new(plugin));
    wanted.version = version.parse().unwrap();
    wanted.grants = Grants::all();
    wanted
}

fn resolve(modules: &[&str], candidates: &[&str]) -> Result<Plan, PlanError> {
    let wanted: Vec<_> = modules.iter().map(|line| wanted(line)).collect();
    let candidates: Vec<_> = candidates.iter().map(|line| candidate(line)).collect();
    Plan::resolve(&wanted, &candidates)
}

/// `storage 0.1.0; chat 0.1.0 (storage.kv: storage 1.0.0)`, in start order; `~` marks a provider that starts
/// later, `-` one that is not there.
fn text(plan: &Plan) -> String {
    let mut text = String::new();
    for module in &plan.modules {
        let separator = if text.is_empty() { "" } else { "; " };
        write!(
            text,
            "{separator}{} {}",
            module.name, module.plugin.manifest.version
        )
        .unwrap();
        let link = |link: &Link| match &link.provider {
            Some(it) => {
                let late = if it.deferred { "~" } else { "" };
                format!("{}: {late}{} {}", link.interface, it.module, it.version)
            }
            None => format!("{}: -", link.interface),
        };
        let links: Vec<_> = module.links.iter().map(link).collect();
        if !links.is_empty() {
            write!(text, " ({})", links.join(", ")).unwrap();
        }
    }
    text
}
