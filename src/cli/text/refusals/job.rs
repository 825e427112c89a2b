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
                _ => "",
            };
            Words::new(fault.to_string(), next)
        }
        JobReason::IsPlan { name } => Words::new(
            format!("{name} is a plan, not a job"),
            "run it from its file: sortie run PLAN",
        ),
        JobReason::IsSecret { like } => {
            let what = match like {
                SecretLike::Token => "a token",
                SecretLike::AgeKey => "a private key of age",
                SecretLike::PrivateKey => "a private key",
            };
            Words::new(
                format!("the file that is given as job looks like {what}"),
                "name the job file; a token goes to --token-file, an identity to --identity",
            )
        }
        JobReason::Invalid { problems } => {
            let count = problems.items.len() + problems.truncated;
            let what = match (count, problems.truncated) {
                (1, _) => "the job has a problem".to_owned(),
                (count, 0) => format!("the job has {count} problems"),
                (count, more) => {
                    format!("the job has {count} problems ({more} more than are shown)")
                }
            };
            Words::new(what, "correct the file; 'sortie check' looks at it offline")
        }
        JobReason::ExportUnreadable { run, file, why } => Words::new(
            format!("run {run} required a list of another system, and {why}"),
            format!("export it again to {file}, or write a job for what is left"),
        ),
    }
}
