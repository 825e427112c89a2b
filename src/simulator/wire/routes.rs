//! Paths of the tenant.
//!
//! Owns which path and method mean what. The actions' routes are derived from the action table. Must never
//! act.

use super::exchange::SimRequest;
use crate::kandji::{ACTIONS, ActionSpec};
use crate::model::Risk;

const GET: &str = "GET";
const POST: &str = "POST";
const PATCH: &str = "PATCH";
const DELETE: &str = "DELETE";

const PREFIX: &str = "/api/v1/";
/// The ledger's path; it is no part of the API.
pub(crate) const LEDGER_PATH: &str = "/__simulator/ledger";

/// Where a request leads.
#[derive(Clone)]
pub(crate) enum Route {
    /// One of the endpoints.
    Found(Endpoint),
    /// A known path with a method that it does not take.
    WrongMethod {
        /// The methods that it takes, as the header `Allow` lists them.
        allow: String,
    },
    /// No path of the API.
    Unknown,
}

/// An endpoint, and the device, blueprint or user that its path names.
#[derive(Clone)]
pub(crate) enum Endpoint {
    /// The device list.
    Devices,
    /// All blueprints.
    Blueprints,
    /// One blueprint.
    Blueprint(String),
    /// The library items of a blueprint.
    BlueprintItems(String),
    /// All tags.
    Tags,
    /// All users.
    Users,
    /// One user.
    User(String),
    /// The row of one device.
    Device(String),
    /// A change of the record, which the device never notices.
    Update(String),
    /// A short report about a device.
    Record(String, DeviceRecord),
    /// The notes of a device.
    Note(String, NoteRequest),
    /// The details of a device.
    Details(String),
    /// The activity of a device.
    Activity(String),
    /// A secret of a device.
    Secret(String, SecretKind),
    /// An action of the action table, the command history included.
    Action(String, &'static ActionSpec),
}

/// One of the short reports about a device.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum DeviceRecord {
    /// The installed apps.
    Apps,
    /// The library items with the details of each.
    LibraryItems,
    /// The parameters of a Mac.
    Parameters,
    /// Library items and parameters, with fewer keys.
    Status,
}

/// What happens to the notes of a device, and the id of the note that the path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoteRequest {
    /// Read all of them.
    List,
    /// Write a new one.
    Create,
    /// Read one.
    Read(String),
    /// Change one.
    Update(String),
    /// Delete one.
    Delete(String),
}

/// One of a device's secrets.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretKind {
    /// The PIN of a lock.
    UnlockPin,
    /// The bypass codes of Activation Lock.
    BypassCode,
    /// The recovery key of FileVault.
    FileVaultKey,
    /// The recovery password of a Mac.
    RecoveryPassword,
}

impl Route {
    /// The endpoint; `None` for a wrong method or an unknown path.
    pub(crate) fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::Found(endpoint) => Some(endpoint),
            Self::WrongMethod { .. } | Self::Unknown => None,
        }
    }

    /// The word for it in the ledger, in permissions and in fault scripts.
    pub(crate) fn kind(&self) -> &'static str {
        self.endpoint().map_or("other", Endpoint::kind)
    }
}

