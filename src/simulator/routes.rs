//! Paths of the tenant.
//!
//! Owns which path and method mean what. The actions' routes are derived from the action table. Must never
//! act.

use super::exchange::SimRequest;
use crate::kandji::{ACTIONS, ActionSpec};
use crate::model::Risk;
use crate::model::wire::Method;

const PREFIX: &str = "/api/v1/";
/// The ledger's path; it is no part of the API.
pub(super) const LEDGER_PATH: &str = "/__simulator/ledger";

/// What a request is about.
#[derive(Clone)]
pub(super) enum Route {
    /// One of the endpoints.
    Found(Endpoint),
    /// A known path with another method.
    WrongMethod { allow: String },
    /// No path of the API.
    Unknown,
}

/// An endpoint and the device that its path names.
#[derive(Clone)]
pub(super) enum Endpoint {
    Devices,
    Blueprints,
    Tags,
    Device(String),
    Details(String),
    LostMode(String),
    Activity(String),
    Secret(String, SecretKind),
    Action(String, &'static ActionSpec),
}

/// One of a device's secrets.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum SecretKind {
    UnlockPin,
    BypassCode,
    FileVaultKey,
    RecoveryPassword,
}

impl Endpoint {
    /// The word for it in the ledger, in permissions and in fault scripts.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Devices => "list-devices",
            Self::Blueprints => "list-blueprints",
            Self::Tags => "list-tags",
            Self::Device(_) => "get-device",
            Self::Details(_) => "get-details",
            Self::LostMode(_) => "get-lost-mode",
            Self::Activity(_) => "get-activity",
            Self::Secret(_, SecretKind::UnlockPin) => "get-unlock-pin",
            Self::Secret(_, SecretKind::BypassCode) => "get-bypass-code",
            Self::Secret(_, SecretKind::FileVaultKey) => "get-filevault-key",
            Self::Secret(_, SecretKind::RecoveryPassword) => "get-recovery-password",
            Self::Action(_, action) => action.name,
        }
    }

    pub(super) fn device_id(&self) -> Option<&str> {
        match self {
            Self::Devices | Self::Blueprints | Self::Tags => None,
            Self::Device(id)
            | Self::Details(id)
            | Self::LostMode(id)
            | Self::Activity(id)
            | Self::Secret(id, _)
            | Self::Action(id, _) => Some(id),
        }
    }

    /// Whether it changes something.
    pub(super) fn is_action(&self) -> bool {
        matches!(self, Self::Action(_, action) if action.risk != Risk::Read)
    }
}

/// What a request is about.
pub(super) fn find(request: &SimRequest) -> Route {
    let Some(rest) = request.path().strip_prefix(PREFIX) else {
        return Route::Unknown;
    };
    let choices = match rest {
        "devices" => vec![(Method::Get, Endpoint::Devices)],
        "blueprints" => vec![(Method::Get, Endpoint::Blueprints)],
        "tags" => vec![(Method::Get, Endpoint::Tags)],
        _ => match rest.strip_prefix("devices/") {
            Some(path) => device_endpoints(path),
            None => Vec::new(),
        },
    };
    if choices.is_empty() {
        return Route::Unknown;
    }
    let allow: Vec<&str> = choices.iter().map(|(method, _)| method.word()).collect();
    let allow = allow.join(", ");
    let hit = choices.into_iter().find(|(method, _)| method.word() == request.method);
    hit.map_or(Route::WrongMethod { allow }, |(_, endpoint)| Route::Found(endpoint))
}

/// All endpoints of one path of a device, whatever their method.
fn device_endpoints(path: &str) -> Vec<(Method, Endpoint)> {
    let (id, suffix) = path.split_at(path.find('/').unwrap_or(path.len()));
    let id = id.to_ascii_lowercase();
    let mut choices = Vec::new();
    let read = match suffix {
        "" => Some(Endpoint::Device(id.clone())),
        "/details" => Some(Endpoint::Details(id.clone())),
        "/details/lostmode" => Some(Endpoint::LostMode(id.clone())),
        "/activity" => Some(Endpoint::Activity(id.clone())),
        "/secrets/unlockpin" => Some(Endpoint::Secret(id.clone(), SecretKind::UnlockPin)),
        "/secrets/bypasscode" => Some(Endpoint::Secret(id.clone(), SecretKind::BypassCode)),
        "/secrets/filevaultkey" => Some(Endpoint::Secret(id.clone(), SecretKind::FileVaultKey)),
        "/secrets/recoverypassword" => {
            Some(Endpoint::Secret(id.clone(), SecretKind::RecoveryPassword))
        }
        _ => None,
    };
    choices.extend(read.map(|endpoint| (Method::Get, endpoint)));
    for action in ACTIONS.into_iter().filter(|action| action.path_suffix == suffix) {
        choices.push((action.method, Endpoint::Action(id.clone(), action)));
    }
    choices
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
    fn other_methods_and_paths_are_told_apart() {
        assert_eq!(kind("GET", "/api/v1/devices/?limit=1"), "list-devices");
        assert_eq!(kind("POST", "/api/v1/devices"), "405 GET");
        assert_eq!(kind("PUT", "/api/v1/devices/ab"), "405 GET, DELETE");
        assert_eq!(kind("GET", "/api/v1/devices/ab/action/lock"), "405 POST");
        assert_eq!(kind("POST", "/api/v1/devices/ab/action/blank-push"), "404");
        assert_eq!(kind("GET", "/api/v2/devices"), "404");
        assert_eq!(kind("GET", "/api/v1/devices/ab/secrets/unlockpin"), "get-unlock-pin");
    }
}
