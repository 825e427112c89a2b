//! The stream of events.
//!
//! Owns its observers. Must never lose an event, nor call an observer that is gone.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::AppEvent;

/// Receives every event, in order.
type Observe = Box<dyn FnMut(&AppEvent) + Send>;

/// One stream of events, which any number of observers may follow. Clones are the same stream.
#[derive(Clone, Default)]
pub struct Events {
    observers: Arc<Mutex<Vec<Observe>>>,
}

impl Events {
    /// A stream without observers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an observer, which receives every event from now on. It must return at once, and must not send events.
    pub fn observe(&self, observer: impl FnMut(&AppEvent) + Send + 'static) {
        self.lock().push(Box::new(observer));
    }

    /// Tells all observers.
    pub(crate) fn tell(&self, event: &AppEvent) {
        for observer in self.lock().iter_mut() {
            observer(event);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Observe>> {
        self.observers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Events").field("observers", &self.lock().len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Ahead;

    #[test]
    fn every_observer_sees_every_event_from_its_beginning_on() {
        let events = Events::new();
        let seen = Arc::new(Mutex::new([0, 0]));
        for at in 0..2 {
            let seen = Arc::clone(&seen);
            events.observe(move |_| seen.lock().expect("no panic")[at] += 1);
            events.clone().tell(&AppEvent::ClockWasAhead(Ahead::default()));
        }
        assert_eq!(*seen.lock().expect("no panic"), [2, 1]);
    }
}
