//! The switches of the simulated tenant: one for each point on which the API's documents are silent.
//!
//! Owns their defaults, which are the most likely answers, and says where each comes from: documented by the
//! vendor, observed in captured answers and public scripts, inferred by us, or assumed where any value
//! serves. Must never act on them.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::switch_values::{
    BlueprintTypes, CheckIn, CommandNames, CommandOrder, CommandTimes, Erased, ErrorShape,
    ForeignCommands, LinkHost, ListTimes, LockAgain, LostModeAgain, LostModeCanceled, LostModeOff,
    MissingFields, MissingPermission, NoSecret, NotFoundBody, NoteAnswer, PinVisible, PinlessLock,
    Revocation, SamePending, SingleDevice, SuccessBody, UnauthorizedBody, UpdateAnswer,
};

/// Most rows of one page of any list: the documented limit.
pub(crate) const PAGE_ROWS_MAX: usize = 300;

/// How the tenant behaves where its documents are silent. Each field may be set. The default is the most
/// likely answer, with devices that are prompt and never fail.
///
/// ```
/// use sortie::simulator::{LockAgain, Switches};
/// let switches = Switches { lock_again: LockAgain::NewPin, ..Switches::default() };
/// assert_eq!(switches.limit_per_hour, 10_000);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Switches {
    /// Most requests of the tenant in one second of the clock. Default 50: observed in headers.
    pub limit_per_second: u32,
    /// Most requests of the tenant in one hour of the clock. Default 10,000: documented.
    pub limit_per_hour: u32,
    /// Whether a 429 says when to come back, in `Retry-After`. Default yes: inferred from the
    /// gateway's source.
    pub sends_retry_after: bool,
    /// Whether the gateway's own answers carry a `request_id`. Default yes: inferred, newer
    /// gateways do.
    pub gateway_request_id: bool,
    /// What a token without the permission gets. Default 403: documented without a body.
    pub missing_permission: MissingPermission,
    /// Permissions that the token lacks: names of endpoints, as in the ledger's kinds of
    /// requests. Default none.
    pub denied: BTreeSet<String>,
    /// When the first token is revoked. Default never.
    pub token_revoked: Option<Revocation>,
    /// The body of a 401. Not documented; inferred.
    pub unauthorized_body: UnauthorizedBody,
    /// The body of a 404 for a device. Not documented; the client has to read all of them.
    pub not_found_body: NotFoundBody,
    /// The wrapper of the refusals "Command already running" and "Command is not allowed for
    /// current device". The texts are documented, their wrapper is not.
    pub error_shape: ErrorShape,
    /// What a missing field of an action's body leads to. Not documented; inferred.
    pub missing_fields: MissingFields,
    /// What an action answers on success. Default nothing: documented for most actions.
    pub success_body: SuccessBody,
    /// What the lock of a device without PIN answers. Not documented.
    pub pinless_lock: PinlessLock,
    /// What a second lock leads to. Default the refusal that is documented; a new PIN was
    /// observed.
    pub lock_again: LockAgain,
    /// What a second action leads to while the first is pending. Default the documented refusal.
    pub same_pending: SamePending,
    /// When the PIN of a lock can be read as a secret. Default once the device took the lock:
    /// documented.
    pub pin_visible: PinVisible,
    /// How a secret that does not exist is written. Default an empty text: inferred from the size
    /// of a captured answer; documented is `null`.
    pub no_secret: NoSecret,
    /// Whether the erase of a Mac answers with its PIN. Default no: documented; a connector of
    /// the vendor lists one.
    pub erase_returns_pin: bool,
    /// Whether a device reports its erase done before it is gone. Default yes: inferred.
    pub erase_acknowledged: bool,
    /// What becomes of an erased device's record. Not documented; default: it stays.
    pub erased: Erased,
    /// What Windows and Android devices show as commands. Not documented; default an empty list.
    pub foreign_commands: ForeignCommands,
    /// The order of a command list. Default oldest first: observed in the one published example.
    pub command_order: CommandOrder,
    /// What the commands of actions are called. Not documented; default Apple's names.
    pub command_names: CommandNames,
    /// How the times of commands are written. Default with `Z`; newer rows were observed with
    /// `+00:00`.
    pub command_times: CommandTimes,
    /// How the times of the device list are written. Default as in the published rows.
    pub list_times: ListTimes,
    /// How long a new command stays out of the list, in milliseconds. Default 0; stale reads were
    /// observed elsewhere in the API.
    pub command_visible_after_ms: u64,
    /// What a change of a record answers. Default the whole device: documented.
    pub update_answer: UpdateAnswer,
    /// How long the row of one device still shows what it was before a change, in milliseconds. Default 0; stale reads were
    /// observed elsewhere in the API.
    pub record_visible_after_ms: u64,
    /// Whether a device may get a blueprint of another type than its own. Default yes; the refusal is documented, and not
    /// when it comes.
    pub blueprint_types: BlueprintTypes,
    /// Addresses of users who are archived. Default none.
    pub archived_users: BTreeSet<String>,
    /// Most commands that a device already has when the tenant opens. Default 40.
    pub background_commands_max: u32,
    /// Chance in percent that a command of others is queued together with one of ours. Default 0.
    pub background_percent: f64,
    /// What moves the last check-in of a device. Default the agent, every 15 minutes: documented.
    pub check_in: CheckIn,
    /// Which host the links between pages name. Not documented; default the host of the request.
    pub link_host: LinkHost,
    /// Filters of the device list that the tenant ignores, as it does unknown ones: keys of the query. Default none;
    /// that unknown keys are ignored is inferred.
    pub ignored_filters: BTreeSet<String>,
    /// How a device list with one row is written. Default an array; one published example shows
    /// an object.
    pub single_device: SingleDevice,
    /// Most rows of a page, no matter what a request asks for. Default 300: documented.
    pub page_rows_max: usize,
    /// Chance in percent that a page of devices begins one row too early or too late. Default 0.
    pub pages_shift_percent: f64,
    /// From the acceptance of a command to its arrival at an online device, in milliseconds.
    /// Assumed.
    pub push_ms: RangeInclusive<u64>,
    /// From the arrival of a command to its end, in milliseconds. Assumed.
    pub run_ms: RangeInclusive<u64>,
    /// Chance in percent that a device answers Not Now first. Default 0.
    pub not_now_percent: f64,
    /// How long Not Now lasts, in milliseconds. Assumed.
    pub not_now_ms: RangeInclusive<u64>,
    /// Chance in percent that a device reports failure. Default 0.
    pub failed_percent: f64,
    /// How long a restarting device is offline, in milliseconds. Assumed.
    pub restart_ms: u64,
    /// After how many milliseconds a person types the PIN at a locked Mac. Default never.
    pub unlock_after_ms: Option<u64>,
    /// After how many milliseconds a person turns on a device that was shut down. Default
    /// never.
    pub power_on_after_ms: Option<u64>,
    /// How long a device takes to enroll again after an erase, in milliseconds. Assumed.
    pub reenrol_ms: u64,
    /// Whether a command fails that names a local user whom the device does not have. Not
    /// documented; default no.
    pub users_must_exist: bool,
    /// What turning Lost Mode on leads to where it is on. Not documented; default a new message.
    pub lost_mode_again: LostModeAgain,
    /// What turning Lost Mode off, its sound and its location lead to where it is off. Not documented; default the
    /// refusal that is documented for a read.
    pub lost_mode_off: LostModeOff,
    /// The status of the answer that Lost Mode is being turned off already. Default 400: the text is documented
    /// without a status, and may come with a success.
    pub disable_pending_status: u16,
    /// What the request for a new note answers. Default 201 with the note: inferred.
    pub note_answer: NoteAnswer,
    /// What canceling a Lost Mode answers. The documents disagree; default 204.
    pub lost_mode_canceled: LostModeCanceled,
    /// Ids of Wi-Fi profiles that are in scope of no device. Default the one of the documented
    /// refusal.
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
            update_answer: UpdateAnswer::WholeDevice,
            record_visible_after_ms: 0,
            blueprint_types: BlueprintTypes::Ignored,
            archived_users: BTreeSet::new(),
            background_commands_max: 40,
            background_percent: 0.0,
            check_in: CheckIn::Agent,
            link_host: LinkHost::Own,
            ignored_filters: BTreeSet::new(),
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
            lost_mode_again: LostModeAgain::NewMessage,
            lost_mode_off: LostModeOff::Refused,
            disable_pending_status: 400,
            note_answer: NoteAnswer::Created,
            lost_mode_canceled: LostModeCanceled::NoContent,
            // The documents' own example of a profile out of scope.
            profiles_out_of_scope: vec!["8a9f88d9-e7f4-47e6-9326-fd4b39534c4e".to_owned()],
        }
    }
}

impl Switches {
    /// A tenant with the small accidents of every fleet: 3 percent Not Now, 1 percent failures, commands of
    /// others beside 5 percent of ours, and commands that run for up to 20 seconds.
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
