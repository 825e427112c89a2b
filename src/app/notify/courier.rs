//! The thread that delivers notices while a run goes on.
//!
//! Owns when it works and how long a run waits for it at its end. Must never hold up a run, nor end one.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::outbox::{Outbox, Wanted};
use crate::app::events::AppEvent;
use crate::drive::{Clock, WallClock};
use crate::model::UnixMillis;

/// How long the end of a run waits for deliveries, in milliseconds.
pub(super) const END_WAIT_MS: u64 = 10_000;
/// How long to wait while another process delivers, in milliseconds.
const BUSY_MS: u64 = 500;
/// Longest time until the outbox is read again, in milliseconds.
const REST_MS_MAX: u64 = 3_600_000;

/// What the thread is asked to do.
enum Order {
    /// There is a new notice.
    Look,
    /// Deliver what can be delivered before this moment, then end.
    End(UnixMillis),
}

/// Delivers notices on a thread of its own.
pub(super) struct Courier {
    orders: Sender<Order>,
    /// Closed when the thread has ended.
    ended: Mutex<Receiver<()>>,
}

impl Courier {
    /// Starts the thread. It begins with what earlier runs left.
    pub fn start(outbox: Arc<Outbox>) -> Result<Self, std::io::Error> {
        let (orders, received) = channel();
        let (alive, ended) = channel();
        std::thread::Builder::new().name("notices".to_owned()).spawn(move || {
            work(&outbox, &received);
            drop(alive);
        })?;
        Ok(Self { orders, ended: Mutex::new(ended) })
    }

    /// Says that there is a new notice.
    pub fn look(&self) {
        // A thread that has ended has said why.
        let _ = self.orders.send(Order::Look);
    }

    /// Waits until everything that can be delivered in time is delivered, for so long at most.
    pub fn finish(&self, wait_ms: u64) {
        let until = WallClock.now().plus_ms(wait_ms);
        if self.orders.send(Order::End(until)).is_ok() {
            // A delivery that is still on its way ends with the program; its notice waits.
            let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = ended.recv_timeout(Duration::from_millis(wait_ms));
        }
    }
}

fn work(outbox: &Outbox, orders: &Receiver<Order>) {
    let mut until: Option<UnixMillis> = None;
    loop {
        let end = match outbox.pass(Wanted::Due, || WallClock.now()) {
            Ok(end) => end,
            Err(error) => {
                outbox.events.tell(&AppEvent::NoticesNotKept(error));
                return;
            }
        };
        let now = WallClock.now();
        let next_at = match end.is_busy {
            true => Some(now.plus_ms(BUSY_MS)),
            false => end.next_at,
        };
        if until.is_some_and(|until| next_at.is_none_or(|next_at| next_at >= until)) {
            return;
        }
        let rest_ms = next_at.map_or(REST_MS_MAX, |at| at.remaining_ms(now).min(REST_MS_MAX));
        match orders.recv_timeout(Duration::from_millis(rest_ms)) {
            Ok(Order::End(moment)) => until = Some(moment),
            Ok(Order::Look) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
