//! The Kandji / Iru Endpoint API as a pure codec.
//!
//! Owns what the API calls things: paths, bodies, answers, error texts, spellings. Must never send, wait
//! or decide what happens next.

mod actions;
mod answered;
mod body;
mod commands;
mod details;
mod device_rows;
mod device_sections;
mod devices;
mod headers;
mod named;
mod notes;
mod paging;
mod path;
mod pin_form;
mod replies;
mod secrets;
mod section_columns;
mod state;

pub use actions::{
    ACTIONS, ActionSpec, AnswerSpec, DetailsNeed, EndSpec, Hazards, NameError, NamedKind,
    ParamKind, ParamRule, ParamSpec, RecordChange, RecordField, RecordStanding, Requirement,
    ShownRecord, SignSpec, StateSpec, Verb, find_action, fold, is_weak_pin, record_standing,
};
pub use answered::Asked;
pub use body::{error_text, masked_error_text, unusable};
pub use commands::{CommandRow, CommandsPage, commands_request, look_request, sighting};
pub use details::{details_in, details_request, read_details};
pub use device_sections::DeviceSection;
pub use devices::{
    ListError, ShownDevice, device_by_id, devices_by_check_in, devices_by_email,
    devices_by_filevault, devices_by_serial, devices_page, first_device, read_devices,
    read_shown_devices, read_target,
};
pub use headers::{retry_after_ms, server_skew_ms};
pub use named::{
    NamedPage, NamedRow, blueprints_page, named_by_id, read_named, read_named_page, users_page,
};
pub use notes::{note_request, note_result};
pub use paging::{Endless, LIST_ROWS_MAX, Paging, Remainder, list_requests};
pub use replies::classify;
pub use secrets::{pin_request, read_pin, read_secrets, secret_request};
pub use section_columns::{
    APP_COLUMNS, DETAIL_COLUMNS, STATUS_COLUMNS, app_cells, app_count, detail_cells, status_cells,
};
