//! What is chosen, and in which order it starts.

use super::*;

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
