//! The simulated tenant over HTTP on this machine.
//!
//! Owns sockets, the wall clock and what a broken connection looks like on the wire. Refuses every address
//! but loopback. Must never decide an answer: that is the world's.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Sleep, sleep};
use tower::ServiceExt;

use super::ledger::Ledger;
use super::wire::exchange::{Delivery, NO_HOST, SimReply, SimRequest};
use super::world::World;
use crate::model::UnixMillis;

/// The header in which a proxy says which scheme the client used.
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// Largest body of a request, in bytes; the largest action has a few hundred.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Most connections at the same time; a client keeps a few dozen.
const CONNECTIONS_MAX: usize = 1_024;
/// How long a connection without an answer is kept open: longer than any client waits.
const HANG_MS_MAX: u64 = 180_000;
/// How long half an answer has to leave before its connection is closed.
const CUT_PAUSE_MS: u64 = 30;
/// How long the listener rests after it could not accept, so that a lack of descriptors does not spin.
const ACCEPT_PAUSE_MS: u64 = 50;

/// A tenant that is served over HTTP. Dropping it stops the service.
pub struct Server {
    /// The loopback address and port on which it listens.
    pub addr: SocketAddr,
    /// The token that opens it.
    pub token: String,
    world: Arc<Mutex<World>>,
    stop: watch::Sender<bool>,
    listening: JoinHandle<()>,
}

/// Serves a tenant on a loopback address; port 0 picks a free port. A tenant that was made for a moment in
/// the past lives through the time between at its first request.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// use sortie::simulator::{Faults, FleetSpec, Switches, World, serve, wall_clock};
/// let now = wall_clock();
/// let world = World::new(&FleetSpec::default(), Switches::default(), Faults::default(), now);
/// let server = serve("127.0.0.1:0".parse().expect("an address"), world).await?;
/// assert!(server.base_url().starts_with("http://127.0.0.1:"));
/// server.shutdown().await;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `InvalidInput` if the address is not loopback; otherwise what the system says when it cannot be bound.
pub async fn serve(addr: SocketAddr, world: World) -> io::Result<Server> {
    if !addr.ip().is_loopback() {
        let text = format!(
            "{addr} is not a loopback address; a simulated tenant serves this machine only"
        );
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let listener = TcpListener::bind(addr).await?;
    let addr = listener.local_addr()?;
    let token = world.token().to_owned();
    let world = Arc::new(Mutex::new(world));
    let router = Router::new().fallback(answer).with_state(Arc::clone(&world));
    let (stop, stopped) = watch::channel(false);
    let listening = tokio::spawn(listen(listener, router, stopped));
    Ok(Server { addr, token, world, stop, listening })
}

impl Server {
    /// The base URL for clients, `http://ADDRESS:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// A copy of what the tenant saw and accepted so far.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.with_world(|world| world.ledger().clone())
    }

    /// Gives access to the tenant between two requests. Requests wait meanwhile.
    pub fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut lock(&self.world))
    }

    /// Serves until the process ends or this future is dropped.
    pub async fn run(mut self) {
        // Only a panic of the listener ends it early, and then there is nothing left to serve.
        let _ = (&mut self.listening).await;
    }

    /// Closes the listener and all connections, answers on their way included.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        // A panic of the listener also means that it is down.
        let _ = (&mut self.listening).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its connections belong to the listener's task and end with it.
        self.listening.abort();
    }
}

async fn listen(listener: TcpListener, router: Router, mut stopped: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let place = tokio::select! {
            _ = stopped.changed() => return,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let Ok(place) = place else {
            return;
        };
        tokio::select! {
            _ = stopped.changed() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let router = router.clone();
                    connections.spawn(async move {
                        converse(stream, router).await;
                        drop(place);
                    });
                }
                Err(_) => sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await,
            },
        }
    }
}

/// Serves one connection to its end. How it ended is the client's business.
async fn converse(stream: TcpStream, router: Router) {
    // Small answers should not wait for more.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move {
            let response = match router.oneshot(request.map(Body::new)).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            match response.extensions().get::<Broken>() {
                None => Ok(response),
                Some(broken) => {
                    if broken.hangs {
                        sleep(Duration::from_millis(HANG_MS_MAX)).await;
                    }
                    Err(io::Error::other("closed on purpose"))
                }
            }
        }
    });
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Marks a response that must not be sent.
#[derive(Copy, Clone)]
struct Broken {
    hangs: bool,
}

