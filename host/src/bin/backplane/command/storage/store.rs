//! The storage module of the host, as the commands ask it.

use crate::args::Global;
use crate::connect::Connection;
use crate::exit::{Exit, Failure};
use crate::output::text;
use backplane_descriptor::nearest;
use backplane_host::gateway::RpcError;
use serde_json::{Value as Json, json};

/// A host whose storage module is asked.
pub(super) struct Store<'a> {
    host: Connection<'a>,
}

impl<'a> Store<'a> {
    pub(super) async fn open(global: &'a Global) -> Result<Self, Failure> {
        let host = Connection::open(global).await?;
        Ok(Self { host })
    }

    /// The same, and the full name of a job that must be there.
    pub(super) async fn with_job(global: &'a Global, job: &str) -> Result<(Self, String), Failure> {
        let mut store = Self::open(global).await?;
        let known = store.names().await?;
        let job = full_name(job);
        if known.contains(&job) {
            return Ok((store, job));
        }
        let hint = nearest(&job, known.iter().map(String::as_str));
        let hint = hint.map_or_else(String::new, |known| format!("; did you mean {known:?}?"));
        Err(Failure::failed(format!("there is no job {job:?}{hint}")))
    }

    /// The full names of all jobs, sorted.
    pub(super) async fn names(&mut self) -> Result<Vec<String>, Failure> {
        let jobs = self.jobs(false).await?;
        let names = jobs.iter().filter_map(|job| job["job"].as_str());
        Ok(names.map(str::to_owned).collect())
    }

    /// What the module says of all jobs.
    pub(super) async fn jobs(&mut self, count: bool) -> Result<Vec<Json>, Failure> {
        match self.call("storage.admin.jobs", json!({ "count": count })).await? {
            Json::Array(jobs) => Ok(jobs),
            other => Err(unexpected(&other)),
        }
    }

    pub(super) async fn call(&mut self, target: &str, args: Json) -> Result<Json, Failure> {
        let params = json!({ "target": target, "args": args });
        let answer = self.host.request("call", params).await;
        answer.map_err(|failure| match failure {
            Failure::Rpc(error) => explained(error),
            other => other,
        })
    }

    /// Calls `storage.kv.scan` page by page, and hands each row to `each` until that says that it is enough.
    pub(super) async fn scan(
        &mut self,
        (job, category): (&str, &str),
        mut scan: Json,
        mut each: impl FnMut(&Json) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        loop {
            let args = json!({ "job": job, "category": category, "scan": scan });
            let page = self.call("storage.kv.scan", args).await?;
            for row in page["rows"].as_array().into_iter().flatten() {
                if !each(row)? {
                    return Ok(());
                }
            }
            if page["next"].is_null() {
                return Ok(());
            }
            scan["after"] = page["next"].clone();
        }
    }
}

/// The command is a caller, too, whose own jobs need no owner in front.
pub(super) fn full_name(job: &str) -> String {
    match job.contains('/') {
        true => job.to_owned(),
        false => format!("cli/{job}"),
    }
}

pub(super) fn unexpected(answer: &Json) -> Failure {
    let kind = match answer {
        Json::Null => "null",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
        _ => "a value",
    };
    Failure::failed(format!(
        "the storage module answered {kind} of an unexpected form"
    ))
}

/// The errors that people meet, as sentences; the others stay as they are.
fn explained(error: RpcError) -> Failure {
    let own = error.own_error().and_then(Json::as_object);
    let case = own.and_then(|cases| cases.iter().next());
    let Some((case, fields)) = case else {
        return Failure::Rpc(error);
    };
    let field = |name: &str| text(fields, name);
    let (exit, message) = match case.as_str() {
        "invalid_argument" => (Exit::Refused, format!("{}: {}", field("field"), field("reason"))),
        "too_large" => (
            Exit::Refused,
            format!(
                "{} has {}, the limit is {}",
                field("field"),
                field("size"),
                field("limit")
            ),
        ),
        "job_not_found" => (Exit::Failed, format!("there is no job {:?}", field("job"))),
        "busy" => (
            Exit::Unavailable,
            format!("{} are used up (limit {})", field("what"), field("limit")),
        ),
        "timeout" => (
            Exit::Timeout,
            format!("the module waited too long for {}", field("what")),
        ),
        "already_open" => (
            Exit::Unavailable,
            format!("{} is in use by another instance", field("directory")),
        ),
        "failed" => (Exit::Failed, failed(&fields["fault"])),
        _ => return Failure::Rpc(error),
    };
    Failure::Because(exit, message)
}

fn failed(fault: &Json) -> String {
    let case = fault.as_object().and_then(|cases| cases.iter().next());
    let (case, fields) = match (fault, case) {
        (Json::String(case), _) => (case.as_str(), &Json::Null),
        (_, Some((case, fields))) => (case.as_str(), fields),
        _ => return format!("the store could not do it: {fault}"),
    };
    let field = |name: &str| text(fields, name);
    match case {
        "disk_full" => "the disk is full".to_owned(),
        "locked" => "another process has the file of the job open".to_owned(),
        "quota_exceeded" => format!("the job would grow over its quota of {} bytes", field("limit")),
        "corrupt" => format!("the file of job {:?} is damaged", field("job")),
        "not_a_database" => format!("the file of job {:?} is not a database", field("job")),
        "io" => format!("{}: {}", field("action"), field("reason")),
        _ => format!("the store could not do it: {fault}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_sentences() {
        for (fault, expected) in [
            (json!("disk_full"), "the disk is full"),
            (
                json!({ "quota_exceeded": { "limit": 65536 } }),
                "the job would grow over its quota of 65536 bytes",
            ),
            (
                json!({ "unheard_of": 1 }),
                "the store could not do it: {\"unheard_of\":1}",
            ),
        ] {
            assert_eq!(failed(&fault), expected);
        }
    }
}
