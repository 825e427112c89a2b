//! The switches of the simulated tenant: one for each point on which the API's documents are silent.
//!
//! Owns their defaults, which are the most likely answers. Must never act on them.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use crate::model::UnixMillis;

/// Most rows of one page of any list: the documented limit.
pub(crate) const PAGE_ROWS_MAX: usize = 300;

/// How the tenant behaves where its documents are silent. Every field may be set; the default is what is
/// most likely, with devices that are prompt and never fail.
///
/// ```
/// use sortie::simulator::{LockAgain, Switches};
/// let switches = Switches { lock_again: LockAgain::NewPin, ..Switches::default() };
/// assert_eq!(switches.limit_per_hour, 10_000);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Switches {
    /// Requests a second for the whole tenant.
    pub limit_per_second: u32,
    /// Requests an hour for the whole tenant.
    pub limit_per_hour: u32,
    /// Whether a 429 says when to come back.
    pub sends_retry_after: bool,
    /// Whether the gateway's own answers carry a `request_id`.
    pub gateway_request_id: bool,
    /// What a token without the permission is told.
    pub missing_permission: MissingPermission,
    /// Permissions that the token lacks: names of endpoints, as in the ledger's kinds of requests.
    pub denied: BTreeSet<String>,
    /// When the first token is revoked.
    pub token_revoked: Option<Revocation>,
    /// The body of a 401.
    pub unauthorized_body: UnauthorizedBody,
    /// The body of a 404 for a device.
    pub not_found_body: NotFoundBody,
    /// The wrapper of the two refusals whose wrapper was never published.
    pub error_shape: ErrorShape,
    /// What a missing field of an action's body leads to.
    pub missing_fields: MissingFields,
    /// What an action answers when it has nothing to say.
    pub success_body: SuccessBody,
    /// What the lock of a device without PIN answers.
    pub pinless_lock: PinlessLock,
    /// What a second lock leads to.
    pub lock_again: LockAgain,
    /// What a second action leads to while the first is pending.
    pub same_pending: SamePending,
    /// When the PIN can be read as a secret.
    pub pin_visible: PinVisible,
    /// How a secret that does not exist is written.
    pub no_secret: NoSecret,
    /// Whether the erase of a Mac answers with its PIN.
    pub erase_returns_pin: bool,
    /// Whether a device reports its erase done before it is gone.
    pub erase_acknowledged: bool,
    /// What becomes of an erased device's record.
    pub erased: Erased,
    /// What Windows and Android devices show as commands.
    pub foreign_commands: ForeignCommands,
    /// The order of a command list.
    pub command_order: CommandOrder,
    /// What the commands of actions are called.
    pub command_names: CommandNames,
    /// How the times of commands are written.
    pub command_times: CommandTimes,
    /// How the times of the device list are written.
    pub list_times: ListTimes,
    /// How long a new command stays out of the list.
    pub command_visible_after_ms: u64,
    /// Most commands that a device already has when the tenant starts.
    pub background_commands_max: u32,
    /// Chance in percent that an unrelated command is queued together with one of ours.
    pub background_percent: f64,
    /// What moves the last check-in of a device.
    pub check_in: CheckIn,
    /// Which host the links between pages name.
    pub link_host: LinkHost,
    /// How a device list with one row is written.
    pub single_device: SingleDevice,
    /// Most rows of a page, whatever a request asks for. The documented number is 300.
    pub page_rows_max: usize,
    /// Chance in percent that a page of devices begins one row too early or too late.
    pub pages_shift_percent: f64,
    /// From acceptance to the device's taking it.
    pub push_ms: RangeInclusive<u64>,
    /// From the device's taking it to its end.
    pub run_ms: RangeInclusive<u64>,
    /// Chance in percent that a device answers Not Now first.
    pub not_now_percent: f64,
    /// How long Not Now lasts.
    pub not_now_ms: RangeInclusive<u64>,
    /// Chance in percent that a device reports failure.
    pub failed_percent: f64,
    /// How long a restarting device is away.
    pub restart_ms: u64,
    /// After how long somebody types the PIN at a locked Mac.
    pub unlock_after_ms: Option<u64>,
    /// After how long somebody switches a device on again that was shut down.
    pub power_on_after_ms: Option<u64>,
    /// How long a device takes to enrol again after an erase.
    pub reenrol_ms: u64,
    /// Whether a command fails that names a local user whom the device does not have.
    pub users_must_exist: bool,
    /// Wi-Fi profiles that are not in scope of any device.
    pub profiles_out_of_scope: Vec<String>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            limit_per_second: 50,
            limit_per_hour: 10_000,
            sends_retry_after: true,
            gateway_request_id: true,
            missing_permission: MissingPermission::Forbidden,
            denied: BTreeSet::new(),
            token_revoked: None,
            unauthorized_body: UnauthorizedBody::Detail,
            not_found_body: NotFoundBody::Json,
            error_shape: ErrorShape::BareString,
            missing_fields: MissingFields::Refused,
            success_body: SuccessBody::Empty,
            pinless_lock: PinlessLock::Empty,
            lock_again: LockAgain::AlreadyLocked,
            same_pending: SamePending::Refused,
            pin_visible: PinVisible::AfterDelivery { lag_ms: 0 },
            no_secret: NoSecret::EmptyText,
            erase_returns_pin: false,
            erase_acknowledged: true,
            erased: Erased::RecordStays,
            foreign_commands: ForeignCommands::Empty,
            command_order: CommandOrder::Ascending,
            command_names: CommandNames::Same,
            command_times: CommandTimes::Zulu,
            list_times: ListTimes::Published,
            command_visible_after_ms: 0,
            background_commands_max: 40,
            background_percent: 0.0,
            check_in: CheckIn::Agent,
            link_host: LinkHost::Own,
            single_device: SingleDevice::Array,
            page_rows_max: PAGE_ROWS_MAX,
            pages_shift_percent: 0.0,
            push_ms: 300..=1_500,
            run_ms: 500..=6_000,
            not_now_percent: 0.0,
            not_now_ms: 60_000..=600_000,
            failed_percent: 0.0,
            restart_ms: 45_000,
            unlock_after_ms: None,
            power_on_after_ms: None,
            reenrol_ms: 240_000,
            users_must_exist: false,
            // The documents' own example of a profile out of scope.
            profiles_out_of_scope: vec!["8a9f88d9-e7f4-47e6-9326-fd4b39534c4e".to_owned()],
        }
    }
}

