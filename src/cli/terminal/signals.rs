//! Signals.
//!
//! Owns which of them drain a run and which end it at once. Invariant: a terminal that goes away never ends a run at
//! once, however often it is signalled. What the program was started to ignore (`nohup`) stays ignored.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use tokio::sync::watch;

use crate::drive::Control;

/// Turns the signal that ends a process whose file has reached its largest size into an error of the write. Says from
/// then on whether it came.
#[cfg(unix)]
pub(crate) fn survive_size_limit() -> Arc<AtomicBool> {
    let has_come = Arc::default();
    // Without the handler the system ends the process, as it does by itself: there is nothing better to do.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::clone(&has_come));
    has_come
}

#[cfg(not(unix))]
pub(crate) fn survive_size_limit() -> Arc<AtomicBool> {
    Arc::default()
}

/// Turns Ctrl-C into a flag, for a view that is left and stops nothing.
pub(crate) fn interrupts() -> Arc<AtomicBool> {
    let has_come = Arc::default();
    // Without the handler Ctrl-C ends the process, which also ends the view.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&has_come));
    has_come
}

/// Whether a signal ends the process as the system does it. A signal that was heard once stays with the program, so
/// between a wait and a run nothing else would end the planning.
static ENDS_AT_ONCE: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Signals that end a wait. Nothing was sent then, so the first of them is enough. After it the system's action applies.
pub(crate) struct WaitSignals(heard::Heard);

impl WaitSignals {
    /// They are heard from now on.
    pub(crate) fn hear() -> Self {
        heard::keep_action(&ENDS_AT_ONCE);
        ENDS_AT_ONCE.store(false, Ordering::SeqCst);
        Self(heard::Heard::new())
    }

    /// Which came, for people.
    pub(crate) async fn next(&mut self) -> &'static str {
        match self.0.next().await {
            Asked::End(why) => why,
            Asked::HangUp => HUNG_UP,
        }
    }
}

impl Drop for WaitSignals {
    fn drop(&mut self) {
        ENDS_AT_ONCE.store(true, Ordering::SeqCst);
    }
}

/// Why a run or a wait ends whose terminal is gone.
const HUNG_UP: &str = "the terminal was closed (SIGHUP)";

/// What a signal asks of the run.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Asked {
    /// A person presses Ctrl-C, or a program wants the run to end: the second time at once.
    End(&'static str),
    /// The terminal was closed. The shell and the system may both say so.
    HangUp,
}

impl Asked {
    fn after(self, before: Control) -> Control {
        match (self, before) {
            (Self::End(_), Control::Drain { .. } | Control::Abort) => Control::Abort,
            (Self::End(why), Control::Go) => Control::Drain { why },
            (Self::HangUp, Control::Go) => Control::Drain { why: HUNG_UP },
            (Self::HangUp, before) => before,
        }
    }
}

/// Passes signals on to the run for as long as the future is polled. They are heard from the moment of this call on.
pub(crate) fn listen(control: watch::Sender<Control>) -> impl Future<Output = ()> + Send {
    let mut heard = heard::Heard::new();
    ENDS_AT_ONCE.store(false, Ordering::SeqCst);
    async move {
        let mut asked = Control::Go;
        loop {
            asked = heard.next().await.after(asked);
            // The run may have ended in the meantime; then no receiver listens.
            let _ = control.send(asked);
        }
    }
}

#[cfg(unix)]
mod heard {
    use std::sync::atomic::AtomicBool;
    use std::sync::{Arc, Once};
    use tokio::signal::unix::{Signal, SignalKind, signal};

    use super::Asked;

    /// Signals that are heard.
    pub(crate) struct Heard {
        interrupt: Option<Signal>,
        terminate: Option<Signal>,
        quit: Option<Signal>,
        hang_up: Option<Signal>,
    }