async fn answer(State(world): State<Arc<Mutex<World>>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let header = |name| head.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
    let arrived = SimRequest {
        method: head.method.as_str().to_owned(),
        origin: origin_of(header(HOST), header(FORWARDED_PROTO)),
        target: target.to_owned(),
        authorization: header(AUTHORIZATION).map(str::to_owned),
        content_type: header(CONTENT_TYPE).map(str::to_owned),
        body: body.to_vec(),
    };
    let reply = lock(&world).handle(wall_clock(), &arrived);
    if reply.latency_ms > 0 {
        sleep(Duration::from_millis(reply.latency_ms)).await;
    }
    response_of(reply)
}

/// Scheme and host that the client addressed. A proxy that ends TLS in front of the tenant says so.
fn origin_of(host: Option<&str>, forwarded_proto: Option<&str>) -> String {
    let scheme = if forwarded_proto == Some("https") { "https" } else { "http" };
    host.map_or_else(|| NO_HOST.to_owned(), |host| format!("{scheme}://{host}"))
}

fn response_of(reply: SimReply) -> Response {
    let broken = match reply.delivery {
        Delivery::Whole | Delivery::Cut { .. } => None,
        Delivery::NotConnected | Delivery::Closed => Some(Broken { hangs: false }),
        Delivery::Hangs => Some(Broken { hangs: true }),
    };
    let whole_bytes = reply.body.len();
    let body = match reply.delivery {
        Delivery::Cut { bytes } => Body::new(CutBody {
            first: Some(Bytes::copy_from_slice(&reply.body[..bytes.min(whole_bytes)])),
            pause: None,
        }),
        _ => Body::from(reply.body),
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    // A 204 has no length; everything else says it, the empty 200 of an action and a cut body included.
    if reply.status != 204 {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(whole_bytes));
    }
    if let Some(broken) = broken {
        response.extensions_mut().insert(broken);
    }
    response
}

/// A body that ends too early: its first part, a pause in which that part leaves, and an error.
struct CutBody {
    first: Option<Bytes>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl hyper::body::Body for CutBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        let pause =
            self.pause.get_or_insert_with(|| Box::pin(sleep(Duration::from_millis(CUT_PAUSE_MS))));
        pause.as_mut().poll(context).map(|()| Some(Err(io::Error::other("cut on purpose"))))
    }
}

