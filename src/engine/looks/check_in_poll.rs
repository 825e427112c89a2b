//! The check-in poll: reading the device list to learn which devices deserve a look.
//!
//! Owns when a page of the list is read and whether that helps. One request shows 300 devices, but whether a device's
//! answer moves its last check-in is not documented: so the benefit is measured, and the poll is given up where there
//! is none. Must never conclude anything about a task.
//!
//! It begins where at least twenty devices are followed and the list has fewer than half as many pages. A device whose
//! check-in has moved is checked now, the others once an hour, or every three hours where the list has announced many ends
//! and missed none. The list itself proves nothing.

use super::check_in_order::CheckInOrder;
use crate::model::{Shown, UnixMillis};

/// From the first followed task to the first poll, in milliseconds.
const FIRST_MS: u64 = 30_000;
/// Shortest and longest time between two polls, in milliseconds. The longest, with the delays of a look and
/// of the device's own check-in, keeps within ten minutes.
const PAUSE_MS_MIN: u64 = 90_000;
const PAUSE_MS_MAX: u64 = 240_000;
/// Pause for each page of the list, in milliseconds: a poll of many pages is made less often, but not so
/// seldom that a device that comes back waits for it.
const PAUSE_PER_PAGE_MS: u64 = 25_000;
/// Time that a page must buy in any case, in milliseconds: polling never takes more than a tenth of the
/// hour, even where the list is so long that it can not keep within ten minutes.
const PAUSE_PER_PAGE_MS_MIN: u64 = 5_000;
/// Followed devices for each page of the list, at least: below that looking at each costs no more.
const DEVICES_PER_PAGE_MIN: usize = 2;
/// Ends that tell something before the list is trusted or given up.
const EVIDENCE_MIN: u32 = 3;
/// Of so many ends that the list announced one may be missed.
const HITS_PER_MISS: u32 = 5;
/// Only ends of commands that waited so long tell something, in milliseconds: devices that were awake all
/// the time end theirs without any help.
const WAITED_MS_MIN: u64 = 600_000;
/// So many ends that the list announced, and none that it missed, prove it.
const HITS_PROVEN: u32 = 20;
/// An end that the list announces later than this was missed, in milliseconds.
const LATE_MS: u64 = 600_000;
/// How long after a command's end its device may take to show in the list, in milliseconds.
const SHOWS_WITHIN_MS: u64 = 60_000;

/// How far the list has been read.
#[derive(Clone, Debug, Default)]
pub(super) struct CheckInPoll {
    /// When the next page is due; `None` while one is in progress or no poll is planned.
    next_at: Option<UnixMillis>,
    is_running: bool,
    offset: u32,
    started_at: UnixMillis,
    pages: u32,
    /// Pages of the last whole poll; 0 before the first.
    pages_of_list: u32,
    pause_ms: u64,
    has_news: bool,
    hits: u32,
    misses: u32,
    has_given_up: bool,
    gave_up_now: bool,
    order: CheckInOrder,
}

impl CheckInPoll {
    /// When the next page is due.
    pub(super) fn due_at(&self) -> Option<UnixMillis> {
        self.next_at
    }

    /// When the poll in progress began.
    pub(super) fn started_at(&self) -> UnixMillis {
        self.started_at
    }

    /// Whether what the list shows is relied on.
    pub(super) fn is_trusted(&self) -> bool {
        !self.has_given_up
            && self.hits >= EVIDENCE_MIN
            && self.misses.saturating_mul(HITS_PER_MISS) <= self.hits
    }

    /// Whether the list has announced many ends, and missed none.
    pub(super) fn is_proven(&self) -> bool {
        !self.has_given_up && self.misses == 0 && self.hits >= HITS_PROVEN
    }

    /// Whether the list has missed no end.
    pub(super) fn has_missed_none(&self) -> bool {
        !self.has_given_up && self.misses == 0
    }

    /// True once after the list was given up.
    pub(super) fn has_just_given_up(&mut self) -> bool {
        std::mem::take(&mut self.gave_up_now)
    }

