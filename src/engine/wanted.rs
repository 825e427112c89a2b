//! How many requests a run would send soon.
//!
//! Owns the size of the next lease of the hour. Must never decide which request leaves.

use super::looks::Looks;
use super::notes::NoteQueue;
use super::sends::Sends;
use super::settlement::Settlement;
use super::stops::Ends;
use crate::model::UnixMillis;
use crate::pace::BLOCK_LIFE_MS;

/// How many requests would leave within the life of one block of grants; `is_held` says that no task is sent.
pub(super) fn wanted(
    now: UnixMillis,
    ends: Ends<'_>,
    (sends, looks, settlement, notes): (&Sends, &Looks, &Settlement, &NoteQueue),
    is_held: bool,
) -> u32 {
    let block_max = u64::from(ends.state.policy.per_second) * BLOCK_LIFE_MS / 1_000;
    let block_max = usize::try_from(block_max.max(1)).unwrap_or(usize::MAX);
    let sends = match ends.may_send() && !is_held {
        true => sends.count_due(now, block_max),
        false => 0,
    };
    let looks = match ends.next_look(now) {
        // Looks trickle: a block for each of them would fill the ledger.
        Some(_) => {
            let soon = now.plus_ms(BLOCK_LIFE_MS);
            looks.count_due(soon.min(ends.wait_ends(now)), block_max)
        }
        None => 0,
    };
    let reads = match ends.may_settle(now) {
        true => settlement.count_due(now, block_max),
        false => 0,
    };
    let notes = match ends.note_due {
        Some(_) => notes.count_due(block_max),
        None => 0,
    };
    let all = reads + sends + looks + notes;
    u32::try_from(all.min(block_max)).unwrap_or(u32::MAX)
}
