//! Whatever changes in a descriptor is found, and it is docs alone if and only if the hash stays.

use super::*;
use crate::canonical::hash;
use crate::check::check_interface;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// How many values lie in `json`, itself included.
fn count(json: &Value) -> usize {
    match json {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(entries) => 1 + entries.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// The value number `at` in `json`, counted as [`count`] does.
fn nth(json: &mut Value, at: usize) -> &mut Value {
    if at == 0 {
        return json;
    }
    let inner: Vec<&mut Value> = match json {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(entries) => entries.values_mut().collect(),
        _ => panic!("there are not so many values"),
    };
    let mut left = at - 1;
    for value in inner {
        match count(value) {
            size if left < size => return nth(value, left),
            size => left -= size,
        }
    }
    panic!("there are not so many values")
}

/// Changes one value: its content, or which parts it has, or their order.
fn change(json: &mut Value, part: Index, word: &str) {
    match json {
        Value::Null => *json = json!(word),
        Value::Bool(value) => *value = !*value,
        Value::Number(number) => *json = json!(number.as_u64().unwrap_or(0) + 1),
        Value::String(text) => *text = word.to_owned(),
        Value::Array(items) if items.len() > 1 && part.index(2) == 0 => items.rotate_left(1),
        Value::Array(items) if !items.is_empty() => drop(items.remove(part.index(items.len()))),
        Value::Array(_) => {}
        Value::Object(entries) if entries.is_empty() => {}
        Value::Object(entries) => {
            let key = part.get(&entries.keys().collect::<Vec<_>>()).to_string();
            entries.remove(&key);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_the_hash_sees_the_difference_names(
        edits in prop::collection::vec((any::<Index>(), any::<Index>(), select(vec!["u8", "text", "to", "x"])), 1..4),
    ) {
        let mut json = serde_json::to_value(base()).unwrap();
        for (at, part, word) in edits {
            let at = at.index(count(&json));
            change(nth(&mut json, at), part, word);
        }
        let Ok(new) = serde_json::from_value::<Interface>(json) else { return Ok(()) };
        if check_interface(&new).is_err() || new.version != base().version {
            return Ok(());
        }
        for (old, new) in [(&base(), &new), (&new, &base())] {
            let changes = diff(old, new);
            let docs = changes.iter().all(|it| it.what == "the docs changed" && it.bump == Bump::Patch);
            prop_assert_eq!(docs, hash(old) == hash(new), "{:#?}", changes);
            prop_assert_eq!(changes.is_empty(), old == new, "{:#?}", changes);
            prop_assert_eq!(check(old, new).is_ok() || old.id != new.id, changes.is_empty() || old.id != new.id);
        }
    }
}
