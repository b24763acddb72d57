//! Random sets of plugins: a plan meets every requirement, and a refusal is right.

use super::*;
use crate::bundle::Grant;
use proptest::prelude::*;
use serde_json::json;

/// Module `a` may be any of the candidates of plugin `a`, and so on.
const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const INTERFACES: [&str; 3] = ["x.x", "y.y", "z.z"];

fn manifest(name: usize, version: usize) -> impl Strategy<Value = Manifest> {
    let provides = prop::collection::btree_map(0..INTERFACES.len(), 1u64..4, 0..3);
    let requires = prop::collection::vec((0..INTERFACES.len(), 1u64..4, prop::bool::weighted(0.2)), 0..3);
    (provides, requires).prop_map(move |(provides, requires)| {
        let provided = |(id, major): (&usize, &u64)| {
            let version = format!("{major}.0.0");
            json!({"id": INTERFACES[*id], "version": version, "methods": [], "events": []})
        };
        let required = |(id, major, optional): &(usize, u64, bool)| {
            let version = if *major == 3 {
                ">=1".to_owned()
            } else {
                format!("^{major}")
            };
            json!({"interface": INTERFACES[*id], "version": version, "optional": optional})
        };
        let manifest = json!({
            "name": NAMES[name], "version": format!("{}.0.0", version + 1),
            "provides": provides.iter().map(provided).collect::<Vec<_>>(),
            "requires": requires.iter().map(required).collect::<Vec<_>>(),
        });
        serde_json::from_value(manifest).unwrap()
    })
}

fn candidates() -> impl Strategy<Value = Vec<Arc<Candidate>>> {
    let all: Vec<_> = (0..NAMES.len())
        .flat_map(|name| (0..3).map(move |it| manifest(name, it)))
        .collect();
    all.prop_map(|manifests| {
        let candidate = |(index, manifest): (usize, Manifest)| {
            let sha256 = Digest([u8::try_from(index).unwrap(); 32]);
            Arc::new(Candidate {
                path: format!("/{index}").into(),
                sha256,
                source: Source::File,
                manifest,
            })
        };
        manifests.into_iter().enumerate().map(candidate).collect()
    })
}

fn wanted() -> impl Strategy<Value = Vec<Wanted>> {
    let grants = prop::collection::vec(prop::bool::weighted(0.9), INTERFACES.len());
    let module = (grants, prop::sample::select(vec!["*", "*", "<3", ">1"]));
    prop::collection::vec(module, NAMES.len()).prop_map(|modules| {
        let wanted = |(name, (grants, version)): (&&str, (Vec<bool>, &str))| {
            let mut wanted = Wanted::new(name, &ModuleConfig::new(name));
            wanted.version = version.parse().unwrap();
            let granted = INTERFACES.iter().zip(grants).filter(|(_, granted)| *granted);
            wanted.grants = Grants(granted.map(|(id, _)| Grant::Named((*id).to_owned())).collect());
            wanted
        };
        NAMES.iter().zip(modules).map(wanted).collect()
    })
}

fn provides(manifest: &Manifest, interface: &str, requirement: &VersionReq) -> bool {
    manifest
        .provides
        .iter()
        .any(|it| it.id == interface && requirement.matches(&it.version))
}

/// Whether `chosen`, one manifest for each module, can start: tries all orders.
fn can_start(wanted: &[Wanted], chosen: &[&Manifest], started: &mut Vec<usize>) -> bool {
    if started.len() == chosen.len() {
        return true;
    }
    for next in (0..chosen.len())
        .filter(|next| !started.contains(next))
        .collect::<Vec<_>>()
    {
        let served = chosen[next].requires.iter().filter(|it| !it.optional).all(|it| {
            let by = |other: &usize| provides(chosen[*other], &it.interface, &it.version);
            wanted[next].grants.allows(&it.interface) && started.iter().any(by)
        });
        if served {
            started.push(next);
            if can_start(wanted, chosen, started) {
                return true;
            }
            started.pop();
        }
    }
    false
}

