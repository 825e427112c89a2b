//! The memory of this process.
//!
//! Owns that it leaves no copy of itself: tokens and PINs stand in it. Must never fail a command.

/// No core dump, and no look into the process by other programs of the user. Where a system cannot do it nothing is lost but
/// this.
#[cfg(unix)]
pub(crate) fn keep_private() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

#[cfg(not(unix))]
pub(crate) fn keep_private() {}
