//! What may replace a module of a plan.

use super::*;

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
         [modules.a] needs grants = [\"b.x\"]"
    );
}
