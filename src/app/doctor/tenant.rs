//! The checks of the tenant and the token.
//!
//! Owns which reads are made: a list of one device, and the record, details and command history of that device. Must never
//! read a secret to see whether it may.

use std::sync::Arc;

use futures::future::join_all;

use super::fact::{DoctorCheck, DoctorFact, DoctorFinding, EndpointPermission, skip};
use crate::app::refusal::Reason;
use crate::app::tenant::Connection;
use crate::app::{AppEvent, ReadPace, TenantRequest, Workspace};
use crate::drive::{Clock, InventoryError, Quota, ReadError, Reads, Waiting, WallClock};
use crate::kandji::{
    commands_request, details_request, device_by_id, first_device, read_devices, server_skew_ms,
};
use crate::model::wire::{Reply, Request};
use crate::model::{DeviceId, Policy, Retries};
use crate::transport::{HttpTransport, ReadOnly};

/// How often a read is retried: an answer is wanted soon, and a transient fault is worth a line.
const RETRIES: u32 = 1;
/// Largest difference between the two clocks that is not a warning, in milliseconds.
const SKEW_MS_MAX: u64 = 30_000;
/// One request of so many counts as little.
const LOW_DIVISOR: u32 = 10;

const DEVICE_LIST: EndpointPermission =
    EndpointPermission { name: "Device list", endpoint: "GET /devices" };

type TenantReads = Reads<ReadOnly<HttpTransport>, WallClock>;

/// The tenant under examination.
pub(super) struct TenantExamination<'a> {
    workspace: &'a Workspace,
    pace: ReadPace,
    pub(super) findings: Vec<DoctorFinding>,
}

impl<'a> TenantExamination<'a> {
    pub(super) fn new(workspace: &'a Workspace, pace: ReadPace) -> Self {
        Self { workspace, pace, findings: Vec::new() }
    }

    fn found(&mut self, check: DoctorCheck, fact: DoctorFact) {
        self.findings.push(DoctorFinding::new(check, fact));
    }

    /// Records a fact of a check, and skips every check after it.
    fn last(&mut self, check: DoctorCheck, fact: DoctorFact) {
        self.found(check, fact);
        self.skip_rest(check);
    }

    /// Skips every check that has no finding yet.
    fn skip_rest(&mut self, after: DoctorCheck) {
        let left = DoctorCheck::TENANT.get(self.findings.len()..).unwrap_or_default();
        skip(&mut self.findings, left, after);
    }

    pub(super) async fn run(&mut self, request: &TenantRequest) {
        if request.simulated {
            self.found(DoctorCheck::Address, DoctorFact::Simulated);
        } else {
            match Connection::address(request) {
                Ok(named) => {
                    let (url, named_by) = (named.url, named.named_by);
                    self.found(DoctorCheck::Address, DoctorFact::Address { url, named_by });
                }
                Err(reason) => {
                    return self.last(DoctorCheck::Address, DoctorFact::Refused(reason.into()));
                }
            }
        }
        let connection = match Connection::open(request, None).await {
            Ok(connection) => connection,
            Err(reason @ Reason::Token(_)) => {
                return self.last(DoctorCheck::TokenSource, DoctorFact::Refused(reason));
            }
            Err(reason) => {
                // The token was read before the client was made.
                self.found(DoctorCheck::TokenSource, DoctorFact::NotTested);
                return self.last(DoctorCheck::Connection, DoctorFact::Refused(reason));
            }
        };
        let named_by = connection.token_from.clone();
        self.found(DoctorCheck::TokenSource, DoctorFact::TokenSource { named_by });
        self.connect(&connection).await;
    }