/// The time now, at which a tenant to be served should be made. The simulator reads the wall clock nowhere
/// else.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "a served tenant lives in real time")]
pub fn wall_clock() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A panic in another thread must not hide the ledger from the test that asks why.
fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::testbed::Testbed;
    use crate::simulator::{FaultKind, FaultMatcher, ScriptedFault};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::timeout;

    /// How long a test waits to be sure that nothing comes.
    const SILENCE: Duration = Duration::from_millis(200);
    /// How long a test waits for what must come.
    const PATIENCE: Duration = Duration::from_secs(20);

    struct Line {
        server: Server,
        path: String,
    }

    impl Line {
        async fn new(fault: FaultKind) -> Self {
            let mut bed = Testbed::macs(1);
            let path = format!("{}/action/lock", bed.path(0));
            let matcher = FaultMatcher::action("lock");
            bed.world.faults_mut().script.push(ScriptedFault { matcher, kind: fault });
            let addr = "127.0.0.1:0".parse().expect("an address");
            let server = serve(addr, bed.world).await.expect("a free port");
            Self { server, path }
        }

        /// Sends one request over a connection of its own.
        async fn say(&self, method: &str, path: &str) -> TcpStream {
            let mut stream = TcpStream::connect(self.server.addr).await.expect("a connection");
            let token = &self.server.token;
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(request.as_bytes()).await.expect("sent");
            stream
        }

        async fn lock(&self) -> String {
            let mut stream = self.say("POST", &self.path).await;
            hear(&mut stream).await
        }
    }

    /// Everything until the other side closes, cleanly or not.
    async fn hear(stream: &mut TcpStream) -> String {
        let mut heard = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut heard)).await.expect("an end");
        String::from_utf8(heard).expect("text")
    }

    #[tokio::test]
    async fn a_lock_answers_over_a_socket_and_is_in_the_ledger() {
        let line = Line::new(FaultKind::None).await;
        let heard = line.lock().await;
        assert!(heard.starts_with("HTTP/1.1 200 OK\r\n"), "{heard}");
        assert!(heard.to_lowercase().contains("x-ratelimit-remaining-hour: 9999"), "{heard}");
        assert!(heard.to_lowercase().contains("content-length: 16"), "{heard}");
        let mut stream = line.say("GET", "/__simulator/ledger").await;
        let told = hear(&mut stream).await;
        assert!(told.contains("\"action\":\"lock\""), "{told}");
        let id = line.server.with_world(|world| world.device_ids().next().map(str::to_owned));
        assert_eq!(line.server.ledger().count(&id.expect("a device"), "lock"), 1);
        line.server.shutdown().await;
    }

    #[tokio::test]
    async fn links_name_the_host_of_the_request() {
        let line = Line::new(FaultKind::None).await;
        line.lock().await;
        line.server.with_world(|world| world.mdm_mut().set_background(0, 2));
        let path = line.path.replace("/action/lock", "/commands?limit=1");
        let mut stream = line.say("GET", &path).await;
        let heard = hear(&mut stream).await;
        assert!(heard.contains("\"next\":\"http://x/api/v1/devices/"), "{heard}");
        assert_eq!(origin_of(Some("a:1"), Some("https")), "https://a:1");
        assert_eq!(origin_of(None, None), NO_HOST);
    }

    #[tokio::test]
    async fn an_empty_answer_has_a_length_and_no_type() {
        let line = Line::new(FaultKind::None).await;
        let path = line.path.replace("lock", "restart");
        let mut stream = line.say("POST", &path).await;
        let heard = hear(&mut stream).await.to_lowercase();
        assert!(heard.contains("content-length: 0"), "{heard}");
        assert!(!heard.contains("content-type"), "{heard}");
        let device = line.path.replace("/action/lock", "");
        let mut stream = line.say("DELETE", &device).await;
        let heard = hear(&mut stream).await.to_lowercase();
        assert!(heard.starts_with("http/1.1 204 "), "{heard}");
        assert!(!heard.contains("content-length"), "{heard}");
    }

    #[tokio::test]
    async fn many_connections_at_once_are_each_answered_once() {
        let devices: u32 = 40;
        let world = Testbed::macs(40).world;
        let paths: Vec<String> =
            world.device_ids().map(|id| format!("/api/v1/devices/{id}/action/restart")).collect();
        let server = serve("127.0.0.1:0".parse().expect("an address"), world).await;
        let line = Arc::new(Line { server: server.expect("a free port"), path: String::new() });
        let mut calls = JoinSet::new();
        for path in paths {
            let line = Arc::clone(&line);
            calls.spawn(async move {
                let mut stream = line.say("POST", &path).await;
                hear(&mut stream).await
            });
        }
        while let Some(heard) = calls.join_next().await {
            let heard = heard.expect("a call");
            assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
        }
        assert_eq!(line.server.ledger().count_all("restart"), devices);
        assert!(line.server.ledger().duplicates().is_empty());
    }

    #[tokio::test]
    async fn closed_connections_answer_nothing_before_or_after_applying() {
        for (fault, applied) in
            [(FaultKind::CloseBefore, 0), (FaultKind::CloseAfter, 1), (FaultKind::NotConnected, 0)]
        {
            let line = Line::new(fault).await;
            assert_eq!(line.lock().await, "");
            assert_eq!(line.server.ledger().count_all("lock"), applied);
        }
    }

    #[tokio::test]
    async fn a_cut_answer_promises_more_than_it_brings() {
        let line = Line::new(FaultKind::Truncate).await;
        let heard = line.lock().await;
        let (head, body) = heard.split_once("\r\n\r\n").expect("a head");
        assert!(head.to_lowercase().contains("content-length: 16"), "{head}");
        assert_eq!(body.len(), 8, "{body}");
        assert_eq!(line.server.ledger().count_all("lock"), 1);
    }

    #[tokio::test]
    async fn a_hanging_answer_was_applied_and_never_comes() {
        let line = Line::new(FaultKind::Hang).await;
        let mut stream = line.say("POST", &line.path).await;
        let mut buffer = [0; 1];
        assert!(timeout(SILENCE, stream.read(&mut buffer)).await.is_err());
        assert_eq!(line.server.ledger().count_all("lock"), 1);
        line.server.shutdown().await;
        let end = timeout(PATIENCE, stream.read(&mut buffer)).await.expect("an end");
        assert!(matches!(end, Ok(0) | Err(_)));
    }

    #[tokio::test]
    async fn only_loopback_is_served() {
        let refused = serve("0.0.0.0:0".parse().expect("an address"), Testbed::macs(1).world).await;
        let error = refused.err().expect("refused");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
