//! Refusals of a job, in words.
//!
//! Owns what to do about them. Must never show what stands in the file.

use super::words::Words;
use crate::app::{JobFileFault, JobReason, SecretLike};

pub(super) fn job(reason: &JobReason) -> Words {
    match reason {
        JobReason::Unreadable { fault } => {
            let next = match fault {
                JobFileFault::TooLarge { .. } => "split the job into several files",
                JobFileFault::Failed { name, .. } if name != "<stdin>" => {
                    "check the path of the job file and your permission to read it"
                }
                _ => "",
            };
            Words::new(fault.to_string(), next)
        }
        JobReason::IsPlan { name } => Words::new(
            format!("{name} is a plan, not a job"),
            "give the plan as a file:\n  sortie run PLAN",
        ),
        JobReason::IsSecret { like } => {
            let what = match like {
                SecretLike::Token => "a token",
                SecretLike::AgeKey => "an age private key",
                SecretLike::PrivateKey => "a private key",
            };
            Words::new(
                format!("the job file looks like {what}"),
                "give the job file; pass a token with --token-file, an identity with --identity",
            )
        }
        JobReason::Invalid { problems } => {
            let count = problems.items.len() + problems.truncated;
            let what = match (count, problems.truncated) {
                (1, _) => "the job has a problem".to_owned(),
                (count, 0) => format!("the job has {count} problems"),
                (count, more) => {
                    format!("the job has {count} problems ({more} not shown)")
                }
            };
            let is_command = problems.items.iter().all(|it| it.file == "<command line>");
            Words::new(what, if is_command { "correct the command" } else { "correct the job" })
        }
        JobReason::ExportUnreadable { run, file, why } => Words::new(
            format!("run {run} required a list from another system, but {why}"),
            format!("export the list to {file} again, or write a job for the remaining devices"),
        ),
    }
}
