//! A tenant with fixed answers.
//!
//! Owns its rows and how long each answer takes. Costs little itself, so that the client is what is measured: it keeps
//! no state but counts. Must never listen anywhere but on 127.0.0.1.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How a tenant answers.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Number of its devices.
    pub devices: u32,
    /// Delay of each answer.
    pub latency: Duration,
}

/// A tenant that answers until the program ends.
pub struct Tenant {
    /// Where it listens.
    pub address: SocketAddr,
    /// Requests so far.
    pub requests: Arc<AtomicU64>,
    /// When the first request that changes something came.
    first_action: Arc<Mutex<Option<Instant>>>,
}

struct Shared {
    manner: Manner,
    requests: Arc<AtomicU64>,
    first_action: Arc<Mutex<Option<Instant>>>,
}

impl Tenant {
    /// Starts on a thread of its own.
    pub fn start(manner: Manner) -> Self {
        let (requests, first_action) = (Arc::new(AtomicU64::new(0)), Arc::default());
        let shared = Arc::new(Shared {
            manner,
            requests: Arc::clone(&requests),
            first_action: Arc::clone(&first_action),
        });
        let (told, hears) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                told.send(listener.local_addr().expect("an address")).expect("somebody waits");
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, Arc::clone(&shared)));
                }
            });
        });
        let address = hears.recv().expect("it listens");
        Self { address, requests, first_action }
    }

    /// The base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// When the first request that changes something came.
    pub fn first_action(&self) -> Option<Instant> {
        *self.first_action.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The id of a device.
pub fn device_id(number: u32) -> String {
    format!("{number:08x}-0000-4000-8000-{number:012x}")
}

/// The serial number of a device.
pub fn serial(number: u32) -> String {
    format!("C02{number:07}QD")
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let (mut buffer, mut reply) = (Vec::with_capacity(4_096), Vec::new());
    loop {
        let Some((head_end, length)) = read_request(&mut stream, &mut buffer).await else { return };
        shared.requests.fetch_add(1, Ordering::Relaxed);
        let line = buffer.split(|byte| *byte == b'\r').next().unwrap_or_default().to_vec();
        let line = String::from_utf8_lossy(&line).into_owned();
        buffer.drain(..head_end + length);
        if line.starts_with("POST") {
            #[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
            let now = Instant::now();
            shared.first_action.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(now);
        }
        if !shared.manner.latency.is_zero() {
            tokio::time::sleep(shared.manner.latency).await;
        }
        let path = line.split(' ').nth(1).unwrap_or_default();
        let body = answer(path, shared.manner.devices);
        reply.clear();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        reply.extend_from_slice(head.as_bytes());
        reply.extend_from_slice(body.as_bytes());
        if stream.write_all(&reply).await.is_err() {
            return;
        }
    }
}

/// Reads on until a whole request is there; where its head ends, and the length of its body.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(usize, usize)> {
    loop {
        if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            let length = head.split("content-length:").nth(1).map_or(0, |rest| {
                rest.split('\r').next().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
            });
            if buffer.len() >= end + 4 + length {
                return Some((end + 4, length));
            }
        }
        stream.read_buf(buffer).await.ok().filter(|count| *count > 0)?;
    }
}

/// The body for a path.
fn answer(path: &str, devices: u32) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let value =
        |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    if path == "/api/v1/devices" {
        if let Some(wanted) = value("serial_number") {
            let number = wanted.get(3..10).and_then(|digits| digits.parse().ok());
            let row = number.filter(|number| *number < devices).map(row).unwrap_or_default();
            return format!("[{row}]");
        }
        let number = |name: &str| value(name).and_then(|text| text.parse().ok()).unwrap_or(0_u32);
        let offset = number("offset");
        let end = devices.min(offset + number("limit").min(300));
        let rows: Vec<String> = (offset..end).map(row).collect();
        return format!("[{}]", rows.join(","));
    }
    if path.ends_with("/commands") {
        return r#"{"commands":{"count":0,"next":null,"previous":null,"results":[]}}"#.to_owned();
    }
    "{}".to_owned()
}

/// A device as the inventory lists it.
fn row(number: u32) -> String {
    let mut text = String::with_capacity(900);
    let (id, serial) = (device_id(number), serial(number));
    let tag = if number == 0 { "first" } else { "staff" };
    let _ = write!(
        text,
        r#"{{"device_id":"{id}","device_name":"Mac {number}","model":"MacBook Air (M2, 2022)","serial_number":"{serial}","platform":"Mac","os_version":"15.1","supplemental_build_version":"24B83","supplemental_os_version_extra":"","last_check_in":"2026-11-27T09:00:00.000000Z","user":{{"email":"user{number}@example.com","name":"User {number}","id":"{id}","is_archived":false}},"asset_tag":"A-{number}","blueprint_id":"1f5e9a1c-3f0c-4f3e-9d8a-2b1a52f6a001","mdm_enabled":true,"agent_installed":true,"is_missing":false,"is_removed":false,"agent_version":"4.5.2 (5380)","first_enrollment":"2025-03-01 08:00:00.000000+00:00","last_enrollment":"2025-03-01 08:00:00.000000+00:00","blueprint_name":"Staff","lost_mode_status":"","tags":["{tag}"]}}"#
    );
    text
}