    impl Heard {
        pub(crate) fn new() -> Self {
            // What cannot be heard keeps the action of the system.
            let hear = |kind: SignalKind| signal(kind).ok();
            let unless_ignored = |kind: SignalKind| match is_ignored(kind.as_raw_value()) {
                true => None,
                false => hear(kind),
            };
            Self {
                interrupt: hear(SignalKind::interrupt()),
                terminate: hear(SignalKind::terminate()),
                quit: unless_ignored(SignalKind::quit()),
                hang_up: unless_ignored(SignalKind::hangup()),
            }
        }

        pub(crate) async fn next(&mut self) -> Asked {
            tokio::select! {
                () = wait(&mut self.interrupt) => Asked::End("Ctrl-C"),
                () = wait(&mut self.terminate) => Asked::End("SIGTERM"),
                () = wait(&mut self.quit) => Asked::End("SIGQUIT"),
                () = wait(&mut self.hang_up) => Asked::HangUp,
            }
        }
    }

    async fn wait(signal: &mut Option<Signal>) {
        let came = match signal {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if came.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Gives each signal the action of the system, too, while the flag says so.
    pub(crate) fn keep_action(applies: &Arc<AtomicBool>) {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            for kind in [
                SignalKind::interrupt(),
                SignalKind::terminate(),
                SignalKind::quit(),
                SignalKind::hangup(),
            ] {
                let signal = kind.as_raw_value();
                if !is_ignored(signal) {
                    // Without it the signal would be lost between a wait and a run, and nothing is sent there.
                    let _ = signal_hook::flag::register_conditional_default(
                        signal,
                        Arc::clone(applies),
                    );
                }
            }
        });
    }

    /// Whether the program was started with this signal ignored. Linux says so in a file; elsewhere a child, which
    /// inherits what is ignored, is sent the signal.
    fn is_ignored(signal: i32) -> bool {
        match std::fs::read_to_string("/proc/self/status") {
            Ok(status) => is_ignored_in(&status, signal),
            Err(_) => {
                let kill = format!("kill -{signal} $$");
                let child = std::process::Command::new("/bin/sh").args(["-c", &kill]).status();
                child.is_ok_and(|status| status.success())
            }
        }
    }

    pub(crate) fn is_ignored_in(status: &str, signal: i32) -> bool {
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
    }
}

#[cfg(not(unix))]
mod heard {
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    use super::Asked;

    /// The system has no action that could be kept.
    pub(crate) fn keep_action(_applies: &Arc<AtomicBool>) {}

    /// Signals that are heard.
    pub(crate) struct Heard;

    impl Heard {
        pub(crate) fn new() -> Self {
            Self
        }

        pub(crate) async fn next(&mut self) -> Asked {
            // Without a way to hear the signal the action of the system applies.
            let _ = tokio::signal::ctrl_c().await;
            Asked::End("Ctrl-C")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_terminal_drains_and_never_ends_a_run_at_once() {
        let drain = Control::Drain { why: "Ctrl-C" };
        let hung_up = Asked::HangUp.after(Control::Go);
        assert!(matches!(hung_up, Control::Drain { why } if why.contains("SIGHUP")));
        for (asked, before, after) in [
            (Asked::End("Ctrl-C"), Control::Go, drain),
            (Asked::End("SIGTERM"), drain, Control::Abort),
            (Asked::End("Ctrl-C"), hung_up, Control::Abort),
            (Asked::HangUp, hung_up, hung_up),
            (Asked::HangUp, drain, drain),
            (Asked::HangUp, Control::Abort, Control::Abort),
        ] {
            assert_eq!(asked.after(before), after, "{asked:?} {before:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn ignored_signals_are_read_from_the_file_of_the_system() {
        let status = "Name:\tsortie\nSigIgn:\t0000000000001001\nSigCgt:\tffff\n";
        assert!(heard::is_ignored_in(status, 1) && heard::is_ignored_in(status, 13));
        assert!(!heard::is_ignored_in(status, 3) && !heard::is_ignored_in("", 1));
    }
}