impl Endpoint {
    /// The word for it in the ledger, in permissions and in fault scripts.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Devices => "list-devices",
            Self::Blueprints => "list-blueprints",
            Self::Blueprint(_) => "get-blueprint",
            Self::BlueprintItems(_) => "list-blueprint-items",
            Self::Tags => "list-tags",
            Self::Users => "list-users",
            Self::User(_) => "get-user",
            Self::Device(_) => "get-device",
            Self::Update(_) => "update-device",
            Self::Record(_, DeviceRecord::Apps) => "get-apps",
            Self::Record(_, DeviceRecord::LibraryItems) => "get-library-items",
            Self::Record(_, DeviceRecord::Parameters) => "get-parameters",
            Self::Record(_, DeviceRecord::Status) => "get-status",
            Self::Note(_, NoteRequest::List) => "list-notes",
            Self::Note(_, NoteRequest::Create) => "create-note",
            Self::Note(_, NoteRequest::Read(_)) => "get-note",
            Self::Note(_, NoteRequest::Update(_)) => "update-note",
            Self::Note(_, NoteRequest::Delete(_)) => "delete-note",
            Self::Details(_) => "get-details",
            Self::Activity(_) => "get-activity",
            Self::Secret(_, SecretKind::UnlockPin) => "get-unlock-pin",
            Self::Secret(_, SecretKind::BypassCode) => "get-bypass-code",
            Self::Secret(_, SecretKind::FileVaultKey) => "get-filevault-key",
            Self::Secret(_, SecretKind::RecoveryPassword) => "get-recovery-password",
            Self::Action(_, action) => action.name,
        }
    }

    /// The id of the device that the path names, in lower case.
    pub(crate) fn device_id(&self) -> Option<&str> {
        match self {
            Self::Devices
            | Self::Blueprints
            | Self::Blueprint(_)
            | Self::BlueprintItems(_)
            | Self::Tags
            | Self::Users
            | Self::User(_) => None,
            Self::Device(id)
            | Self::Update(id)
            | Self::Record(id, _)
            | Self::Note(id, _)
            | Self::Details(id)
            | Self::Activity(id)
            | Self::Secret(id, _)
            | Self::Action(id, _) => Some(id),
        }
    }

    /// Whether it changes something.
    pub(crate) fn is_action(&self) -> bool {
        match self {
            Self::Action(_, action) => action.risk != Risk::Read,
            Self::Note(_, note) => !matches!(note, NoteRequest::List | NoteRequest::Read(_)),
            Self::Update(_) => true,
            _ => false,
        }
    }
}

/// Finds the route of a request. Paths are documented; a trailing slash was observed.
pub(crate) fn find(request: &SimRequest) -> Route {
    let Some(rest) = request.path().strip_prefix(PREFIX) else {
        return Route::Unknown;
    };
    let choices = match rest {
        "devices" => vec![(GET, Endpoint::Devices)],
        "blueprints" => vec![(GET, Endpoint::Blueprints)],
        "tags" => vec![(GET, Endpoint::Tags)],
        "users" => vec![(GET, Endpoint::Users)],
        _ => match rest.split_once('/') {
            Some(("devices", path)) => device_endpoints(path),
            Some(("blueprints", path)) => blueprint_endpoints(path),
            Some(("users", id)) if !id.contains('/') => {
                vec![(GET, Endpoint::User(id.to_ascii_lowercase()))]
            }
            _ => Vec::new(),
        },
    };
    if choices.is_empty() {
        return Route::Unknown;
    }
    let allow: Vec<&str> = choices.iter().map(|(method, _)| *method).collect();
    let allow = allow.join(", ");
    let hit = choices.into_iter().find(|(method, _)| *method == request.method);
    hit.map_or(Route::WrongMethod { allow }, |(_, endpoint)| Route::Found(endpoint))
}

/// All endpoints of one path of a device, for every method.
fn device_endpoints(path: &str) -> Vec<(&'static str, Endpoint)> {
    let (id, suffix) = path.split_at(path.find('/').unwrap_or(path.len()));
    let id = id.to_ascii_lowercase();
    if let Some(notes) = suffix.strip_prefix("/notes") {
        return note_endpoints(&id, notes);
    }
    let record = |record| Some(Endpoint::Record(id.clone(), record));
    let mut choices = Vec::new();
    let read = match suffix {
        "" => Some(Endpoint::Device(id.clone())),
        "/details" => Some(Endpoint::Details(id.clone())),
        "/activity" => Some(Endpoint::Activity(id.clone())),
        "/apps" => record(DeviceRecord::Apps),
        "/library-items" => record(DeviceRecord::LibraryItems),
        "/parameters" => record(DeviceRecord::Parameters),
        "/status" => record(DeviceRecord::Status),
        "/secrets/unlockpin" => Some(Endpoint::Secret(id.clone(), SecretKind::UnlockPin)),
        "/secrets/bypasscode" => Some(Endpoint::Secret(id.clone(), SecretKind::BypassCode)),
        "/secrets/filevaultkey" => Some(Endpoint::Secret(id.clone(), SecretKind::FileVaultKey)),
        "/secrets/recoverypassword" => {
            Some(Endpoint::Secret(id.clone(), SecretKind::RecoveryPassword))
        }
        _ => None,
    };
    choices.extend(read.map(|endpoint| (GET, endpoint)));
    if suffix.is_empty() {
        choices.push((PATCH, Endpoint::Update(id.clone())));
    }
    for action in ACTIONS.into_iter().filter(|action| action.path_suffix == suffix) {
        let method = action.method.word();
        // The change of a record has an endpoint of its own.
        if choices.iter().all(|(known, _)| *known != method) {
            choices.push((method, Endpoint::Action(id.clone(), action)));
        }
    }
    choices
}