impl Switches {
    /// A tenant with the small accidents of every fleet: some Not Now, some failures, commands of others.
    #[must_use]
    pub fn lively() -> Self {
        Self {
            background_percent: 5.0,
            not_now_percent: 3.0,
            failed_percent: 1.0,
            run_ms: 1_000..=20_000,
            ..Self::default()
        }
    }
}

/// What a token without the permission is told.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum MissingPermission {
    /// 403
    Forbidden,
    /// 401, as for a wrong token
    Unauthorized,
}

/// When a token is revoked.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// After this many requests with it.
    AfterRequests(u64),
    /// At this moment.
    At(UnixMillis),
}

/// The body of a 401.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum UnauthorizedBody {
    /// `{"detail": ...}`
    Detail,
    /// the gateway's `{"message":"Unauthorized"}`
    Gateway,
}

/// The body of a 404 for a device.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum NotFoundBody {
    /// `{"detail":"Not found."}`
    Json,
    /// a page
    Html,
    /// nothing
    Empty,
}

/// The wrapper of a refusal's text.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ErrorShape {
    /// `"text"`
    BareString,
    /// `["text"]`
    Array,
    /// `{"detail":"text"}`
    Detail,
    /// `{"error":"text"}`
    ErrorKey,
}

/// What a missing field leads to.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum MissingFields {
    /// 400 in field shape
    Refused,
    /// acceptance, as if the field did not matter
    Accepted,
}

/// What an action answers when it has nothing to say.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SuccessBody {
    /// nothing
    Empty,
    /// `{"message": ...}`
    Message,
}

/// What the lock of a device without PIN answers.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum PinlessLock {
    /// nothing
    Empty,
    /// `{}`
    EmptyObject,
    /// `{"PIN":null}`
    NullPin,
    /// `{"PIN":""}`
    EmptyPin,
}

/// What a second lock leads to while the device is locked or a lock is pending.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum LockAgain {
    /// 400 `"This device is already locked."`
    AlreadyLocked,
    /// 400 with `Command already running`
    AlreadyRunning,
    /// acceptance, with a PIN that makes the earlier one wrong
    NewPin,
}

/// What a second action leads to while the first is pending.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SamePending {
    /// 400 with `Command already running`
    Refused,
    /// a second command
    Accepted,
}

/// When the PIN can be read as a secret.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum PinVisible {
    /// as soon as the lock is accepted
    AtOnce,
    /// so long after the device has taken the lock
    AfterDelivery {
        /// The delay.
        lag_ms: u64,
    },
    /// never
    Never,
}

/// How a secret that does not exist is written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum NoSecret {
    /// `""`
    EmptyText,
    /// `null`
    Null,
    /// `{}`
    MissingKey,
}

/// What becomes of an erased device's record.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Erased {
    /// it stays, no longer under MDM
    RecordStays,
    /// 404
    Gone,
    /// it enrols again under the same id
    Reenrols,
}

/// What Windows and Android devices show as commands.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ForeignCommands {
    /// an empty list
    Empty,
    /// 400
    BadRequest,
    /// 404
    NotFound,
}

/// The order of a command list.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum CommandOrder {
    /// oldest first
    Ascending,
    /// newest first
    Descending,
}

/// What the commands of actions are called.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum CommandNames {
    /// `command_type` is Apple's request type
    Same,
    /// `command_type` is a name of the house
    House,
}

/// How the times of commands are written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum CommandTimes {
    /// with `Z`
    Zulu,
    /// with `+00:00`
    Offset,
    /// one row so, the next the other way
    Mixed,
}

/// How the times of the device list are written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum ListTimes {
    /// as in every published row: check-ins with `T` and `Z`, enrolments with a space and `+00:00`
    Published,
    /// one row so, the next in another of the four spellings that the API was seen to write
    Mixed,
}

/// What moves the last check-in of a device.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum CheckIn {
    /// the agent: soon after the device comes online, and then every 15 minutes
    Agent,
    /// the agent, and every answer of the device to a command
    OnAnswer,
    /// nothing: it stays what it was
    Never,
}

/// Which host the links between pages name.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum LinkHost {
    /// the host that the request was sent to
    Own,
    /// a host of the vendor, as behind a proxy: a client that follows such a link takes its token there
    Vendor,
}

/// How a device list with one row is written.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SingleDevice {
    /// an array with one row
    Array,
    /// the row alone, when a serial number was asked for
    Object,
}
