//! What modules may hear.

use super::assemble::Member;
use super::error::Unheard;

/// The subscriptions of `member` that it is not granted, each with whether it does without: it does where it requires
/// the interface only optionally.
pub(super) fn not_granted(member: &Member<'_>) -> impl Iterator<Item = (Unheard, bool)> {
    let subscribes = member.manifest.subscribes.iter();
    let ungranted = subscribes.filter(|it| !member.grants.allows_member(&it.interface, &it.event));
    ungranted.map(|it| {
        let mut requires = member.manifest.requires.iter();
        let is_optional = requires.any(|required| required.interface == it.interface && required.optional);
        let event = format!("{}.{}", it.interface, it.event);
        let unheard = Unheard {
            module: member.name.to_owned(),
            plugin: member.manifest.name.clone(),
            version: member.manifest.version.clone(),
            line: member.grants.line_with(&event),
            event,
        };
        (unheard, is_optional)
    })
}

/// The first subscription of `member` that it is not granted and cannot do without.
pub(super) fn missing(member: &Member<'_>) -> Option<Unheard> {
    let mut needed = not_granted(member).filter(|(_, is_optional)| !is_optional);
    needed.next().map(|(unheard, _)| unheard)
}
