//! The simulated tenant of a scenario, over loopback HTTP: every engine is measured at the same place.
//!
//! Owns the words for devices, switches and faults. Must never judge what reached it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::Deserialize;
use sortie::simulator::{
    CannedAnswer, CommandEnd, DeviceKind, ErrorPage, FaultKind, FaultMatcher, FaultMoment, Faults,
    FleetSpec, Ledger, NewDevice, Oddities, PinVisible, Presence, SamePending, ScriptedFault,
    Server, Switches, World, serve, wall_clock,
};

/// The tenant as a scenario describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantSetup {
    #[serde(default)]
    pub seed: u64,
    pub devices: Vec<DeviceSetup>,
    #[serde(default)]
    pub faults: Vec<FaultSetup>,
    /// How long each answer takes, in milliseconds.
    #[serde(default)]
    pub latency_ms: u64,
    /// Endpoints for which the token lacks the permission.
    #[serde(default)]
    pub denied: Vec<String>,
    /// Whether the PIN of a lock can be read as a secret.
    #[serde(default)]
    pub hides_pins: bool,
    /// Whether a second command is accepted while the first is pending: such a tenant hides no duplicate.
    #[serde(default)]
    pub accepts_twice: bool,
}

/// One device, or a series of them with `{n}` in the serial number.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceSetup {
    pub serial: String,
    #[serde(default)]
    pub count: Option<u64>,
    #[serde(default)]
    pub kind: Kind,
    #[serde(default)]
    pub offline: bool,
    #[serde(default)]
    pub ends: Ends,
}

/// Kinds of devices.
#[derive(Copy, Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[default]
    Mac,
    MacIntel,
    Ipad,
    Windows,
}

/// How a device ends its commands.
#[derive(Copy, Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    #[default]
    Completed,
    Failed,
    /// Not Now for longer than any scenario lasts.
    NotNow,
    Never,
}

/// One fault for the next requests that match.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSetup {
    /// The kind of request: the name of an action, or of a read.
    pub on: String,
    /// The serial number; any device without it.
    #[serde(default)]
    pub device: Option<String>,
    #[serde(default = "once")]
    pub times: u32,
    pub fault: FaultWord,
}

fn once() -> u32 {
    1
}

/// What happens to a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultWord {
    /// Nothing: this request passes.
    None,
    NotConnected,
    CloseBefore,
    CloseAfter,
    Hang,
    Truncate,
    ErrorBefore,
    ErrorAfter,
    /// The connection closes, and the request is applied so many milliseconds later.
    LateApply(u64),
    Answer(AnswerSetup),
}

/// An answer word for word. The request is not applied.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerSetup {
    pub status: u16,
    #[serde(default)]
    pub body: String,
    #[serde(default)]
    pub retry_after_s: Option<u64>,
}

/// A tenant that is served on loopback until it is dropped.
pub struct RunningTenant {
    runtime: tokio::runtime::Runtime,
    server: Option<Server>,
    ids: BTreeMap<String, String>,
}

impl RunningTenant {
    /// Serves the tenant of a scenario on a free port.
    #[must_use]
    pub fn open(setup: &TenantSetup) -> Self {
        let (world, ids) = setup.world();
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().expect("a runtime");
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = runtime.block_on(serve(address, world)).expect("a free port");
        Self { runtime, server: Some(server), ids }
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("it is only taken at the end")
    }

    #[must_use]
    pub fn base_url(&self) -> String {
        self.server().base_url()
    }

    #[must_use]
    pub fn token(&self) -> String {
        self.server().token.clone()
    }

    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.server().ledger()
    }

    pub fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        self.server().with_world(look)
    }

    /// Requests of a kind that arrived so far.
    #[must_use]
    pub fn seen(&self, kind: &str) -> u64 {
        self.with_world(|world| world.ledger().by_kind.get(kind).copied().unwrap_or(0))
    }

    /// The id of the device with this serial number.
    #[must_use]
    pub fn id_of(&self, serial: &str) -> String {
        self.ids.get(serial).unwrap_or_else(|| panic!("no device {serial}")).clone()
    }

    /// The devices in the order of their serial numbers: serial number and id.
    pub fn devices(&self) -> impl Iterator<Item = (&String, &String)> {
        self.ids.iter()
    }
}

