//! A clock for what is drawn while nothing happens.
//!
//! Owns its thread. Must never outlive what it ticks for by more than one tick.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How often it ticks: fast enough for a countdown in seconds.
const TICK: Duration = Duration::from_millis(250);

/// Ticks until it is dropped.
pub(crate) struct Ticker {
    _stop: Option<Sender<()>>,
}

impl Ticker {
    /// Calls `tick` again and again on a thread of its own. Where no thread can be made, there are no ticks.
    pub(crate) fn start(mut tick: impl FnMut() + Send + 'static) -> Self {
        let (stop, stopped) = channel();
        let ticking = move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                tick();
            }
        };
        let thread = std::thread::Builder::new().name("progress".to_owned()).spawn(ticking);
        Self { _stop: thread.is_ok().then_some(stop) }
    }
}
