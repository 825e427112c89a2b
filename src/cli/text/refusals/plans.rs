//! Plans in files, in words.
//!
//! Owns the words. Must never call a file a plan that is none.

use super::words::Words;
use crate::app::PlanStorageReason;

pub(super) fn storage(reason: &PlanStorageReason) -> Words {
    match reason {
        PlanStorageReason::Unreadable { path, error } => {
            Words::new(format!("{}: {error}", path.display()), "")
        }
        PlanStorageReason::NoFile { path } => {
            Words::new(format!("{} is not a regular file", path.display()), "")
        }
        PlanStorageReason::TooLarge { path, bytes_max } => {
            let limit = bytes_max / 1024 / 1024;
            Words::new(
                format!("{} is larger than {limit} MiB, too large for a plan", path.display()),
                "split the job into several files, and plan each one",
            )
        }
        PlanStorageReason::Invalid { path, detail, .. } => Words::new(
            format!("{}: {detail}", path.display()),
            "make the plan again:\n  sortie plan JOB --out PLAN",
        ),
        PlanStorageReason::IsSet { path } => Words::new(
            format!("{} holds the plans of several tenants", path.display()),
            "write one plan for each tenant:\n  sortie plan JOB --tenants NAME --out NAME.plan",
        ),
        PlanStorageReason::Secret { detail } => Words::new(
            &**detail,
            "remove the PIN: sortie generates and seals one for each erase of a Mac",
        ),
        PlanStorageReason::NotCreated { path, error } => {
            Words::new(format!("{}: {error}", path.display()), "choose another file with --out")
        }
        PlanStorageReason::NotWritten { path, error, left } => {
            let what = format!("cannot write {}: {error}", path.display());
            match left {
                None => Words::new(what, "free some disk space, or choose another file with --out")
                    .state("no partial file was left"),
                Some(error) => Words::new(
                    what,
                    format!("remove {}, which is not a complete plan", path.display()),
                )
                .state(format!("a partial file was left and cannot be removed: {error}")),
            }
        }
    }
}
