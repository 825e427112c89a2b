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
                "split the job into several files, and make a plan of each",
            )
        }
        PlanStorageReason::Invalid { path, detail, .. } => Words::new(
            format!("{}: {detail}", path.display()),
            "have it made again: sortie plan JOB --out PLAN",
        ),
        PlanStorageReason::Secret { detail } => Words::new(
            &**detail,
            "leave the PIN out: one is drawn and sealed for each erase of a Mac",
        ),
        PlanStorageReason::NotCreated { path, error } => {
            Words::new(format!("{}: {error}", path.display()), "name another file with --out")
        }
        PlanStorageReason::NotWritten { path, error, left } => {
            let what = format!("{} cannot be written: {error}", path.display());
            match left {
                None => Words::new(what, "make room, or name another file with --out")
                    .state("no file was left"),
                Some(error) => {
                    Words::new(what, format!("remove {}, which is no plan", path.display()))
                        .state(format!("a part of it was left, and cannot be removed: {error}"))
                }
            }
        }
    }
}
