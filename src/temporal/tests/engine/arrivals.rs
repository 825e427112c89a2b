//! A door before a tenant that notes when each request arrives.
//!
//! Owns these moments, as the tenant's side of the network sees them. Must never change a byte.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// What requests of the API begin with.
const METHODS: [&[u8]; 4] = [b"GET ", b"POST ", b"PATCH ", b"DELETE "];

/// Moments in microseconds since 1970, in order.
pub type Arrivals = Arc<Mutex<Vec<i64>>>;

/// A door to `tenant`, for as long as the program runs.
pub async fn open_door(tenant: SocketAddr) -> (SocketAddr, Arrivals) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let arrivals = Arrivals::default();
    let noted = Arc::clone(&arrivals);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(pass(client, tenant, Arc::clone(&noted)));
        }
    });
    (address, arrivals)
}

/// Passes one connection on, until either side ends it: a dropped answer is dropped here as well.
async fn pass(client: TcpStream, tenant: SocketAddr, arrivals: Arrivals) {
    let Ok(tenant) = TcpStream::connect(tenant).await else { return };
    let _ = (client.set_nodelay(true), tenant.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_tenant, to_tenant) = tenant.into_split();
    tokio::select! {
        () = copy(from_client, to_tenant, Some(&arrivals)) => {}
        () = copy(from_tenant, to_client, None) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, arrivals: Option<&Arrivals>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let is_request = METHODS.iter().any(|method| bytes[..count].starts_with(method));
        if let (Some(arrivals), true) = (arrivals, is_request) {
            arrivals.lock().unwrap_or_else(PoisonError::into_inner).push(now_us());
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}

pub fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_micros()).expect("before the year 294000")
}

/// Most requests in any window of this length.
pub fn most_within(arrivals: &[i64], window_us: i64) -> usize {
    let mut sorted = arrivals.to_vec();
    sorted.sort_unstable();
    let held = |from: usize| sorted.partition_point(|at| *at < sorted[from] + window_us) - from;
    (0..sorted.len()).map(held).max().unwrap_or(0)
}
