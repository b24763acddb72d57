//! Whose job it is, and who else may use it.
//!
//! A job is a tenant: its id in the store is `OWNER/NAME`, where the owner is the module or front end that the host
//! says is calling. What a caller calls `NAME` is its own job; the longer form leads to jobs of others, for those that
//! the configuration gives access.

use std::collections::BTreeMap;

use backplane_sdk::with_current_caller_name;
use compact_str::{CompactString, format_compact};

use crate::error::{Error, Result};

/// Who may use everything unless the configuration says otherwise: the front end of the command `backplane`.
const OPERATOR: &str = "cli";

/// Jobs that somebody may use.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    All,
    Owner(String),
    Job(String),
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "*" {
            return Ok(Pattern::All);
        }
        match text.split_once('/') {
            Some((owner, "*")) => Ok(Pattern::Owner(owner.to_owned())),
            Some((_, name)) if !name.is_empty() && !name.contains('/') => Ok(Pattern::Job(text.to_owned())),
            _ => Err(format!("access: {text:?} must be OWNER/NAME, OWNER/* or *")),
        }
    }
}

/// A caller and the job that it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tenant {
    /// The caller's name; empty for work that nobody asked for.
    pub(crate) caller: CompactString,
    /// The job's id in the store.
    pub(crate) job: CompactString,
}

/// The owner in the id of a job.
pub(crate) fn owner(job: &str) -> Option<&str> {
    job.split_once('/').map(|(owner, _)| owner)
}

/// The name of the present caller.
fn caller() -> CompactString {
    with_current_caller_name(|name| name.unwrap_or_default().into())
}

/// Who may use which jobs.
pub(crate) struct Tenants(BTreeMap<String, Vec<Pattern>>);

impl Tenants {
    pub(crate) fn new(access: Option<&BTreeMap<String, Vec<String>>>) -> Result<Self, String> {
        let Some(access) = access else {
            return Ok(Tenants([(OPERATOR.to_owned(), vec![Pattern::All])].into()));
        };
        let parse = |(caller, jobs): (&String, &Vec<String>)| {
            let jobs: Result<_, _> = jobs.iter().map(|job| Pattern::parse(job)).collect();
            Ok((caller.clone(), jobs?))
        };
        access.iter().map(parse).collect::<Result<_, _>>().map(Tenants)
    }

    /// The job that the present caller calls `name`.
    pub(crate) fn tenant(&self, name: &str) -> Result<Tenant> {
        let caller = caller();
        if name.is_empty() {
            return Err(Error::argument("job", "must not be empty"));
        }
        let Some((owner, rest)) = name.split_once('/') else {
            let job = format_compact!("{caller}/{name}");
            return Ok(Tenant { caller, job });
        };
        if rest.is_empty() || rest.contains('/') {
            let reason = "must be NAME or OWNER/NAME, and neither may hold a slash";
            return Err(Error::argument("job", reason));
        }
        if !self.allows(&caller, owner, name) {
            let (owner, caller) = (owner.to_owned(), caller.into());
            return Err(Error::NoAccess { owner, caller });
        }
        let job = name.into();
        Ok(Tenant { caller, job })
    }

    /// Of the store's jobs those that the present caller may use, as it names them.
    pub(crate) fn visible(&self, jobs: Vec<String>) -> Vec<String> {
        let caller = caller();
        let visible = jobs.into_iter().filter_map(|job| match job.split_once('/') {
            Some((owner, name)) if owner == caller => Some(name.to_owned()),
            Some((owner, _)) if self.allows(&caller, owner, &job) => Some(job),
            _ => None,
        });
        let mut visible: Vec<_> = visible.collect();
        visible.sort_unstable();
        visible
    }

    /// Refuses a path of the present caller unless it may use every job.
    pub(crate) fn check_operator(&self) -> Result<()> {
        self.operator().map_err(|caller| {
            let reason = format!("{caller:?} may not name one: it has no access to all jobs");
            Error::argument("path", reason)
        })
    }

    /// Refuses the present caller, by its name, unless it may use every job.
    pub(crate) fn operator(&self) -> Result<(), String> {
        let caller = caller();
        match self.patterns(&caller).contains(&Pattern::All) {
            true => Ok(()),
            false => Err(caller.into()),
        }
    }

    /// Whether a caller may use a job of an owner.
    pub(crate) fn allows(&self, caller: &str, owner: &str, job: &str) -> bool {
        let allowed = |pattern: &Pattern| match pattern {
            Pattern::All => true,
            Pattern::Owner(of) => of == owner,
            Pattern::Job(id) => id == job,
        };
        caller == owner || self.patterns(caller).iter().any(allowed)
    }

    fn patterns(&self, caller: &str) -> &[Pattern] {
        self.0.get(caller).map_or(&[], Vec::as_slice)
    }
}
