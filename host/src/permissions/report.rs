//! Who may do what, and which line says so.

use crate::bundle::{Access, ModuleConfig};
use crate::plan::{Link, PlannedModule};
use backplane_descriptor::{Interface, Subscription};
use serde::Serialize;

/// What a permission is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PermissionKind {
    /// Calling methods.
    Call,
    /// Hearing events.
    Hear,
    /// A grant that the manifest does not ask for, or that names nothing that there is.
    Unused,
}

/// Something that a module may or may not do, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PermissionReport {
    /// The module.
    pub module: String,
    /// What it is for.
    pub kind: PermissionKind,
    /// The interface, or the method or event of one.
    pub target: String,
    /// The module that serves the calls; of events, of which there may be several publishers, none.
    pub provider: Option<String>,
    /// Whether it is allowed.
    pub allowed: bool,
    /// What the manifest says.
    pub asked_by: Option<String>,
    /// The entry of `grants`, and where it stands.
    pub granted_by: Option<String>,
    /// The line that would allow it, in `[modules.MODULE]` of the bundle, where it is not allowed.
    pub to_grant: Option<String>,
}

/// Of whom a report is.
pub(crate) struct Subject<'a> {
    pub(crate) planned: &'a PlannedModule,
    pub(crate) config: &'a ModuleConfig,
    /// The interfaces of its providers, in the order of its links, as far as they are known.
    pub(crate) interfaces: Vec<Option<Interface>>,
}

/// All that `subject` asks for or is granted.
pub(crate) fn report(subject: &Subject<'_>) -> Vec<PermissionReport> {
    let mut rows = Vec::new();
    for (link, interface) in subject.planned.links.iter().zip(&subject.interfaces) {
        rows.extend(subject.calls(link, interface.as_ref()));
    }
    let subscribes = &subject.planned.plugin.manifest.subscribes;
    rows.extend(subscribes.iter().map(|it| subject.hears(it)));
    rows.extend(subject.unused());
    rows
}

impl Subject<'_> {
    fn calls(&self, link: &Link, interface: Option<&Interface>) -> Vec<PermissionReport> {
        let optional = if link.optional { ", optional" } else { "" };
        let asked_by = format!("requires {} {}{optional}", link.interface, link.requirement);
        let row = |target: String, member: Option<&str>| PermissionReport {
            provider: link.provider.as_ref().map(|it| it.module.clone()),
            asked_by: Some(asked_by.clone()),
            ..self.row(PermissionKind::Call, target, &link.interface, member)
        };
        match self.access(&link.interface) {
            Access::Everything | Access::Nothing => vec![row(link.interface.clone(), None)],
            Access::Only(members) => {
                let is_method = |name: &&String| interface.is_none_or(|it| it.method(name).is_some());
                let methods = members.iter().filter(is_method);
                let rows = methods.map(|name| row(format!("{}.{name}", link.interface), Some(name.as_str())));
                rows.collect()
            }
        }
    }

    fn hears(&self, heard: &Subscription) -> PermissionReport {
        let target = format!("{}.{}", heard.interface, heard.event);
        PermissionReport {
            asked_by: Some(format!("subscribes to {target} {}", heard.version)),
            ..self.row(PermissionKind::Hear, target, &heard.interface, Some(&heard.event))
        }
    }

    /// The grants that nothing asks for.
    fn unused(&self) -> Vec<PermissionReport> {
        let asked = |name: &str| {
            let required = self
                .planned
                .links
                .iter()
                .zip(&self.interfaces)
                .any(|(link, interface)| {
                    let method = name
                        .strip_prefix(&link.interface)
                        .and_then(|it| it.strip_prefix('.'));
                    name == link.interface
                        || method.is_some_and(|it| {
                            interface.as_ref().is_none_or(|known| known.method(it).is_some())
                        })
                });
            let mut subscribed = self.planned.plugin.manifest.subscribes.iter();
            required
                || subscribed
                    .any(|it| name == it.interface || name == format!("{}.{}", it.interface, it.event))
        };
        let grants = self.config.grants.0.iter().map(ToString::to_string).enumerate();
        let unused = grants.filter(|(_, name)| name != "*" && !asked(name));
        let row = |(entry, target): (usize, String)| PermissionReport {
            module: self.planned.name.clone(),
            kind: PermissionKind::Unused,
            provider: None,
            allowed: false,
            asked_by: None,
            granted_by: Some(self.place(entry)),
            to_grant: None,
            target,
        };
        unused.map(row).collect()
    }

    fn row(
        &self,
        kind: PermissionKind,
        target: String,
        interface: &str,
        member: Option<&str>,
    ) -> PermissionReport {
        let entry = self.config.grants.entry(interface, member);
        PermissionReport {
            module: self.planned.name.clone(),
            kind,
            provider: None,
            allowed: entry.is_some(),
            asked_by: None,
            granted_by: entry.map(|entry| self.place(entry)),
            to_grant: entry.is_none().then(|| self.config.grants.line_with(&target)),
            target,
        }
    }

    fn access(&self, interface: &str) -> Access {
        let manifest = &self.planned.plugin.manifest;
        self.config.grants.access_among(interface, |name| {
            let mut required = manifest.requires.iter();
            required.any(|it| it.interface == name)
                || manifest.subscribes.iter().any(|it| it.interface == name)
        })
    }

    /// An entry of `grants`, and where it stands; one that no file has was given when the module was loaded.
    fn place(&self, entry: usize) -> String {
        let grant = &self.config.grants.0[entry];
        match self.config.origin.grants.get(entry) {
            Some(place) => format!("{place} \"{grant}\""),
            None => format!("given when it was loaded: \"{grant}\""),
        }
    }
}