    async fn connect(&mut self, connection: &Connection) {
        let policy = Policy::default_at(WallClock.now(), 0);
        let per_hour = self.pace.per_hour.unwrap_or(policy.per_hour);
        let per_second = self.pace.per_second.unwrap_or(policy.per_second);
        let quota = self.workspace.quota(&connection.base_url, per_hour);
        let retries = Retries { count: RETRIES, ..Retries::default() };
        let reader = Arc::clone(&connection.reader);
        let events = self.workspace.events.clone();
        let tell =
            Arc::new(move |waiting: &Waiting| events.tell(&AppEvent::ReadWaits(waiting.clone())));
        let reads = Reads::new(reader, WallClock, quota.clone(), retries, per_second).telling(tell);
        let is_encrypted = connection.base_url.starts_with("https://");
        let connected = DoctorFact::Connected { is_encrypted };
        let first = reads.read(&first_device(), "doctor").await;
        let reply = match first {
            Ok(reply) => reply,
            Err(error @ ReadError::Unauthorized(_)) => {
                self.found(DoctorCheck::Connection, connected);
                return self.last(DoctorCheck::Token, DoctorFact::Refused(error.into()));
            }
            Err(ReadError::Forbidden(answer)) => {
                self.found(DoctorCheck::Connection, connected);
                self.found(DoctorCheck::Token, DoctorFact::TokenAccepted);
                let answer = format!("HTTP 403: {answer}");
                let denied = DoctorFact::Denied { permission: DEVICE_LIST, answer };
                return self.last(DoctorCheck::DeviceList, denied);
            }
            Err(error @ ReadError::QuotaSpent(_)) => {
                // The quota is the last check; those before it need a request.
                let last = DoctorCheck::TENANT.len() - 1;
                let left = DoctorCheck::TENANT.get(self.findings.len()..last).unwrap_or_default();
                skip(&mut self.findings, left, DoctorCheck::Quota);
                return self.found(DoctorCheck::Quota, DoctorFact::Refused(error.into()));
            }
            Err(error) => {
                return self.last(DoctorCheck::Connection, DoctorFact::Refused(error.into()));
            }
        };
        let devices = match read_devices(&reply) {
            Ok(devices) => devices,
            Err(error) => {
                let reason = InventoryError::from(error).into();
                return self.last(DoctorCheck::Connection, DoctorFact::Refused(reason));
            }
        };
        self.found(DoctorCheck::Connection, connected);
        self.found(DoctorCheck::Token, DoctorFact::TokenAccepted);
        self.found(DoctorCheck::DeviceList, DoctorFact::Permitted(DEVICE_LIST));
        let clock = clock(&reply);
        let usable = devices.iter().map(|device| device.id.clone());
        let device = usable.into_iter().find(|id| DeviceId::parse(id.as_str()).is_ok());
        let last = self.device(&reads, device.as_ref()).await;
        self.found(DoctorCheck::DeviceSecrets, DoctorFact::NotTested);
        self.found(DoctorCheck::Actions, DoctorFact::NotTested);
        self.found(DoctorCheck::Clock, clock);
        let spent = reads.finish().map_err(Reason::from);
        let hour = spent.and_then(|_| hour(&quota, per_hour, last.as_ref().unwrap_or(&reply)));
        self.found(DoctorCheck::Quota, DoctorFact::or_reason(hour));
    }

    /// Tries the reads of one device, side by side, and returns the last answer.
    async fn device(&mut self, reads: &TenantReads, device: Option<&DeviceId>) -> Option<Reply> {
        let Some(device) = device else {
            for (check, ..) in DEVICE_READS {
                self.found(check, DoctorFact::NoDevice);
            }
            return None;
        };
        let requests = DEVICE_READS.map(|(.., request)| request(device));
        let answers = join_all(requests.iter().map(|request| reads.read(request, "doctor"))).await;
        let mut last = None;
        for ((check, permission, _), answer) in DEVICE_READS.into_iter().zip(answers) {
            let fact = match answer {
                Ok(reply) => {
                    last = Some(reply);
                    DoctorFact::Permitted(permission)
                }
                // The token was accepted before, so it is not the token.
                Err(ReadError::Unauthorized(answer)) => {
                    DoctorFact::Denied { permission, answer: format!("HTTP 401: {answer}") }
                }
                Err(ReadError::Forbidden(answer)) => {
                    DoctorFact::Denied { permission, answer: format!("HTTP 403: {answer}") }
                }
                Err(error) => DoctorFact::Refused(error.into()),
            };
            self.found(check, fact);
        }
        last
    }
}

type DeviceRead = (DoctorCheck, EndpointPermission, fn(&DeviceId) -> Request);

/// The reads of one device that runs make, with the permissions that they need.
const DEVICE_READS: [DeviceRead; 3] = [
    (
        DoctorCheck::DeviceRecord,
        EndpointPermission { name: "Device ID", endpoint: "GET /devices/{device_id}" },
        device_by_id,
    ),
    (
        DoctorCheck::DeviceDetails,
        EndpointPermission { name: "Device details", endpoint: "GET /devices/{device_id}/details" },
        details_request,
    ),
    (
        DoctorCheck::DeviceCommands,
        EndpointPermission {
            name: "Device commands",
            endpoint: "GET /devices/{device_id}/commands",
        },
        newest_commands,
    ),
];

fn newest_commands(device: &DeviceId) -> Request {
    commands_request(device, 0)
}

fn clock(reply: &Reply) -> DoctorFact {
    match server_skew_ms(reply, WallClock.now()) {
        Some(skew_ms) => {
            DoctorFact::Clock { skew_ms, is_wrong: skew_ms.unsigned_abs() > SKEW_MS_MAX }
        }
        None => DoctorFact::ClockUnknown,
    }
}

fn hour(quota: &Quota, used_max: u32, reply: &Reply) -> Result<DoctorFact, Reason> {
    let used = quota.spent(WallClock.now())?;
    let left = reply.remaining_hour.zip(reply.limit_hour);
    let is_little = |left: u32, limit: u32| left.saturating_mul(LOW_DIVISOR) < limit;
    let is_low_here = is_little(used_max.saturating_sub(used), used_max);
    let is_low = is_low_here || left.is_some_and(|(left, limit)| is_little(left, limit));
    Ok(DoctorFact::Quota { used, used_max, left, is_low })
}