fn note_endpoints(id: &str, path: &str) -> Vec<(&'static str, Endpoint)> {
    let note = |request| Endpoint::Note(id.to_owned(), request);
    let Some(note_id) = path.strip_prefix('/') else {
        let choices = vec![(GET, note(NoteRequest::List)), (POST, note(NoteRequest::Create))];
        return if path.is_empty() { choices } else { Vec::new() };
    };
    if note_id.contains('/') {
        return Vec::new();
    }
    let note_id = note_id.to_ascii_lowercase();
    vec![
        (GET, note(NoteRequest::Read(note_id.clone()))),
        (PATCH, note(NoteRequest::Update(note_id.clone()))),
        (DELETE, note(NoteRequest::Delete(note_id))),
    ]
}

fn blueprint_endpoints(path: &str) -> Vec<(&'static str, Endpoint)> {
    let (id, suffix) = path.split_at(path.find('/').unwrap_or(path.len()));
    let id = id.to_ascii_lowercase();
    match suffix {
        "" => vec![(GET, Endpoint::Blueprint(id))],
        "/list-library-items" => vec![(GET, Endpoint::BlueprintItems(id))],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(method: &str, target: &str) -> String {
        let mut request = SimRequest::get(target, "t");
        request.method = method.to_owned();
        match find(&request) {
            Route::Found(endpoint) => endpoint.kind().to_owned(),
            Route::WrongMethod { allow } => format!("405 {allow}"),
            Route::Unknown => "404".to_owned(),
        }
    }

    #[test]
    fn every_action_of_the_table_has_its_route() {
        for action in ACTIONS {
            let target = format!("/api/v1/devices/AB{}", action.path_suffix);
            assert_eq!(kind(action.method.word(), &target), action.name);
            assert_eq!(kind(action.method.word(), &format!("{target}/")), action.name);
        }
    }

    #[test]
    fn other_methods_and_paths_are_distinguished() {
        assert_eq!(kind("GET", "/api/v1/devices/?limit=1"), "list-devices");
        assert_eq!(kind("POST", "/api/v1/devices"), "405 GET");
        assert_eq!(kind("PUT", "/api/v1/devices/ab"), "405 GET, PATCH, DELETE");
        assert_eq!(kind("PATCH", "/api/v1/devices/ab"), "update-device");
        assert_eq!(kind("PATCH", "/api/v1/devices/ab/notes"), "405 GET, POST");
        assert_eq!(kind("DELETE", "/api/v1/devices/ab/notes/c"), "delete-note");
        assert_eq!(kind("GET", "/api/v1/devices/ab/notes/c/d"), "404");
        assert_eq!(kind("GET", "/api/v1/devices/ab/notesy"), "404");
        assert_eq!(kind("GET", "/api/v1/devices/ab/apps/"), "get-apps");
        assert_eq!(kind("GET", "/api/v1/blueprints/ab/list-library-items"), "list-blueprint-items");
        assert_eq!(kind("GET", "/api/v1/users/ab"), "get-user");
        assert_eq!(kind("GET", "/api/v1/devices/ab/action/lock"), "405 POST");
        assert_eq!(kind("POST", "/api/v1/devices/ab/action/blank-push"), "404");
        assert_eq!(kind("GET", "/api/v2/devices"), "404");
        assert_eq!(kind("GET", "/api/v1/devices/ab/secrets/unlockpin"), "get-unlock-pin");
    }
}