/// The versions of the plan that prefers the highest, module by module; tries every choice.
fn brute_force(wanted: &[Wanted], candidates: &[Arc<Candidate>]) -> Option<Vec<Version>> {
    let choices = |wanted: &Wanted| -> Vec<&Manifest> {
        let fits = |it: &&Manifest| it.name == wanted.module && wanted.version.matches(&it.version);
        let mut found: Vec<_> = candidates.iter().map(|it| &it.manifest).filter(fits).collect();
        found.sort_by(|a, b| b.version.cmp(&a.version));
        found
    };
    let choices: Vec<_> = wanted.iter().map(choices).collect();
    let total: usize = choices.iter().map(Vec::len).product();
    (0..total).find_map(|mut index| {
        let mut chosen = Vec::new();
        for choices in choices.iter().rev() {
            chosen.push(choices[index % choices.len()]);
            index /= choices.len();
        }
        chosen.reverse();
        let versions = || chosen.iter().map(|it| it.version.clone()).collect();
        can_start(wanted, &chosen, &mut Vec::new()).then(versions)
    })
}

fn check(plan: &Plan, wanted: &[Wanted]) -> Result<(), TestCaseError> {
    let position = |name: &str| plan.modules.iter().position(|module| module.name == name);
    prop_assert_eq!(plan.modules.len(), wanted.len());
    for (index, module) in plan.modules.iter().enumerate() {
        let wanted = wanted.iter().find(|it| it.module == module.name).unwrap();
        prop_assert!(wanted.version.matches(&module.plugin.manifest.version));
        prop_assert_eq!(module.links.len(), module.plugin.manifest.requires.len());
        for (link, required) in module.links.iter().zip(&module.plugin.manifest.requires) {
            prop_assert_eq!(&link.interface, &required.interface);
            let Some(provider) = &link.provider else {
                prop_assert!(link.optional);
                continue;
            };
            prop_assert!(wanted.grants.allows(&link.interface));
            prop_assert!(required.version.matches(&provider.version));
            let at = position(&provider.module).unwrap();
            prop_assert!(provides(
                &plan.modules[at].plugin.manifest,
                &link.interface,
                &link.requirement
            ));
            prop_assert!(at != index);
            prop_assert_eq!(at > index, provider.deferred);
            prop_assert!(!provider.deferred || link.optional);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_is_right_and_so_is_a_refusal(wanted in wanted(), candidates in candidates()) {
        let expected = brute_force(&wanted, &candidates);
        match Plan::resolve(&wanted, &candidates) {
            Ok(plan) => {
                check(&plan, &wanted)?;
                let version = |it: &Wanted| plan.module(&it.module).unwrap().plugin.manifest.version.clone();
                prop_assert_eq!(Some(wanted.iter().map(version).collect()), expected);
            }
            Err(error) => {
                prop_assert_eq!(expected, None, "{}", error);
                let gave_up = matches!(error, PlanError::Steps { .. });
                prop_assert!(!gave_up);
            }
        }
    }

    #[test]
    fn a_replacement_that_is_allowed_gives_a_right_plan(
        mut wanted in wanted(),
        candidates in candidates(),
        new in 0..12usize,
    ) {
        let Ok(plan) = Plan::resolve(&wanted, &candidates) else { return Ok(()) };
        let new = &candidates[new];
        let name = &new.manifest.name;
        if let Ok(replaced) = plan.replaced(name, new) {
            wanted.iter_mut().for_each(|it| it.version = VersionReq::STAR);
            check(&replaced, &wanted)?;
            prop_assert_eq!(&replaced.module(name).unwrap().plugin.path, &new.path);
            for module in plan.modules.iter().filter(|it| it.name != *name) {
                for (old, new) in module.links.iter().zip(&replaced.module(&module.name).unwrap().links) {
                    let name = |link: &Link| link.provider.as_ref().map(|it| it.module.clone());
                    prop_assert!(name(old) == name(new) || new.optional);
                }
            }
        }
    }
}