impl Drop for RunningTenant {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.shutdown());
        }
    }
}

impl TenantSetup {
    fn world(&self) -> (World, BTreeMap<String, String>) {
        let fleet = FleetSpec {
            devices: 0,
            seed: self.seed,
            oddities: Oddities::None,
            ..FleetSpec::default()
        };
        let latency_ms = self.latency_ms..=self.latency_ms;
        let faults = Faults { latency_ms, ..Faults::default() };
        let mut world = World::new(&fleet, self.switches(), faults, wall_clock());
        let mut ids = BTreeMap::new();
        for device in &self.devices {
            for serial in device.serials() {
                let id = world.add_device(device.facts(&serial));
                assert!(ids.insert(serial, id).is_none(), "a serial number stands twice");
            }
        }
        for fault in &self.faults {
            let matcher = FaultMatcher {
                kind: Some(fault.on.clone()),
                device_id: fault.device.as_ref().map(|serial| ids[serial].clone()),
            };
            let scripted = ScriptedFault { matcher, kind: fault.fault.kind() };
            let script = &mut world.faults_mut().script;
            script.extend((0..fault.times).map(|_| scripted.clone()));
        }
        (world, ids)
    }

    fn switches(&self) -> Switches {
        let mut switches = Switches {
            push_ms: 1..=5,
            run_ms: 1..=5,
            restart_ms: 50,
            background_commands_max: 5,
            denied: self.denied.iter().cloned().collect(),
            ..Switches::default()
        };
        if self.hides_pins {
            switches.pin_visible = PinVisible::Never;
        }
        if self.accepts_twice {
            switches.same_pending = SamePending::Accepted;
            switches.lock_again = sortie::simulator::LockAgain::NewPin;
        }
        switches
    }
}

impl DeviceSetup {
    fn serials(&self) -> Vec<String> {
        match self.count {
            None => vec![self.serial.clone()],
            Some(count) => {
                (1..=count).map(|n| self.serial.replace("{n}", &n.to_string())).collect()
            }
        }
    }

    fn facts(&self, serial: &str) -> NewDevice {
        let kind = match self.kind {
            Kind::Mac => DeviceKind::MacAppleSilicon,
            Kind::MacIntel => DeviceKind::MacIntel,
            Kind::Ipad => DeviceKind::IPad,
            Kind::Windows => DeviceKind::Windows,
        };
        NewDevice {
            serial_number: serial.to_owned(),
            name: format!("{serial} of {}", kind.platform()),
            presence: if self.offline { Presence::Offline } else { Presence::Online },
            command_end: match self.ends {
                Ends::Completed => CommandEnd::Completes,
                Ends::Failed => CommandEnd::Fails,
                Ends::NotNow => CommandEnd::NotNowFirst { ms: 3_600_000 },
                Ends::Never => CommandEnd::NeverEnds,
            },
            ..NewDevice::new(kind)
        }
    }
}

impl FaultWord {
    fn kind(&self) -> FaultKind {
        let page = ErrorPage::Json;
        match self {
            Self::None => FaultKind::None,
            Self::NotConnected => FaultKind::NotConnected,
            Self::CloseBefore => FaultKind::CloseBefore,
            Self::CloseAfter => FaultKind::CloseAfter,
            Self::Hang => FaultKind::Hang,
            Self::Truncate => FaultKind::Truncate,
            Self::ErrorBefore => FaultKind::ErrorBefore { status: 502, page },
            Self::ErrorAfter => FaultKind::ErrorAfter { status: 502, page },
            Self::LateApply(after_ms) => FaultKind::LateApply { after_ms: *after_ms },
            Self::Answer(answer) => {
                let mut headers = vec![("Content-Type", "application/json".to_owned())];
                let retry_after = answer.retry_after_s;
                headers.extend(retry_after.map(|seconds| ("Retry-After", seconds.to_string())));
                FaultKind::Canned(Box::new(CannedAnswer {
                    status: answer.status,
                    headers,
                    body: answer.body.clone().into_bytes(),
                    moment: FaultMoment::BeforeApplying,
                }))
            }
        }
    }
}
