//! What an operator should know about a plan that works.

use super::Link;
use super::assemble::{Member, providers};
use super::error::{Unheard, Want};
use super::hearing::not_granted;
use super::problem::{Module, Need, Problem};
use backplane_descriptor::Subscription;
use semver::Version;
use std::fmt;

/// What an operator should know about a plan that works.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// A subscription to an interface that nobody provides: no event will come.
    NoPublisher {
        /// The module that subscribes.
        module: String,
        /// What it subscribes to, for people: interface, versions and event.
        event: String,
    },
    /// A subscription to an event that no provider of the interface has.
    NoSuchEvent {
        /// The module that subscribes.
        module: String,
        /// What it subscribes to, for people: interface, versions and event.
        event: String,
    },
    /// An optional requirement that could be met, but that the bundle does not grant.
    NotGranted {
        /// The requirement.
        want: Box<Want>,
        /// The module that could serve it.
        provider: String,
        /// The line that grants it, too.
        line: String,
    },
    /// A subscription to an interface that is required optionally, which the bundle does not grant: no event will come.
    NotHeard(Box<Unheard>),
    /// A cycle was broken at an optional requirement.
    StartsEarly {
        /// The optional requirement.
        want: Box<Want>,
        /// The module that serves it, and starts later.
        provider: String,
    },
    /// A module does not run as the highest version that the bundle admits.
    OlderVersion {
        /// The module.
        module: String,
        /// The version that it runs as.
        chosen: Version,
        /// The highest version.
        highest: Version,
        /// What the highest version requires and does not get; `None` when it is others that it does not fit.
        want: Option<Box<Want>>,
    },
    /// A new version no longer serves an optional requirement.
    NoLongerServed {
        /// The requirement.
        want: Box<Want>,
        /// The module that served it.
        provider: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPublisher { module, event } => {
                write!(
                    f,
                    "{module} subscribes to {event}, but no module provides that interface"
                )
            }
            Self::NoSuchEvent { module, event } => {
                write!(
                    f,
                    "{module} subscribes to {event}, but no provider of that interface has the event"
                )
            }
            Self::NotGranted { want, provider, line } => {
                let module = &want.module;
                write!(
                    f,
                    "{want}, optionally, and {provider} provides it, but it is not granted: "
                )?;
                write!(f, "[modules.{module}] needs {line}")
            }
            Self::NotHeard(unheard) => write!(f, "{unheard}"),
            Self::StartsEarly { want, provider } => {
                write!(
                    f,
                    "{want}, optionally, but starts before {provider}, which needs it"
                )
            }
            Self::OlderVersion {
                module,
                chosen,
                highest,
                want,
            } => {
                write!(f, "{module} runs as version {chosen}, not as {highest}: ")?;
                match want {
                    Some(want) => write!(f, "{want}, which it would not get"),
                    None => f.write_str("other modules would not get what they require"),
                }
            }
            Self::NoLongerServed { want, provider } => {
                write!(f, "{want}, optionally, which {provider} will no longer provide")
            }
        }
    }
}

pub(super) fn warnings(members: &[Member<'_>], links: &[Vec<Link>]) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (index, member) in members.iter().enumerate() {
        for (required, link) in member.manifest.requires.iter().zip(&links[index]) {
            let want = || Box::new(Want::of(member, &required.interface, &required.version));
            match &link.provider {
                Some(provider) if provider.deferred => {
                    let provider = provider.module.clone();
                    warnings.push(Warning::StartsEarly {
                        want: want(),
                        provider,
                    });
                }
                None if !member.grants.allows(&required.interface) => {
                    let able = providers(members, index, required);
                    let provider = able.first().map(|provider| members[*provider].name.to_owned());
                    let warning = |provider| Warning::NotGranted {
                        want: want(),
                        provider,
                        line: member.grants.line_with(&required.interface),
                    };
                    warnings.extend(provider.map(warning));
                }
                _ => {}
            }
        }
        let ungranted = not_granted(member).filter(|(_, is_optional)| *is_optional);
        warnings.extend(ungranted.map(|(it, _)| Warning::NotHeard(Box::new(it))));
        let subscriptions = member.manifest.subscribes.iter();
        warnings.extend(subscriptions.filter_map(|it| unheard(members, member, it)));
    }
    warnings
}

/// The modules of which a higher version was passed over for `chosen`.
pub(super) fn older_versions(problem: &Problem<'_>, chosen: &[usize]) -> Vec<Warning> {
    let passed_over = problem
        .modules
        .iter()
        .zip(chosen)
        .filter(|(_, choice)| **choice > 0);
    let warning = |(module, choice): (&Module<'_>, &usize)| {
        let (highest, chosen_choice) = (&module.choices[0], &module.choices[*choice]);
        let is_met = |need: &&Need<'_>| need.served_by().iter().any(|(p, k)| chosen[*p] == *k);
        let unmet = highest.needs.iter().find(|need| !is_met(need));
        let member = Member::of_wanted(module, highest.candidate);
        Warning::OlderVersion {
            module: module.wanted.module.clone(),
            chosen: chosen_choice.candidate.manifest.version.clone(),
            highest: highest.candidate.manifest.version.clone(),
            want: unmet.map(|need| Box::new(Want::of(&member, need.interface, need.requirement))),
        }
    };
    passed_over.map(warning).collect()
}

fn unheard(members: &[Member<'_>], member: &Member<'_>, it: &Subscription) -> Option<Warning> {
    let provided = members.iter().flat_map(|member| &member.manifest.provides);
    let fits = provided.filter(|other| other.id == it.interface && it.version.matches(&other.version));
    let publishers: Vec<_> = fits.collect();
    let has_event = publishers
        .iter()
        .any(|other| other.events.iter().any(|event| event.name == it.event));
    let module = member.name.to_owned();
    let event = format!("{} {} {}", it.interface, it.version, it.event);
    match (publishers.is_empty(), has_event) {
        (_, true) => None,
        (true, _) => Some(Warning::NoPublisher { module, event }),
        (false, false) => Some(Warning::NoSuchEvent { module, event }),
    }
}
