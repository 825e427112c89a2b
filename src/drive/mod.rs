//! The async shell around the engine.
//!
//! Owns the order of every batch: commit the entries, release the calls that the commit covers, feed the
//! replies back. The only place, besides the simulator's server, that reads the wall clock. Must never
//! decide what is sent.
//!
//! Invariant: no request that changes something leaves before its intent is committed.

mod batches;
mod call_result;
mod clock;
mod control;
mod details;
mod facts;
mod gather;
mod gathering;
mod inventory;
mod names;
mod perform;
mod pins;
mod quota;
mod rate;
mod read_ahead;
mod reads;
mod records;
mod run;
mod run_devices;
mod run_loop;
mod single_call;
mod sleep_watch;
mod token;
mod watchdog;
mod wire_log;

pub use clock::{Clock, VirtualClock, WallClock};
pub use control::{Control, DriveError, Ended, Observer, Quiet};
pub use details::{DetailsRead, read_details};
pub use facts::{FactsOfTasks, facts_of};
pub use gather::{GatherError, SectionRead, gather, read_deciding_details};
pub use inventory::{
    FilevaultLists, InventoryError, read_commands, read_filevault, read_inventory,
};
pub use names::{KnownNames, NameFlaw, WantedName, look_up_names};
pub use perform::{RenewToken, Sealer};
pub use pins::{DrawPin, system_pins};
pub use quota::{Quota, QuotaError};
pub use reads::{OnWaiting, ReadError, Reads, Waiting};
pub use run::{RunParts, run};
pub use single_call::{CallAnswer, CallReply, CallRunner, KeptPin};
pub use watchdog::{Alarm, NoWatchdog, Watchdog};
