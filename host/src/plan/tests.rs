//! Plans and explanations, case by case.

use super::*;
use crate::bundle::Grant;
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

#[test]
fn the_highest_versions_that_fit_are_chosen_and_providers_start_first() {
    let kv1 = "storage 0.1.0: +storage.kv 1.0.0";
    let kv2 = "storage 0.2.0: +storage.kv 2.0.0";
    let chat = "chat 0.1.0: -storage.kv ^1";
    let table: [(&[&str], &[&str], &str); 14] = [
        (&[], &[], ""),
        (
            &["chat", "storage"],
            &[chat, kv1],
            "storage 0.1.0; chat 0.1.0 (storage.kv: storage 1.0.0)",
        ),
        // A lower version of the provider is taken where the consumer needs it, else the highest.
        (
            &["chat", "storage"],
            &[chat, kv1, kv2],
            "storage 0.1.0; chat 0.1.0 (storage.kv: storage 1.0.0)",
        ),
        (&["storage"], &[kv1, kv2], "storage 0.2.0"),
        (&["storage ^0.1"], &[kv1, kv2], "storage 0.1.0"),
        // A lower version of the consumer, where the provider cannot be higher.
        (
            &["chat", "storage ~0.1"],
            &[chat, "chat 0.2.0: -storage.kv ^2", kv1, kv2],
            "storage 0.1.0; chat 0.1.0 (storage.kv: storage 1.0.0)",
        ),
        // Of several providers the highest interface version, then the first name.
        (
            &["a", "b", "c"],
            &["a 1.0.0: +x.y 1.0.0", "b 1.0.0: +x.y 1.1.0", "c 1.0.0: -x.y ^1"],
            "a 1.0.0; b 1.0.0; c 1.0.0 (x.y: b 1.1.0)",
        ),
        (
            &["a", "b", "c"],
            &["a 1.0.0: +x.y 1.0.0", "b 1.0.0: +x.y 1.0.0", "c 1.0.0: -x.y ^1"],
            "a 1.0.0; b 1.0.0; c 1.0.0 (x.y: a 1.0.0)",
        ),
        // One plugin may be two modules, in two versions.
        (
            &["old=storage ^0.1", "new=storage", "chat"],
            &[chat, kv1, kv2],
            "new 0.2.0; old 0.1.0; chat 0.1.0 (storage.kv: old 1.0.0)",
        ),
        // What is optional may be missing.
        (&["a"], &["a 1.0.0: ?x.y ^1"], "a 1.0.0 (x.y: -)"),
        // An optional provider starts first where that is possible, and a cycle is broken there.
        (
            &["a", "b"],
            &["a 1.0.0: ?b.x ^1", "b 1.0.0: +b.x 1.0.0"],
            "b 1.0.0; a 1.0.0 (b.x: b 1.0.0)",
        ),
        (
            &["a", "b"],
            &["a 1.0.0: ?b.x ^1, +a.x 1.0.0", "b 1.0.0: -a.x ^1, +b.x 1.0.0"],
            "a 1.0.0 (b.x: ~b 1.0.0); b 1.0.0 (a.x: a 1.0.0)",
        ),
        // A module that passes an interface on does not serve itself, and two of them do not serve each other.
        (
            &["cache", "disk"],
            &["cache 1.0.0: +kv.s 1.0.0, -kv.s ^1", "disk 1.0.0: +kv.s 1.0.0"],
            "disk 1.0.0; cache 1.0.0 (kv.s: disk 1.0.0)",
        ),
        (
            &["a", "b", "disk"],
            &[
                "a 1.0.0: +kv.s 1.0.0, -kv.s ^1",
                "b 1.0.0: +kv.s 1.0.0, -kv.s ^1",
                "disk 1.0.0: +kv.s 1.0.0",
            ],
            "disk 1.0.0; a 1.0.0 (kv.s: disk 1.0.0); b 1.0.0 (kv.s: a 1.0.0)",
        ),
    ];
    for (modules, candidates, expected) in table {
        let plan = resolve(modules, candidates).unwrap_or_else(|error| panic!("{modules:?}: {error}"));
        assert_eq!(text(&plan), expected);
    }
}

