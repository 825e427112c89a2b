//! The nouns of the product: ids, devices, tasks, entries, outcomes, sealed secrets, time.
//!
//! Owns the nouns of every other module. Must never depend on another module of ours, read a
//! clock, a file or the network.

mod action;
mod carried;
mod command;
mod device;
mod device_facts;
mod device_id;
mod digest;
mod durations;
mod entry;
mod if_running;
mod job_conditions;
mod known_tasks;
mod nearness;
mod outcome;
mod pause_tally;
mod platform;
mod policy;
mod random;
mod record;
mod record_form;
mod reduced_rate;
mod report_options;
mod rollout;
mod run_measures;
mod run_record;
mod run_verdict;
mod sealed;
mod secret;
pub mod settings;
mod shared_reason;
mod shared_text;
mod spreadsheet;
mod task;
mod task_form;
mod task_work;
mod text;
mod time;
mod timetable;
mod verdict;
mod window;
pub mod wire;
mod wording;

pub use action::{End, Repeat, Risk, Trace};
pub use carried::Carried;
pub use command::{CommandSeen, CommandStatus};
pub use device::{Device, DeviceDetails, Os, is_placeholder_serial};
pub use device_facts::DeviceFacts;
pub use device_id::{DeviceId, DeviceIdError};
pub(crate) use digest::hexadecimal_of;
pub use digest::{hexadecimal, sha256};
pub use durations::Durations;
pub use entry::{Decision, Entry, Event, StopCause};
pub use if_running::{IF_RUNNING_WORDS, IfRunning};
pub use job_conditions::{JobConditions, RequiredList};
pub use known_tasks::KnownTasks;
pub use nearness::{edit_distance, is_near, nearest};
pub use outcome::{Outcome, OutcomeCounts};
pub use pause_tally::{PauseTally, PauseTotal};
pub use platform::Platform;
pub use policy::{MaxErrors, OutsideWindow, Policy, Retries};
pub use random::Random;
pub use record::{PIN_MISSING, RecordDetails, TaskRecord};
pub use reduced_rate::{ReducedRate, SlowReason};
pub use report_options::{CsvDialect, DeviceColumn, DeviceReport, PagePins, ReportOptions};
pub use rollout::{Rollout, WaveEnd, WaveGate};
pub use run_measures::{AnswerTimes, RunMeasures, SLOT_MS, add_answers, add_requests};
pub use run_record::{RunRecord, WaveBegin};
pub use run_verdict::RunVerdict;
pub use sealed::{Sealed, at_rest};
pub use secret::{HeldPin, KnownPin, PinOrigin, PinReading, Secret, SecretSource, ShownPin};
pub use shared_text::{KnownTexts, SharedText};
pub use spreadsheet::{SUMMARY_MARK, as_text_cell, column_name, neutralized, quoted, restored};
pub use task::{Gate, RunId, Task, TaskFacts, TaskId, TaskIndex, Turn};
pub use task_work::{ParamValue, Params, SentRequest, TaskWork};
pub use text::{
    Likeness, comparable, comparable_by_quotes, composed, first_steering, is_alike, is_invisible,
    is_same_text, likeness, likeness_of_part,
};
pub use time::{UnixMillis, human_duration, parse_duration_ms};
pub use timetable::{CadenceFlaw, ClockChange, Rhythm, Timetable, TimetableError, WEEKDAYS};
pub use verdict::{
    Answer, ApiRefusal, Listing, NextPage, Recheck, Shown, Sighting, THROTTLED_MS_MIN, Unreadable,
    Verdict, View,
};
pub use window::{Window, WindowError, WindowState};
pub use wording::{counted, harmless, one_line, steers, thousands};
