//! The values that the switches of the simulated tenant take.
//!
//! Owns one type for each switch whose values deserve a name. The default and its source are at the switch
//! (`setup/switches.rs`). Must never act on them.

use crate::model::UnixMillis;

/// What a token gets that lacks the permission for an endpoint.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum MissingPermission {
    /// Status 403. Documented.
    Forbidden,
    /// Status 401, as for a wrong token. Inferred.
    Unauthorized,
}

/// When a token is revoked. From then on it gets status 401 (documented).
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// After this many requests with it.
    AfterRequests(u64),
    /// At this moment.
    At(UnixMillis),
}

/// The body of a 401. No source shows one.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum UnauthorizedBody {
    /// `{"detail": ...}`, as the API's framework writes it. Inferred.
    Detail,
    /// `{"message":"Unauthorized"}`, as the gateway writes it. Inferred.
    Gateway,
}

/// The body of a 404 for a device.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum NotFoundBody {
    /// `{"detail":"Not found."}`.
    Json,
    /// An HTML page.
    Html,
    /// No body.
    Empty,
}

/// The wrapper of a refusal's text.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ErrorShape {
    /// `"text"`, as two other refusals are documented.
    BareString,
    /// `["text"]`, as the lost mode's refusal is documented.
    Array,
    /// `{"detail":"text"}`, as the API's framework writes it. Inferred.
    Detail,
    /// `{"error":"text"}`, as one of the vendor's documents has it.
    ErrorKey,
}

/// What a missing field of an action's body leads to.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum MissingFields {
    /// Status 400 with a complaint by field. Inferred.
    Refused,
    /// Acceptance, as if the field did not matter. Inferred.
    Accepted,
}

/// What an action answers on success.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SuccessBody {
    /// No body. Documented.
    Empty,
    /// `{"message": ...}`, as one of the vendor's documents has it for a few actions.
    Message,
}

/// What the lock of a device without PIN answers. Inferred, all four.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum PinlessLock {
    /// No body.
    Empty,
    /// `{}`.
    EmptyObject,
    /// `{"PIN":null}`.
    NullPin,
    /// `{"PIN":""}`.
    EmptyPin,
}

/// What a second lock leads to while the device is locked or a lock is pending.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum LockAgain {
    /// Status 400 with `"This device is already locked."`. Documented.
    AlreadyLocked,
    /// Status 400 with `Command already running`. Documented for the vendor's connector.
    AlreadyRunning,
    /// Acceptance, with a PIN that makes the earlier one wrong. Observed by others.
    NewPin,
}

/// What a second action leads to while the first is pending.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SamePending {
    /// Status 400 with `Command already running`. Documented.
    Refused,
    /// A second command. Inferred.
    Accepted,
}

/// When the PIN of a lock can be read as a secret.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum PinVisible {
    /// As soon as the lock is accepted. Inferred.
    AtOnce,
    /// Some time after the device took the lock. Documented without a time.
    AfterDelivery {
        /// The delay in milliseconds.
        lag_ms: u64,
    },
    /// Never. Assumed, for tests.
    Never,
}

/// How a secret that does not exist is written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum NoSecret {
    /// `""`. Inferred from the size of a captured answer.
    EmptyText,
    /// `null`. Documented.
    Null,
    /// The key is missing. Inferred.
    MissingKey,
}

/// What becomes of an erased device's record. Inferred, all three.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Erased {
    /// The record stays, no longer under MDM.
    RecordStays,
    /// The record is gone: status 404.
    Gone,
    /// The device enrolls again under the same id.
    Reenrols,
}

/// What Windows and Android devices show as commands. Inferred, all three.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ForeignCommands {
    /// An empty list.
    Empty,
    /// Status 400.
    BadRequest,
    /// Status 404.
    NotFound,
}

/// The order of a command list.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum CommandOrder {
    /// Oldest first. Observed in the published example.
    Ascending,
    /// Newest first. Inferred.
    Descending,
}

/// What the commands of actions are called.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum CommandNames {
    /// `command_type` is Apple's request type. Observed for most commands.
    Same,
    /// `command_type` is a name of the vendor. Observed for a few commands of others.
    House,
}

/// How the times of commands are written. Observed, both spellings.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum CommandTimes {
    /// With `Z`.
    Zulu,
    /// With `+00:00`.
    Offset,
    /// One row with `Z`, the next with `+00:00`.
    Mixed,
}

/// How the times of the device list are written. Observed, all spellings.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ListTimes {
    /// As in every published row: check-ins with `T` and `Z`, enrollments with a space and `+00:00`.
    Published,
    /// Each row in the next of the four spellings that the API was seen to write.
    Mixed,
}

/// What moves the last check-in of a device.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum CheckIn {
    /// The agent: soon after the device comes online, and then every 15 minutes. Documented.
    Agent,
    /// The agent, and every answer of the device to a command. Inferred.
    OnAnswer,
    /// Nothing: it stays what it was. Assumed, for tests.
    Never,
}

/// Which host the links between pages name. Inferred, both.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum LinkHost {
    /// The host that the request was sent to.
    Own,
    /// A host of the vendor, as behind a proxy: a client that follows the link takes its token there.
    Vendor,
}

/// How a device list with one row is written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SingleDevice {
    /// An array with one row. Documented.
    Array,
    /// The row alone, when a serial number was asked for. Observed in one published example.
    Object,
}

/// What turning Lost Mode on leads to where it is on. Inferred, both.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum LostModeAgain {
    /// A second command, with the new texts.
    NewMessage,
    /// Status 400 with `["Device is already in lost mode."]`.
    AlreadyOn,
}

/// What needs Lost Mode leads to this where it is off. Inferred, all three.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum LostModeOff {
    /// Status 400 with `["Device is not in lost mode."]`, as the read of it answers.
    Refused,
    /// Status 400 with `Command is not allowed for current device`.
    NotAllowed,
    /// A command, which the device fails unless it turns Lost Mode off.
    Accepted,
}

/// What the request for a new note answers. Inferred, all four.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum NoteAnswer {
    /// Status 201 with the note.
    Created,
    /// Status 200 with the note.
    Ok,
    /// Status 204 without a body.
    NoContent,
    /// Status 404 with a web page: this tenant has no notes.
    Missing,
}

/// What canceling a Lost Mode answers. Two documents of the vendor, which disagree.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum LostModeCanceled {
    /// Status 204 without a body.
    NoContent,
    /// Status 200 with a `message`.
    Message,
}

/// What a change of a record answers.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum UpdateAnswer {
    /// The row of the device. Documented.
    WholeDevice,
    /// No body. Inferred.
    Empty,
}

/// Whether a device may get a blueprint of another type than its own.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum BlueprintTypes {
    /// It may.
    Ignored,
    /// It gets status 400 with a documented text.
    MustMatch,
}
