//! What is impossible or not granted, and how that is said.

use super::*;
use crate::bundle::Grant;

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
        with(&["waku.relay"]).unwrap_err().to_string(),
        "chat 0.1.0 requires storage.kv ^1, which storage provides, but it is not granted: \
         [modules.chat] needs grants = [\"waku.relay\", \"storage.kv\"]"
    );
    let plan = with(&["storage.kv"]).unwrap();
    assert_eq!(
        text(&plan),
        "storage 0.1.0; chat 0.1.0 (storage.kv: storage 1.0.0, waku.relay: -); waku 0.1.0"
    );
    assert_eq!(
        plan.warnings[0].to_string(),
        "chat 0.1.0 requires waku.relay ^1, optionally, and waku provides it, but it is not granted: \
         [modules.chat] needs grants = [\"storage.kv\", \"waku.relay\"]"
    );
    assert_eq!(with(&["storage.kv", "waku.relay"]).unwrap().warnings, []);
    assert_eq!(with(&["storage.kv.get", "waku.relay.send"]).unwrap().warnings, []);
}

#[test]
fn an_event_that_is_not_granted_is_refused_unless_the_module_does_without() {
    let candidates = ["chat 0.1.0: !waku.relay ^1 new", "waku 0.1.0: +waku.relay 1.0.0"];
    let optional = ["chat 0.1.0: ?waku.relay ^1, !waku.relay ^1 new", candidates[1]];
    let with = |candidates: &[&str], grants: &[&str]| {
        let candidates: Vec<_> = candidates.iter().map(|line| candidate(line)).collect();
        let mut modules = ["chat", "waku"].map(wanted);
        modules[0].grants = Grants(grants.iter().map(|grant| grant.parse().unwrap()).collect());
        Plan::resolve(&modules, &candidates)
    };
    let refusal = "chat 0.1.0 subscribes to waku.relay.new, which is not granted: \
                   [modules.chat] needs grants = [\"waku.relay.old\", \"waku.relay.new\"]";
    assert_eq!(
        with(&candidates, &["waku.relay.old"]).unwrap_err().to_string(),
        refusal
    );
    for grant in ["waku.relay.new", "waku.relay"] {
        assert_eq!(with(&candidates, &[grant]).unwrap().warnings, []);
    }
    let warnings = with(&optional, &["waku.relay.old"]).unwrap().warnings;
    assert_eq!(
        warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [refusal]
    );
}
