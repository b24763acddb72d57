//! `backplane storage check`

use super::store::{Store, full_name};
use crate::args::Global;
use crate::exit::{Exit, Failure};
use crate::output::{print, print_json, printable};
use serde_json::{Value as Json, json};

/// Read the files of jobs and say whether they are sound
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  backplane storage check
  backplane storage check chat/history

What is wrong is printed below the name of the job; then the exit code is 1. Nobody who uses a job has to wait.")]
pub(crate) struct Check {
    /// The jobs, as OWNER/NAME; all without any
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
}

impl Check {
    pub(crate) async fn execute(self, global: &Global) -> Result<(), Failure> {
        let mut store = Store::open(global).await?;
        let jobs: Vec<String> = match self.jobs.is_empty() {
            true => store.names().await?,
            false => self.jobs.iter().map(|job| full_name(job)).collect(),
        };
        let mut bad = 0;
        for job in &jobs {
            let problems = problems(&mut store, job).await?;
            bad += usize::from(!problems.is_empty());
            match global.json {
                true => print_json(&json!({ "job": job, "problems": problems }))?,
                false => print(&show(job, &problems))?,
            }
        }
        match bad {
            0 => Ok(()),
            _ => Err(Failure::failed(format!(
                "{bad} of {} jobs are not sound",
                jobs.len()
            ))),
        }
    }
}

/// A job that cannot be read is what is looked for, and no reason to end.
async fn problems(store: &mut Store<'_>, job: &str) -> Result<Vec<String>, Failure> {
    let checked = store.call("storage.admin.check_job", json!({ "job": job })).await;
    match checked {
        Ok(found) => {
            let found = found.as_array().into_iter().flatten().filter_map(Json::as_str);
            Ok(found.map(str::to_owned).collect())
        }
        Err(Failure::Because(Exit::Failed, message)) => Ok(vec![message]),
        Err(Failure::Rpc(error)) if error.own_error().is_some() => {
            Ok(vec![error.own_error().map(Json::to_string).unwrap_or_default()])
        }
        Err(other) => Err(other),
    }
}

fn show(job: &str, problems: &[String]) -> String {
    if problems.is_empty() {
        return format!("{}: sound", printable(job));
    }
    let lines = problems
        .iter()
        .map(|problem| format!("\n  {}", printable(problem)));
    format!("{}:{}", printable(job), lines.collect::<String>())
}