    /// Whether a poll shows enough devices.
    pub(super) fn is_worth_it(&self, followed: usize) -> bool {
        let pages = self.pages_of_list.max(self.pages).max(1) as usize;
        !self.has_given_up && followed >= pages * DEVICES_PER_PAGE_MIN
    }

    /// Plans the first poll, where none is planned or in progress.
    pub(super) fn begin(&mut self, now: UnixMillis) {
        if self.next_at.is_none() && !self.is_running {
            self.pause_ms = PAUSE_MS_MIN;
            self.next_at = Some(now.plus_ms(FIRST_MS));
        }
    }

    /// Takes in the rows of a page. Whether all pages after it show older check-ins than the last poll.
    pub(super) fn take_page(&mut self, rows: &[Shown]) -> bool {
        self.order.take(rows)
    }

    /// Takes the page that is due.
    pub(super) fn take(&mut self, now: UnixMillis) -> u32 {
        self.next_at = None;
        if !self.is_running {
            self.order.begin(now);
            self.is_running = true;
            self.started_at = now;
            self.offset = 0;
            self.pages = 0;
            self.has_news = false;
        }
        self.offset
    }

    /// Continues with the page at `offset`.
    pub(super) fn turn_page(&mut self, offset: u32, now: UnixMillis) {
        self.pages += 1;
        self.offset = offset;
        self.next_at = Some(now);
    }

    /// The same page again, later.
    pub(super) fn again_at(&mut self, at: UnixMillis) {
        self.next_at = Some(at);
    }

    /// The list has been read to its end.
    pub(super) fn finish(&mut self) {
        self.pages += 1;
        self.pages_of_list = self.pages;
        self.is_running = false;
    }

    /// The list cannot be read.
    pub(super) fn give_up(&mut self) {
        self.is_running = false;
        self.next_at = None;
        self.gave_up_now = !self.has_given_up;
        self.has_given_up = true;
    }

    /// Plans the next poll: sooner after news, later after none.
    pub(super) fn plan_next(&mut self, now: UnixMillis) {
        let pause_ms = if self.has_news { PAUSE_MS_MIN } else { self.pause_ms * 3 / 2 };
        self.pause_ms = pause_ms.clamp(PAUSE_MS_MIN, PAUSE_MS_MAX);
        let pages = u64::from(self.pages_of_list);
        let worth_ms = (pages * PAUSE_PER_PAGE_MS).min(PAUSE_MS_MAX);
        let least_ms = worth_ms.max(pages * PAUSE_PER_PAGE_MS_MIN);
        self.next_at = Some(now.plus_ms(self.pause_ms.max(least_ms)));
    }

    /// Ends polling; says whether there was any.
    pub(super) fn end(&mut self) -> bool {
        self.is_running = false;
        self.next_at.take().is_some() || self.is_trusted()
    }

    /// Learns from an end: `announced` by the list, or found by a look of the queue's own although the list
    /// had shown the device unchanged since (`quiet_at`).
    pub(super) fn learn(
        &mut self,
        sent_at: UnixMillis,
        ended_at: Option<UnixMillis>,
        announced: bool,
        quiet_at: Option<UnixMillis>,
        now: UnixMillis,
    ) {
        if now.remaining_ms(sent_at) < WAITED_MS_MIN {
            return;
        }
        let is_late = ended_at.is_some_and(|at| at.plus_ms(LATE_MS) < now);
        let should_show =
            |at: UnixMillis| quiet_at.is_some_and(|quiet| quiet > at.plus_ms(SHOWS_WITHIN_MS));
        if announced && is_late {
            self.misses += 1;
        } else if announced {
            self.hits += 1;
            self.has_news = true;
        } else if ended_at.is_some_and(should_show) {
            self.misses += 1;
        }
        if self.misses >= EVIDENCE_MIN && self.misses > self.hits {
            self.give_up();
        }
    }
}
