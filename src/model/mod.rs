//! The nouns of the product: ids, devices, tasks, entries, outcomes, sealed secrets, time.
//!
//! Owns the nouns of every other module. Must never depend on another module of ours, read a
//! clock, a file or the network.

mod action;
mod carried;
mod command;
mod device;
mod device_facts;
mod device_group;
mod device_id;
mod device_make;
mod digest;
mod durations;
mod entry;
mod fingerprints;
mod if_running;
mod job_conditions;
mod known_tasks;
mod known_texts;
mod last_sends;
mod nearness;
mod note;
mod os_range;
mod outcome;
mod packed_device_id;
mod packed_moment;
mod packed_text;
mod param_value;
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
mod run_tasks;
mod run_verdict;
mod sealed;
mod secret;
pub mod settings;
mod shared_reason;
mod spreadsheet;
mod standing;
mod tags;
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

pub use action::{DeviceState, End, Repeat, Risk, StateSign, Trace};
pub use carried::Carried;
pub use command::{CommandSeen, CommandStatus};
pub use device::{Device, DeviceDetails, Os, is_placeholder_serial};
pub use device_facts::DeviceFacts;
pub use device_group::DeviceGroup;
pub use device_id::{DeviceId, DeviceIdError};
pub use device_make::DeviceMake;
pub(crate) use digest::hexadecimal_of;
pub use digest::{hexadecimal, sha256};
pub use durations::Durations;
pub use entry::{Decision, Entry, Event, StopCause};
pub use fingerprints::{ByFingerprint, Fingerprints};
pub use if_running::{IF_RUNNING_WORDS, IfRunning};
pub use job_conditions::{JobConditions, RequiredList};
pub use known_tasks::KnownTasks;
pub use known_texts::{KnownTexts, TextBlock};
pub use last_sends::LastSends;
pub use nearness::{edit_distance, is_near, nearest};
pub use note::{
    NOTE_CHARS_MAX, NOTE_PLACEHOLDERS, NoteFlaw, NoteResult, NoteTally, NoteWords, note_flaw,
};
pub use os_range::{OsRange, OsRangeFlaw};
pub use outcome::{Outcome, OutcomeCounts};
pub use packed_device_id::PackedDeviceId;
pub use packed_moment::PackedMoment;
pub use packed_text::{PackedText, SharedText};
pub use param_value::{
    CLEAR_WORD, ListChange, ListEdit, NamedValue, ParamValue, Params, RecordLists, needs_lists,
    read_list, sent_params,
};
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
pub use run_tasks::{RunTasks, TaskFault, TaskSource};
pub use run_verdict::RunVerdict;
pub use sealed::{Sealed, at_rest};
pub use secret::{HeldPin, KnownPin, PinOrigin, PinReading, Secret, SecretSource, ShownPin};
pub use shared_reason::SharedReason;
pub use spreadsheet::{SUMMARY_MARK, as_text_cell, column_name, neutralized, quoted, restored};
pub use standing::TaskStanding;
pub use tags::Tags;
pub use task::{Gate, RunId, Task, TaskFacts, TaskId, TaskIndex, Turn};
pub use task_work::{SentRequest, TaskWork};
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