#[test]
fn an_optional_requirement_outside_of_a_cycle_still_orders_the_start() {
    let candidates = [
        "a 1.0.0: ?b.x ^1",
        "b 1.0.0: +b.x 1.0.0, -c.x ^1",
        "c 1.0.0: +c.x 1.0.0, ?b.x ^1",
    ];
    let plan = resolve(&["a", "b", "c"], &candidates).unwrap();
    assert_eq!(
        text(&plan),
        "c 1.0.0 (b.x: ~b 1.0.0); b 1.0.0 (c.x: c 1.0.0); a 1.0.0 (b.x: b 1.0.0)"
    );
    let warnings: Vec<_> = plan.warnings.iter().map(Warning::to_string).collect();
    assert_eq!(
        warnings,
        ["c 1.0.0 requires b.x ^1, optionally, but starts before b, which needs it"]
    );
}

#[test]
fn what_is_impossible_is_explained() {
    let kv1 = "storage 0.1.0: +storage.kv 1.0.0";
    let kv2 = "storage 0.2.0: +storage.kv 2.0.0";
    let chat = "chat 0.1.0: -storage.kv ^2.0";
    let table: [(&[&str], &[&str], &str); 14] = [
        (
            &["chat", "storage"],
            &[chat, kv1],
            "chat 0.1.0 requires storage.kv ^2.0; available: storage 0.1.0 provides storage.kv 1.0.0",
        ),
        (
            &["chat"],
            &[chat],
            "chat 0.1.0 requires storage.kv ^2.0; no plugin provides storage.kv",
        ),
        (
            &["chat"],
            &[chat, kv2],
            "chat 0.1.0 requires storage.kv ^2.0; available: storage 0.2.0 provides storage.kv 2.0.0, but the bundle does not run it: add [modules.storage]",
        ),
        (
            &["chat", "storage ^0.1"],
            &[chat, kv1, kv2],
            "chat 0.1.0 requires storage.kv ^2.0; available: storage 0.1.0 provides storage.kv 1.0.0; storage 0.2.0 provides storage.kv 2.0.0, but [modules.storage] wants version ^0.1",
        ),
        (
            &["talk=chat", "db=storage"],
            &[chat, kv1],
            "talk (chat 0.1.0) requires storage.kv ^2.0; available: db (storage 0.1.0) provides storage.kv 1.0.0",
        ),
        (
            &["chat", "storage", "wallet"],
            &[chat, kv1, kv2, "wallet 1.0.0: -storage.kv ^1"],
            "no choice of versions fits: chat 0.1.0 requires storage.kv ^2.0; wallet 1.0.0 requires storage.kv ^1; available: storage 0.2.0 provides storage.kv 2.0.0; storage 0.1.0 provides storage.kv 1.0.0",
        ),
        (
            &["chat", "storage"],
            &[chat, kv1, "storage 0.2.0: +storage.kv 2.0.0, -disk.fs ^1"],
            "no choice of versions fits: chat 0.1.0 requires storage.kv ^2.0; storage 0.2.0 requires disk.fs ^1; available: storage 0.2.0 provides storage.kv 2.0.0; storage 0.1.0 provides storage.kv 1.0.0; no plugin provides disk.fs",
        ),
        (
            &["a", "b", "c"],
            &[
                "a 1.0.0: +a.x 1.0.0, -b.x ^1",
                "b 1.0.0: +b.x 1.0.0, -a.x ^1",
                "c 1.0.0: -a.x ^1",
            ],
            "cycle a → b → a: a 1.0.0 requires b.x ^1; b 1.0.0 requires a.x ^1; one of these requirements must become optional",
        ),
        (
            &["a", "b", "c"],
            &[
                "c 1.0.0: +c.x 1.0.0, -a.x ^1",
                "a 1.0.0: +a.x 1.0.0, -b.x ^1",
                "b 1.0.0: +b.x 1.0.0, -c.x ^1",
            ],
            "cycle a → b → c → a: a 1.0.0 requires b.x ^1; b 1.0.0 requires c.x ^1; c 1.0.0 requires a.x ^1; one of these requirements must become optional",
        ),
        (
            &["a"],
            &["a 1.0.0: +a.x 1.0.0, -a.x ^1"],
            "a 1.0.0 requires a.x ^1; no plugin provides a.x",
        ),
        (
            &["chat ^0.2"],
            &[chat, "chat 0.1.1:"],
            "module chat wants plugin chat ^0.2; available: chat 0.1.0; chat 0.1.1",
        ),
        (
            &["chta"],
            &[chat],
            "module chta wants plugin chta *; no such plugin was found; did you mean \"chat\"?",
        ),
        (
            &["wallet"],
            &[],
            "module wallet wants plugin wallet *; no such plugin was found",
        ),
        (&["chat", "chat"], &[chat], "two modules are called chat"),
    ];
    for (modules, candidates, expected) in table {
        let error = resolve(modules, candidates).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn what_is_not_granted_is_refused_with_the_line_to_add() {
    let candidates = [
        "chat 0.1.0: -storage.kv ^1, ?waku.relay ^1",
        "storage 0.1.0: +storage.kv 1.0.0",
        "waku 0.1.0: +waku.relay 1.0.0",
    ];
    let candidates: Vec<_> = candidates.iter().map(|line| candidate(line)).collect();
    let mut modules = ["chat", "storage", "waku"].map(wanted);
    let mut with = |grants: &[&str]| {
        let grants: Vec<Grant> = grants.iter().map(|grant| grant.parse().unwrap()).collect();
        modules[0].grants = Grants(grants);
        Plan::resolve(&modules, &candidates)
    };
    assert_eq!(
        with(&["waku.*"]).unwrap_err().to_string(),
        "chat 0.1.0 requires storage.kv ^1, which storage provides, but it is not granted: \
         add \"storage.kv\" to grants in [modules.chat]"
    );
    let plan = with(&["storage.*"]).unwrap();
    assert_eq!(
        text(&plan),
        "storage 0.1.0; chat 0.1.0 (storage.kv: storage 1.0.0, waku.relay: -); waku 0.1.0"
    );
    assert_eq!(
        plan.warnings[0].to_string(),
        "chat 0.1.0 requires waku.relay ^1, optionally, and waku provides it, but it is not granted: \
         add \"waku.relay\" to grants in [modules.chat]"
    );
    assert_eq!(with(&["storage.kv", "waku.relay"]).unwrap().warnings, []);
}

#[test]
fn a_pin_admits_one_file_only() {
    let (old, new) = (
        candidate("chat 0.1.0: +a.b 1.0.0"),
        candidate("chat 0.2.0: +a.b 1.0.0"),
    );
    let mut chat = wanted("chat");
    chat.sha256 = Some(old.sha256);
    let plan = Plan::resolve(std::slice::from_ref(&chat), &[old.clone(), new.clone()]).unwrap();
    assert_eq!(text(&plan), "chat 0.1.0");
    let error = Plan::resolve(&[chat], std::slice::from_ref(&new))
        .unwrap_err()
        .to_string();
    let expected = format!(
        "module chat wants plugin chat * with sha256 {}; available: chat 0.2.0 with sha256 {}",
        old.sha256, new.sha256
    );
    assert_eq!(error, expected);
}

#[test]
fn a_file_admits_one_path_only() {
    let candidates = [candidate("chat 0.1.0:"), candidate("chat 0.2.0:")];
    let mut chat = wanted("talk=chat");
    chat.plugin = PluginRef::File("/plugins/chat-0.1.0.so".into());
    assert_eq!(text(&Plan::resolve(&[chat], &candidates).unwrap()), "talk 0.1.0");
}

#[test]
fn subscriptions_do_not_order_the_start_but_are_missed_where_nobody_publishes() {
    let plan = resolve(
        &["a", "b"],
        &[
            "a 1.0.0: !b.x ^1 new, !b.x ^1 old, !b.x ^2 new, !c.x * new",
            "b 1.0.0: +b.x 1.0.0",
        ],
    );
    let plan = plan.unwrap();
    assert_eq!(text(&plan), "a 1.0.0; b 1.0.0");
    let warnings: Vec<_> = plan.warnings.iter().map(Warning::to_string).collect();
    let expected = [
        "a subscribes to b.x ^1 old, but no provider of that interface has the event",
        "a subscribes to b.x ^2 new, but no module provides that interface",
        "a subscribes to c.x * new, but no module provides that interface",
    ];
    assert_eq!(warnings, expected);
}

#[test]
fn a_version_that_was_passed_over_is_mentioned() {
    let candidates = [
        "chat 0.1.0: -storage.kv ^1",
        "chat 0.2.0: -storage.kv ^2",
        "storage 0.1.0: +storage.kv 1.0.0",
    ];
    let warnings = |modules: &[&str], candidates: &[&str]| -> Vec<String> {
        let plan = resolve(modules, candidates).unwrap();
        plan.warnings.iter().map(Warning::to_string).collect()
    };
    assert_eq!(
        warnings(&["chat", "storage"], &candidates),
        [
            "chat runs as version 0.1.0, not as 0.2.0: chat 0.2.0 requires storage.kv ^2, which it would not get"
        ]
    );
    let candidates = [
        "chat 0.1.0: -storage.kv ^1",
        "storage 0.1.0: +storage.kv 1.0.0",
        "storage 0.2.0: +storage.kv 2.0.0",
    ];
    assert_eq!(
        warnings(&["chat", "storage"], &candidates),
        ["storage runs as version 0.1.0, not as 0.2.0: other modules would not get what they require"]
    );
}

#[test]
fn a_replacement_must_serve_every_dependent() {
    let plan = resolve(
        &["bot", "chat", "storage", "ui"],
        &[
            "storage 1.0.0: +storage.kv 1.0.0",
            "chat 1.0.0: -storage.kv ^1, +chat.room 1.0.0, +chat.log 1.0.0",
            "bot 1.0.0: -chat.room ^1",
            "ui 2.0.0: -chat.room ^1.0, -chat.log ^1, ?chat.log ^1",
        ],
    );
    let plan = plan.unwrap();
    let table = [
        (
            "chat 1.1.0: -storage.kv ^1.0, +chat.room 1.1.0, +chat.log 1.0.0",
            "",
        ),
        (
            "chat 1.1.0: +chat.room 1.1.0, +chat.room 2.0.0, +chat.log 1.0.0",
            "",
        ),
        (
            "chat 2.0.0: +chat.room 2.0.0",
            "chat 2.0.0 cannot replace chat 1.0.0: bot 1.0.0 requires chat.room ^1, but chat 2.0.0 provides chat.room 2.0.0; ui 2.0.0 requires chat.room ^1.0, but chat 2.0.0 provides chat.room 2.0.0; ui 2.0.0 requires chat.log ^1, which chat 2.0.0 does not provide",
        ),
        (
            "chat 1.1.0: -storage.kv ^2, -waku.relay ^1, +chat.room 1.0.0, +chat.log 1.0.0",
            "chat 1.1.0 cannot replace chat 1.0.0: chat 1.1.0 requires storage.kv ^2, but other modules provide storage.kv 1.0.0; chat 1.1.0 requires waku.relay ^1, which no other module provides",
        ),
        (
            "chat 1.1.0: -ui.x ^1, +chat.room 1.0.0, +chat.log 1.0.0",
            "chat 1.1.0 cannot replace chat 1.0.0: chat 1.1.0 requires ui.x ^1, which no other module provides",
        ),
    ];
    for (line, expected) in table {
        let new = candidate(line);
        let checked = plan.check_replacement("chat", &new.manifest);
        let error = checked
            .as_ref()
            .err()
            .map(ReplacementError::to_string)
            .unwrap_or_default();
        assert_eq!(error, expected, "{line}");
        assert_eq!(plan.replaced("chat", &new).is_ok(), checked.is_ok());
    }
    let gone = plan
        .check_replacement("wallet", &candidate("a 1.0.0:").manifest)
        .unwrap_err();
    assert_eq!(gone.to_string(), "there is no module wallet");
    let dependents: Vec<_> = plan
        .dependents("chat")
        .map(|(module, _)| module.name.as_str())
        .collect();
    assert_eq!(dependents, ["bot", "ui", "ui", "ui"]);
}

#[test]
fn a_replacement_keeps_the_other_bindings_and_may_change_the_order() {
    let plan = resolve(
        &["a", "b", "c"],
        &[
            "a 1.0.0: +x.y 1.0.0, ?z.z ^1",
            "b 1.0.0: -x.y ^1, ?x.y ^1",
            "c 1.0.0: +z.z 1.0.0",
        ],
    );
    let plan = plan.unwrap();
    assert_eq!(
        text(&plan),
        "c 1.0.0; a 1.0.0 (z.z: c 1.0.0); b 1.0.0 (x.y: a 1.0.0, x.y: a 1.0.0)"
    );
    // c now has a better x.y, but b is bound to a; and c starts after b, which it needs.
    let new = candidate("c 2.0.0: +x.y 1.5.0, -x.y ^1");
    let replaced = plan.replaced("c", &new).unwrap();
    assert_eq!(
        text(&replaced),
        "a 1.0.0 (z.z: -); b 1.0.0 (x.y: a 1.0.0, x.y: a 1.0.0); c 2.0.0 (x.y: a 1.0.0)"
    );
    assert_eq!(
        replaced
            .warnings
            .iter()
            .map(Warning::to_string)
            .collect::<Vec<_>>(),
        ["a 1.0.0 requires z.z ^1, optionally, which c will no longer provide"]
    );
}

#[test]
fn a_replacement_is_refused_what_it_is_not_granted_and_may_close_no_cycle() {
    let candidates = [
        candidate("a 1.0.0: +a.x 1.0.0"),
        candidate("b 1.0.0: -a.x ^1, +b.x 1.0.0"),
    ];
    let mut modules = [wanted("a"), wanted("b")];
    let new = candidate("a 1.1.0: +a.x 1.0.0, -b.x ^1");
    let plan = Plan::resolve(&modules, &candidates).unwrap();
    assert_eq!(
        plan.check_replacement("a", &new.manifest)
            .unwrap_err()
            .to_string(),
        "a 1.1.0 cannot replace a 1.0.0: it would close the cycle a → b → a"
    );
    modules[0].grants = Grants::default();
    let plan = Plan::resolve(&modules, &candidates).unwrap();
    assert_eq!(
        plan.check_replacement("a", &new.manifest)
            .unwrap_err()
            .to_string(),
        "a 1.1.0 cannot replace a 1.0.0: a 1.1.0 requires b.x ^1, which is not granted: \
         add \"b.x\" to grants in [modules.a]"
    );
}

#[test]
fn a_large_set_is_resolved_within_the_steps() {
    let mut lines = Vec::new();
    for index in 0..MODULE_LIMIT {
        for version in 1..=4 {
            let needs = if index == 0 {
                String::new()
            } else {
                format!(", -m{}.x ^{}", index - 1, version.min(3))
            };
            lines.push(format!(
                "m{index} {version}.0.0: +m{index}.x {version}.0.0{needs}"
            ));
        }
    }
    let candidates: Vec<_> = lines.iter().map(|line| candidate(line)).collect();
    let wanted: Vec<_> = (0..MODULE_LIMIT)
        .map(|index| wanted(&format!("m{index}")))
        .collect();
    let plan = Plan::resolve(&wanted, &candidates).unwrap();
    assert_eq!(plan.modules.len(), MODULE_LIMIT);
    let highest = plan
        .modules
        .iter()
        .filter(|it| it.plugin.manifest.version.major == 4)
        .count();
    assert_eq!(highest, 1);
    let too_many = vec![candidates[0].clone(); CANDIDATE_LIMIT + 1];
    let error = Plan::resolve(&[], &too_many).unwrap_err().to_string();
    assert_eq!(error, "4097 plugin files, at most 4096 are allowed");
}
