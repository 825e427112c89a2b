//! The HTTP client.
//!
//! Owns connections, timeouts and the reading of faults; the only file that names reqwest. Must never
//! follow a redirect, repeat a request, undo a compression or let the token out of its header.
//! Invariant: [`Fault::NotSent`] only where no byte of the request can have left.

use std::fmt;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue,
    RETRY_AFTER, TRANSFER_ENCODING,
};
use reqwest::{Certificate, Client, ClientBuilder, Response, Url};

use super::Transport;
use super::base_url::is_loopback;
use super::cause::{innermost, is_tls, proxy_refusal, shortened};
use super::proxy::proxy_notice_of;
use crate::model::wire::{Fault, Method, Reply, Request};
use crate::model::{Repeat, Sealed, human_duration};

/// Longest time to build a connection: a host that is there answers within one, a black hole never
/// does. At most half of the request's time, so that it always strikes first and is seen as not sent.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an unused connection is kept: less than servers do (60 s and more), so that it is we who
/// close it, and no request meets a closing one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// First allocation for a body whose length the server announces, in bytes: it may announce anything.
const BODY_BYTES_RESERVED_MAX: usize = 64 * 1024;

/// Most tokens that are remembered to be masked: a run renews its token once, and once after each sleep.
const TOKENS_KEPT_MAX: usize = 64;
/// The last line of a certificate in a bundle.
const END_OF_CERTIFICATE: &str = "-----END CERTIFICATE-----";
/// Shortest token that is masked in answers, in bytes: the API's have 36, and a word of a few letters is
/// no secret but would spoil the answer.
const MASKED_TOKEN_BYTES_MIN: usize = 8;

/// What an HTTP client is made with: base URL, token, timeout, certificates and user agent.
#[derive(Clone)]
pub struct HttpSettings {
    /// As [`check_base_url`](super::check_base_url) spells it: no trailing slash.
    pub base_url: String,
    /// The API token.
    pub token: Sealed,
    /// How long one request may take, its body included, in milliseconds.
    pub timeout_ms: u64,
    /// Certificates to trust besides those of the machine, as PEM.
    pub ca_file: Option<Vec<u8>>,
    /// How to introduce ourselves.
    pub user_agent: String,
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HttpSettings")
            .field("base_url", &self.base_url)
            .field("timeout_ms", &self.timeout_ms)
            .field("user_agent", &self.user_agent)
            .finish_non_exhaustive()
    }
}

/// Why no HTTP client could be made. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Empty, or with characters that no header can carry.
    #[error(
        "the API token is empty or contains invalid characters; check for line breaks or quotation marks around it"
    )]
    Token,
    /// The base URL has not been checked.
    #[error("the base URL {url} cannot be used; check the address")]
    BaseUrl {
        /// As given.
        url: String,
    },
    /// The certificates cannot be read.
    #[error("the CA file has no PEM certificate (-----BEGIN CERTIFICATE-----)")]
    CaFile,
    /// One certificate among others cannot be used.
    #[error(
        "cannot read certificate {number} of the CA file, at line {line}: remove it, or copy it again"
    )]
    BrokenCertificate {
        /// Its place in the file, from 1.
        number: usize,
        /// The line on which it begins.
        line: usize,
    },
    /// The machine's certificates or TLS cannot be set up.
    #[error("cannot set up TLS: {reason}; install ca-certificates, or give a CA file")]
    Tls {
        /// The library's words.
        reason: String,
    },
}

/// The way to a real tenant.
///
/// ```
/// use sortie::model::Sealed;
/// use sortie::transport::{HttpSettings, HttpTransport};
/// let settings = HttpSettings {
///     base_url: "http://127.0.0.1:8080".to_owned(),
///     token: Sealed::clear("a-secret".to_owned()),
///     timeout_ms: 60_000,
///     ca_file: None,
///     user_agent: "sortie/0.1".to_owned(),
/// };
/// let transport = HttpTransport::new(&settings)?;
/// assert!(!format!("{transport:?} {settings:?}").contains("a-secret"));
/// # Ok::<(), sortie::transport::HttpError>(())
/// ```
pub struct HttpTransport {
    base: Url,
    host: String,
    /// What requests leave with, last, and before it what they left with before renewals.
    authorizations: RwLock<Vec<HeaderValue>>,
    timeout_ms: u64,
    /// Keeps idle connections: for requests that do no harm twice.
    reusing: RwLock<Client>,
    settings: HttpSettings,
    /// A new connection for each request: a reset on a reused one cannot be distinguished from a lost answer.
    single: Client,
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HttpTransport").field("host", &self.host).finish_non_exhaustive()
    }
}

impl HttpTransport {
    /// Makes a client. Opens no connection.
    ///
    /// # Errors
    /// [`HttpError`] says which setting cannot be used.
    pub fn new(settings: &HttpSettings) -> Result<Self, HttpError> {
        Self::assemble(settings, |builder| builder)
    }

    /// `adjust` is for tests, which cannot set a proxy through the environment.
    fn assemble(
        settings: &HttpSettings,
        adjust: impl Fn(ClientBuilder) -> ClientBuilder,
    ) -> Result<Self, HttpError> {
        let unusable = || HttpError::BaseUrl { url: settings.base_url.clone() };
        let base = Url::parse(&settings.base_url).map_err(|_| unusable())?;
        let host = base.host_str().ok_or_else(unusable)?.to_owned();
        let authorization = authorization_of(&settings.token)?;
        let certificates = match &settings.ca_file {
            None => Vec::new(),
            Some(pem) => Certificate::from_pem_bundle(pem)
                .map_err(|_| broken_certificate(pem).unwrap_or(HttpError::CaFile))?,
        };
        if settings.ca_file.is_some() && certificates.is_empty() {
            return Err(HttpError::CaFile);
        }
        let build = |builder: ClientBuilder| {
            let builder = with_trust(with_rules(builder, settings), &base, &certificates);
            adjust(builder).build().map_err(|error| {
                let broken = settings.ca_file.as_deref().and_then(broken_certificate);
                broken.unwrap_or_else(|| HttpError::Tls { reason: innermost(&error) })
            })
        };
        let timeout = Duration::from_millis(settings.timeout_ms);
        Ok(Self {
            // Half of the time in silence is enough to give a read up; repeating it costs little.
            reusing: RwLock::new(build(
                Client::builder().pool_idle_timeout(IDLE_TIMEOUT).read_timeout(timeout / 2),
            )?),
            settings: settings.clone(),
            // Here every answer that is not waited for is a doubt, so it gets the whole time.
            single: build(Client::builder().pool_max_idle_per_host(0).read_timeout(timeout))?,
            base,
            host,
            authorizations: RwLock::new(vec![authorization]),
            timeout_ms: settings.timeout_ms,
        })
    }

    /// Puts a fresh token to use for every request from now on.
    ///
    /// # Errors
    /// [`HttpError::Token`] when it cannot be one; the old token stays in use then.
    pub fn set_token(&self, token: &Sealed) -> Result<(), HttpError> {
        let fresh = authorization_of(token)?;
        let mut all = self.authorizations.write().unwrap_or_else(PoisonError::into_inner);
        all.retain(|known| *known != fresh);
        if all.len() == TOKENS_KEPT_MAX {
            all.remove(0);
        }
        all.push(fresh);
        Ok(())
    }

    /// Which proxy the environment names, without its credentials, for the plan: what it says can
    /// see where we connect to. Loopback addresses never go through it. The proxy settings of macOS
    /// and Windows are followed too, and not shown here.
    #[must_use]
    pub fn proxy_notice() -> Option<String> {
        proxy_notice_of(|name| std::env::var(name).ok())
    }

    fn url_of(&self, request: &Request) -> Result<Url, Fault> {
        let refused = |reason: &str| Fault::NotSent { reason: reason.to_owned(), lasting: true };
        if !request.path_and_query.starts_with('/') || request.path_and_query.starts_with("//") {
            return Err(refused("the request has no absolute path"));
        }
        let url = self
            .base
            .join(&request.path_and_query)
            .map_err(|_| refused("the request's path cannot be written as a URL"))?;
        let path = request.path_and_query.split(['?', '#']).next().unwrap_or_default();
        // A `..` in a device id must not turn one request into another.
        if url.path() != path || url.host_str() != self.base.host_str() {
            return Err(refused("the request's path would change in transit"));
        }
        Ok(url)
    }

    async fn exchange(&self, request: Request) -> Result<Reply, Fault> {
        let url = self.url_of(&request)?;
        let client = match request.repeat {
            Repeat::Safe => self.reusing.read().unwrap_or_else(PoisonError::into_inner).clone(),
            Repeat::Once => self.single.clone(),
        };
        let method = reqwest::Method::from_bytes(request.method.word().as_bytes())
            .expect("the API uses methods of HTTP only");
        let authorization = {
            let all = self.authorizations.read().unwrap_or_else(PoisonError::into_inner);
            all.last().cloned().expect("the first one is never removed without another")
        };
        let has_payload = matches!(request.method, Method::Post | Method::Patch);
        let mut builder = client
            .request(method, url)
            .header(AUTHORIZATION, authorization)
            .header(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(body) = request.body {
            let json = HeaderValue::from_static("application/json");
            builder = builder.header(CONTENT_TYPE, json).body(body);
        } else if has_payload {
            // Some gateways answer 411 where a request does not say how long its body is.
            builder = builder.header(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let response = builder.send().await.map_err(|error| self.fault_before_answer(&error))?;
        self.reply_of(response, request.body_bytes_max).await
    }

    async fn reply_of(&self, response: Response, body_bytes_max: usize) -> Result<Reply, Fault> {
        let mut reply = reply_head(response.status().as_u16(), response.headers());
        if let Some(reason) = framing_flaw(response.headers()) {
            return Err(Fault::Lost { reason: format!("HTTP {}, but {reason}", reply.status) });
        }
        reply.body = self.body_of(response, body_bytes_max).await?;
        self.mask_tokens(&mut reply.body);
        Ok(reply)
    }

    /// Some gateways repeat the request in their error pages: from there the token would go on into the
    /// journal and the reports. A request may have left with a token that was renewed before its answer came.
    /// So every token of this transport is masked, letter by letter: JSON stays JSON.
    fn mask_tokens(&self, body: &mut [u8]) {
        let all = self.authorizations.read().unwrap_or_else(PoisonError::into_inner);
        let tokens = all.iter().filter_map(|all| all.as_bytes().strip_prefix(b"Bearer "));
        for token in tokens.filter(|token| token.len() >= MASKED_TOKEN_BYTES_MIN) {
            let mut from = 0;
            // Most windows begin with another letter: a page of 300 devices has 150,000.
            let is_token = |part: &[u8]| part[0] == token[0] && part == token;
            while let Some(at) = body[from..].windows(token.len()).position(is_token) {
                body[from + at..from + at + token.len()].fill(b'*');
                from += at + token.len();
            }
        }
    }

    async fn body_of(&self, mut response: Response, bytes_max: usize) -> Result<Vec<u8>, Fault> {
        let status = response.status().as_u16();
        let too_long = || Fault::Lost {
            reason: format!("HTTP {status}, but the answer is larger than {bytes_max} bytes"),
        };
        let announced = response.content_length().unwrap_or(0);
        if announced > bytes_max as u64 {
            return Err(too_long());
        }
        let reserved = usize::try_from(announced).unwrap_or(0).min(BODY_BYTES_RESERVED_MAX);
        let mut body = Vec::with_capacity(reserved);
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > bytes_max => return Err(too_long()),
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => return Ok(body),
                Err(error) => {
                    let cause = self.loss(&error);
                    let reason = format!("HTTP {status}, but the body is incomplete: {cause}");
                    return Err(Fault::Lost { reason: shortened(&reason) });
                }
            }
        }
    }

    fn fault_before_answer(&self, error: &reqwest::Error) -> Fault {
        let host = &self.host;
        if error.is_builder() {
            let reason = format!("the request cannot be formed: {}", innermost(error));
            return Fault::NotSent { reason: shortened(&reason), lasting: true };
        }
        if !error.is_connect() {
            return Fault::Lost { reason: shortened(&self.loss(error)) };
        }
        let cause = innermost(error);
        let (reason, lasting) = if let Some(proxy) = proxy_refusal(error) {
            (format!("the proxy refused the connection to {host}: {proxy}"), true)
        } else if is_tls(error) {
            (format!("no TLS connection to {host}: {cause}{}", cure_of(&cause)), true)
        } else if error.is_dns() {
            (format!("the name {host} was not found{}: {cause}", self.way()), false)
        } else if error.is_timeout() {
            let waited = human_duration(connect_timeout(self.timeout_ms).as_millis() as u64);
            (format!("no connection to {host} within {waited}{}", self.way()), false)
        } else {
            (format!("no connection to {host}{}: {cause}", self.way()), false)
        };
        Fault::NotSent { reason: shortened(&reason), lasting }
    }

    /// The proxy that a connection failed at, with a leading space.
    fn way(&self) -> String {
        way_through(&self.host, Self::proxy_notice().as_deref())
    }

    fn loss(&self, error: &reqwest::Error) -> String {
        if error.is_timeout() {
            return format!("no complete answer in time ({})", human_duration(self.timeout_ms));
        }
        format!("the connection broke: {}", innermost(error))
    }
}

impl Transport for HttpTransport {
    async fn send(&self, request: Request) -> Result<Reply, Fault> {
        self.exchange(request).await
    }

    fn forget_connections(&self) {
        // One that cannot be made again keeps what it has: its connections fail and are opened anew.
        if let Ok(fresh) = Self::new(&self.settings) {
            let fresh = fresh.reusing.into_inner().unwrap_or_else(PoisonError::into_inner);
            *self.reusing.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
    }
}

fn authorization_of(token: &Sealed) -> Result<HeaderValue, HttpError> {
    let token = token.expose().unwrap_or_default().trim();
    let is_token = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
        .ok()
        .filter(|_| is_token)
        .ok_or(HttpError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

fn connect_timeout(timeout_ms: u64) -> Duration {
    CONNECT_TIMEOUT.min(Duration::from_millis(timeout_ms) / 2)
}

/// What every request obeys: nothing below the journal sends twice or elsewhere.
fn with_rules(builder: ClientBuilder, settings: &HttpSettings) -> ClientBuilder {
    builder
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        .referer(false)
        .user_agent(settings.user_agent.as_str())
        .connect_timeout(connect_timeout(settings.timeout_ms))
        .timeout(Duration::from_millis(settings.timeout_ms))
        .https_only(settings.base_url.starts_with("https://"))
}

/// Loopback trusts only what it is given: then a machine without certificates can run the simulator,
/// and a proxy never sees what stays on the machine.
/// The first certificate of a bundle that no client can be made with: the library says no more than that there is one.
fn broken_certificate(pem: &[u8]) -> Option<HttpError> {
    let text = String::from_utf8_lossy(pem);
    let starts = text.match_indices("-----BEGIN CERTIFICATE-----").map(|(at, _)| at);
    for (number, start) in (1..).zip(starts) {
        let rest = &text[start..];
        let end = rest.find(END_OF_CERTIFICATE).map(|at| at + END_OF_CERTIFICATE.len());
        // One that begins before this one ended took the end of the next.
        let block =
            end.map(|end| &rest[..end]).filter(|block| block.matches("-----BEGIN").count() == 1);
        let certificate = block.and_then(|block| Certificate::from_pem(block.as_bytes()).ok());
        let is_usable = certificate.is_some_and(|certificate| {
            Client::builder().tls_certs_only([certificate]).build().is_ok()
        });
        if !is_usable {
            let line = text[..start].matches('\n').count() + 1;
            return Some(HttpError::BrokenCertificate { number, line });
        }
    }
    None
}

fn with_trust(builder: ClientBuilder, base: &Url, certificates: &[Certificate]) -> ClientBuilder {
    let host = base.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let certificates = certificates.iter().cloned();
    if is_loopback(host) {
        builder.no_proxy().tls_certs_only(certificates)
    } else {
        builder.tls_certs_merge(certificates)
    }
}

/// Where a connection to a host goes through; loopback addresses never go through a proxy.
fn way_through(host: &str, proxy_notice: Option<&str>) -> String {
    let notice = proxy_notice.filter(|_| !is_loopback(host.trim_matches(['[', ']'])));
    let proxy = notice.and_then(|notice| notice.split_once("the proxy "));
    proxy.map_or_else(String::new, |(_, proxy)| format!(" through the proxy {proxy}"))
}

/// What to do about a certificate that is not trusted.
fn cure_of(cause: &str) -> &'static str {
    if cause.contains("UnknownIssuer") {
        "; if your proxy inspects TLS, trust its certificate authority with --ca-file FILE or SSL_CERT_FILE"
    } else {
        ""
    }
}

fn reply_head(status: u16, headers: &HeaderMap) -> Reply {
    let text = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.trim().to_owned());
    let number = |name: &'static str| text(HeaderName::from_static(name))?.parse().ok();
    Reply {
        status,
        content_type: text(CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase(),
        retry_after: text(RETRY_AFTER),
        date: text(DATE),
        remaining_hour: number("x-ratelimit-remaining-hour"),
        limit_hour: number("x-ratelimit-limit-hour"),
        has_dropped_body: status == 204 && announces_body(headers),
        body: Vec::new(),
    }
}

/// Why the length of the body is not to be trusted, although the library would.
fn framing_flaw(headers: &HeaderMap) -> Option<&'static str> {
    let is_twice = headers.contains_key(CONTENT_LENGTH) && headers.contains_key(TRANSFER_ENCODING);
    is_twice.then_some("the answer gives two body lengths")
}

fn announces_body(headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH);
    length.is_some_and(|value| value != "0") || headers.contains_key(TRANSFER_ENCODING)
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::sync::{Arc, Mutex};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    const TOKEN: &str = "8f1c2d3e-token-that-must-not-show";

    /// A server on loopback that records every request, head and body as one text.
    struct Server {
        address: String,
        seen: Arc<Mutex<Vec<String>>>,
        connections: Arc<Mutex<u32>>,
    }

    impl Server {
        /// `answer` is called once a request has been read whole; it gives the stream back to go on.
        async fn start<F, Done>(answer: F) -> Self
        where
            F: Fn(TcpStream) -> Done + Send + Sync + 'static,
            Done: Future<Output = Option<TcpStream>> + Send,
        {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
            let address = listener.local_addr().expect("bound").to_string();
            let seen = Arc::new(Mutex::new(Vec::new()));
            let connections = Arc::new(Mutex::new(0));
            let (answer, log, count) = (Arc::new(answer), seen.clone(), connections.clone());
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    *count.lock().expect("no panic") += 1;
                    let (answer, log) = (answer.clone(), log.clone());
                    tokio::spawn(async move {
                        let mut stream = stream;
                        while let Some(request) = read_request(&mut stream).await {
                            log.lock().expect("no panic").push(request);
                            match answer(stream).await {
                                Some(given_back) => stream = given_back,
                                None => return,
                            }
                        }
                    });
                }
            });
            Self { address, seen, connections }
        }

        /// Answers every request with these bytes and keeps the connection open.
        async fn saying(bytes: impl Into<Vec<u8>>) -> Self {
            let bytes = Arc::new(bytes.into());
            Self::start(move |mut stream| {
                let bytes = bytes.clone();
                async move {
                    stream.write_all(&bytes).await.ok()?;
                    Some(stream)
                }
            })
            .await
        }

        /// Answers with these bytes and closes.
        async fn saying_goodbye(bytes: &'static str) -> Self {
            Self::start(move |mut stream| async move {
                stream.write_all(bytes.as_bytes()).await.ok()?;
                stream.shutdown().await.ok()?;
                None
            })
            .await
        }

        fn seen(&self) -> Vec<String> {
            self.seen.lock().expect("no panic").clone()
        }

        async fn send(&self, request: Request) -> Result<Reply, Fault> {
            transport(&format!("http://{}", self.address), 2_000).send(request).await
        }
    }

    async fn read_request(stream: &mut TcpStream) -> Option<String> {
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&bytes).to_lowercase();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.split_once("content-length: ").map_or("0", |(_, rest)| rest);
                let digits = length.split("\r\n").next().unwrap_or_default();
                if body.len() >= digits.parse::<usize>().expect("a length") {
                    return Some(String::from_utf8_lossy(&bytes).into_owned());
                }
            }
            let mut part = [0; 4096];
            match stream.read(&mut part).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => bytes.extend_from_slice(&part[..count]),
            }
        }
    }

    fn settings(base_url: &str, timeout_ms: u64) -> HttpSettings {
        HttpSettings {
            base_url: base_url.to_owned(),
            token: Sealed::clear(TOKEN.to_owned()),
            timeout_ms,
            ca_file: None,
            user_agent: "sortie-test".to_owned(),
        }
    }

    fn transport(base_url: &str, timeout_ms: u64) -> HttpTransport {
        HttpTransport::new(&settings(base_url, timeout_ms)).expect("usable settings")
    }

    fn erase() -> Request {
        Request {
            method: Method::Post,
            path_and_query: "/api/v1/devices/d1/action/erase".to_owned(),
            body: Some(r#"{"PIN":"123456"}"#.to_owned()),
            repeat: Repeat::Once,
            body_bytes_max: 1_000,
        }
    }

    fn list() -> Request {
        Request {
            method: Method::Get,
            path_and_query: "/api/v1/devices?limit=300&offset=0".to_owned(),
            body: None,
            repeat: Repeat::Safe,
            body_bytes_max: 1_000,
        }
    }

    /// The reason of a fault that may have been applied.
    fn lost(result: Result<Reply, Fault>) -> String {
        match result {
            Err(Fault::Lost { reason }) => {
                assert!(!reason.contains(TOKEN) && !reason.contains("/api/"), "{reason}");
                assert!(
                    reason.chars().count() <= super::super::cause::REASON_CHARS_MAX + 1,
                    "{reason}"
                );
                reason
            }
            other => panic!("expected a lost answer, got {other:?}"),
        }
    }

    fn not_sent(result: Result<Reply, Fault>) -> (String, bool) {
        match result {
            Err(Fault::NotSent { reason, lasting }) => {
                assert!(!reason.contains(TOKEN) && !reason.contains("/api/"), "{reason}");
                (reason, lasting)
            }
            other => panic!("expected nothing to be sent, got {other:?}"),
        }
    }

    #[tokio::test]
    async fn a_request_carries_these_headers_and_no_others() {
        let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        server.send(erase()).await.expect("an answer");
        server.send(list()).await.expect("an answer");
        server.send(Request { body: None, ..erase() }).await.expect("an answer");
        server.send(Request { method: Method::Delete, ..list() }).await.expect("an answer");
        let seen: Vec<Vec<String>> = server
            .seen()
            .iter()
            .map(|request| {
                let head = request.split("\r\n\r\n").next().expect("a head").to_lowercase();
                let mut lines: Vec<String> = head.lines().map(str::to_owned).collect();
                lines[1..].sort();
                lines
            })
            .collect();
        let authorization = format!("authorization: bearer {TOKEN}");
        let host = format!("host: {}", server.address);
        let expected = |line: &str, more: &[&str]| {
            let mut lines = vec!["accept: application/json", "user-agent: sortie-test"];
            lines.extend([authorization.as_str(), host.as_str()]);
            lines.extend(more);
            lines.sort_unstable();
            lines.insert(0, line);
            lines.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let post = "post /api/v1/devices/d1/action/erase http/1.1";
        let json = ["content-type: application/json", "content-length: 16"];
        assert_eq!(seen[0], expected(post, &json));
        assert!(server.seen()[0].ends_with(r#"{"PIN":"123456"}"#));
        assert_eq!(seen[1], expected("get /api/v1/devices?limit=300&offset=0 http/1.1", &[]));
        assert_eq!(seen[2], expected(post, &["content-length: 0"]));
        assert_eq!(seen[3], expected("delete /api/v1/devices?limit=300&offset=0 http/1.1", &[]));
    }

    #[tokio::test]
    async fn the_headers_that_matter_come_back() {
        let server = Server::saying(
            "HTTP/1.1 429 Too Many\r\nRetry-After: 120\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
             X-RateLimit-Remaining-Hour: 17\r\nX-RateLimit-Limit-Hour: 10000\r\n\
             Content-Type: Application/JSON; charset=UTF-8\r\nContent-Length: 4\r\n\r\nnull",
        )
        .await;
        let reply = server.send(list()).await.expect("an answer");
        let expected = Reply {
            status: 429,
            content_type: "application/json; charset=utf-8".to_owned(),
            retry_after: Some("120".to_owned()),
            date: Some("Sun, 06 Nov 1994 08:49:37 GMT".to_owned()),
            remaining_hour: Some(17),
            limit_hour: Some(10_000),
            has_dropped_body: false,
            body: b"null".to_vec(),
        };
        assert_eq!(reply, expected);
    }

    #[tokio::test]
    async fn a_refused_connection_is_not_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        drop(listener);
        let result = transport(&format!("http://{address}"), 2_000).send(erase()).await;
        let (reason, lasting) = not_sent(result);
        assert!(reason.contains("no connection to 127.0.0.1") && !lasting, "{reason}");
    }

    #[tokio::test]
    async fn a_name_that_does_not_exist_is_not_sent() {
        let settings = settings("https://no-such-host.invalid", 20_000);
        let client = HttpTransport::assemble(&settings, |builder| builder.tls_certs_only([]))
            .expect("usable settings");
        let (reason, lasting) = not_sent(client.send(erase()).await);
        assert!(reason.contains("no-such-host.invalid") && !lasting, "{reason}");
    }

    #[tokio::test]
    async fn a_connection_that_closes_before_the_answer_is_a_lost_answer() {
        let server = Server::start(|stream| async move {
            drop(stream);
            None
        })
        .await;
        for request in [erase(), list()] {
            lost(server.send(request).await);
        }
        assert_eq!(server.seen().len(), 2);
    }

    #[tokio::test]
    async fn a_connection_that_closes_unread_is_a_lost_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let accepted = tokio::spawn(async move {
            let mut count = 0;
            let waiting = std::time::Duration::from_millis(300);
            while let Ok(Ok(_)) = tokio::time::timeout(waiting, listener.accept()).await {
                count += 1;
            }
            count
        });
        lost(transport(&format!("http://{address}"), 2_000).send(erase()).await);
        assert_eq!(accepted.await.expect("no panic"), 1);
    }

    #[tokio::test]
    async fn a_reset_after_the_request_is_a_lost_answer() {
        let server = Server::start(|stream| async move {
            stream.set_zero_linger().ok()?;
            None
        })
        .await;
        lost(server.send(erase()).await);
        assert_eq!(server.seen().len(), 1);
    }

    #[tokio::test]
    async fn redirects_come_back_as_they_are() {
        let elsewhere = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        for status in [301, 302, 303, 307, 308] {
            let answer = format!(
                "HTTP/1.1 {status} Moved\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n",
                elsewhere.address
            );
            let server = Server::saying(answer).await;
            let reply = server.send(erase()).await.expect("the redirect itself");
            assert_eq!(reply.status, status);
            assert_eq!(server.seen().len(), 1);
        }
        assert_eq!(elsewhere.seen().len(), 0);
    }

    #[tokio::test]
    async fn answers_that_are_not_whole_are_lost() {
        for (answer, word) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{\"PIN\":", "HTTP 200"),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"PIN", "HTTP 200"),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n\
                 2\r\n{}\r\n0\r\n\r\n",
                "two body lengths",
            ),
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}", "broke"),
            ("HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "broke"),
            ("SSH-2.0-OpenSSH_9.6\r\n\r\n", "broke"),
        ] {
            let server = Server::saying_goodbye(answer).await;
            let reason = lost(server.send(erase()).await);
            assert!(reason.contains(word), "{answer:?}: {reason}");
            assert_eq!(server.seen().len(), 1, "{answer:?}");
        }
    }

    #[tokio::test]
    async fn a_body_under_204_is_reported_as_dropped() {
        for (head, is_dropped) in [
            ("content-length: 16\r\n\r\n{\"PIN\":\"123456\"}", true),
            ("content-length: 2\r\n\r\n", true),
            ("transfer-encoding: chunked\r\n\r\n0\r\n\r\n", true),
            ("content-length: 0\r\n\r\n", false),
            ("\r\n", false),
        ] {
            let server = Server::saying(format!("HTTP/1.1 204 No Content\r\n{head}")).await;
            let reply = server.send(erase()).await.expect("an answer");
            let found = (reply.status, reply.has_dropped_body, reply.body.len());
            assert_eq!(found, (204, is_dropped, 0), "{head}");
        }
    }

    #[tokio::test]
    async fn a_token_that_comes_back_is_masked() {
        let body = format!("{{\"detail\":\"{TOKEN} and {TOKEN}\"}}");
        let length = body.len();
        let server =
            Server::saying(format!("HTTP/1.1 401 No\r\ncontent-length: {length}\r\n\r\n{body}"))
                .await;
        let reply = server.send(list()).await.expect("an answer");
        let shown = String::from_utf8(reply.body).expect("text");
        assert_eq!(shown, body.replace(TOKEN, &"*".repeat(TOKEN.len())));
    }

    #[tokio::test]
    async fn a_token_from_before_a_renewal_is_masked_too() {
        let fresh = "0badcafe-token-that-came-later";
        let body = format!("{{\"detail\":\"{TOKEN}, then {fresh}\"}}");
        let length = body.len();
        let server =
            Server::saying(format!("HTTP/1.1 401 No\r\ncontent-length: {length}\r\n\r\n{body}"))
                .await;
        let transport = transport(&format!("http://{}", server.address), 2_000);
        transport.set_token(&Sealed::clear(fresh.to_owned())).expect("a token");
        let reply = transport.send(list()).await.expect("an answer");
        let shown = String::from_utf8(reply.body).expect("text");
        let masked = |token: &str| "*".repeat(token.len());
        assert_eq!(shown, body.replace(TOKEN, &masked(TOKEN)).replace(fresh, &masked(fresh)));
    }

    #[tokio::test]
    async fn a_body_over_the_cap_is_lost_with_and_without_a_length() {
        let body = "x".repeat(1_001);
        for head in ["content-length: 1001", "connection: close"] {
            let answer = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}");
            let server = Server::saying(answer).await;
            let reason = lost(server.send(erase()).await);
            assert!(reason.contains("larger than 1000 bytes"), "{reason}");
        }
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{}", &body[1..]);
        let reply = Server::saying(answer).await.send(erase()).await.expect("exactly the cap");
        assert_eq!(reply.body.len(), 1_000);
    }

    #[tokio::test]
    async fn silence_and_endless_provisional_answers_end_by_the_clock() {
        let silent = Server::start(|stream| async move {
            tokio::time::sleep(Duration::from_secs(60)).await;
            Some(stream)
        })
        .await;
        let chatty = Server::start(|mut stream| async move {
            while stream.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            None
        })
        .await;
        let dripping = Server::start(|mut stream| async move {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n").await.ok()?;
            while stream.write_all(b" ").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            None
        })
        .await;
        for server in [silent, chatty, dripping] {
            for request in [erase(), list()] {
                let client = transport(&format!("http://{}", server.address), 200);
                let reason = lost(client.send(request).await);
                assert!(reason.contains("no complete answer in time (200 ms)"), "{reason}");
            }
            assert_eq!(server.seen().len(), 2);
        }
    }

    #[tokio::test]
    async fn strange_statuses_and_bodies_are_left_to_the_codec() {
        let twice = r#"{"PIN":"111111","PIN":"222222"}"#;
        for (status, body) in [(999, "{}"), (200, twice), (200, "<html>"), (500, ""), (204, "")] {
            let length = body.len();
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}");
            let reply = Server::saying(answer).await.send(erase()).await.expect("an answer");
            assert_eq!((reply.status, reply.body.as_slice()), (status, body.as_bytes()));
        }
        let old = Server::saying_goodbye("HTTP/1.0 200 OK\r\n\r\n{\"cut").await;
        assert_eq!(old.send(list()).await.expect("an answer").body, b"{\"cut");
        let packed = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc";
        let packed = Server::saying(packed).await;
        assert_eq!(packed.send(list()).await.expect("an answer").body, b"abc");
    }

    #[tokio::test]
    async fn only_requests_that_do_no_harm_twice_share_a_connection() {
        let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        let client = transport(&format!("http://{}", server.address), 2_000);
        for _ in 0..3 {
            client.send(list()).await.expect("an answer");
        }
        assert_eq!(*server.connections.lock().expect("no panic"), 1);
        for _ in 0..3 {
            client.send(erase()).await.expect("an answer");
        }
        assert_eq!(*server.connections.lock().expect("no panic"), 4);
    }

    #[tokio::test]
    async fn garbage_instead_of_tls_is_not_sent_and_lasting() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let garbage = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("written");
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.ok();
            rest
        });
        let (reason, lasting) =
            not_sent(transport(&format!("https://{address}"), 2_000).send(erase()).await);
        assert!(reason.contains("no TLS connection to 127.0.0.1") && lasting, "{reason}");
        let received = garbage.await.expect("no panic");
        assert!(!String::from_utf8_lossy(&received).contains(TOKEN));
    }

    #[tokio::test]
    async fn a_server_that_hangs_in_the_handshake_is_not_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let (reason, lasting) =
            not_sent(transport(&format!("https://{address}"), 200).send(erase()).await);
        assert!(reason.contains("within 100 ms") && !lasting, "{reason}");
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_is_not_sent_and_lasting() {
        for (status, word) in [(407, "user name and password"), (502, "refused")] {
            let proxy = Server::saying(format!("HTTP/1.1 {status} No\r\n\r\n")).await;
            let address = format!("http://{}", proxy.address);
            let client = HttpTransport::assemble(
                &settings("https://acme.api.kandji.io", 2_000),
                |builder| {
                    let through = reqwest::Proxy::all(&address).expect("an address");
                    builder.tls_certs_only([]).proxy(through)
                },
            );
            let result = client.expect("usable settings").send(erase()).await;
            let (reason, lasting) = not_sent(result);
            assert!(reason.contains(word) && lasting, "{reason}");
            let seen = proxy.seen();
            assert!(seen.len() == 1 && seen[0].starts_with("CONNECT acme.api.kandji.io:443"));
            assert!(!seen[0].contains(TOKEN));
        }
    }

    #[tokio::test]
    async fn a_path_that_would_change_is_not_sent() {
        let server = Server::saying("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        for path in
            ["/api/v1/devices/../x", "//evil.com/", "x", "", "/api/v1/devices/%2e%2e/x", "/a\\b"]
        {
            let request = Request { path_and_query: path.to_owned(), ..erase() };
            assert!(matches!(
                server.send(request).await,
                Err(Fault::NotSent { lasting: true, .. })
            ));
        }
        assert_eq!(server.seen().len(), 0);
    }

    #[test]
    fn a_client_is_made_without_certificates_and_shows_no_token() {
        for base in ["http://127.0.0.1:1", "https://localhost:1", "http://[::1]:1"] {
            let client = transport(base, 1_000);
            assert!(!format!("{client:?} {:?}", settings(base, 1_000)).contains(TOKEN));
        }
        for token in ["", " ", "a b", "a\nb", "tök"] {
            let token = Sealed::clear(token.to_owned());
            let result = HttpTransport::new(&HttpSettings { token, ..settings("http://[::1]", 1) });
            assert!(matches!(result, Err(HttpError::Token)));
        }
        let ca_file = Some(b"not a certificate".to_vec());
        let result = HttpTransport::new(&HttpSettings { ca_file, ..settings("http://[::1]", 1) });
        assert!(matches!(result, Err(HttpError::CaFile)));
    }

    #[test]
    fn causes_on_the_way_to_the_tenant_are_named_with_their_cure() {
        let notice = super::super::proxy::proxy_notice_of(|name| {
            (name == "HTTPS_PROXY").then(|| "http://user:pw@10.0.0.9:3128".to_owned())
        });
        let way = way_through("acme.api.kandji.io", notice.as_deref());
        assert_eq!(way, " through the proxy http://10.0.0.9:3128 (HTTPS_PROXY)");
        assert_eq!(way_through("[::1]", notice.as_deref()), "");
        assert_eq!(way_through("acme.api.kandji.io", None), "");
        let cure = cure_of("invalid peer certificate: UnknownIssuer");
        assert!(cure.contains("--ca-file") && cure.contains("SSL_CERT_FILE"));
        assert_eq!(cure_of("invalid peer certificate: Expired"), "");
    }

    #[test]
    fn a_broken_certificate_among_others_is_named() {
        let good = GOOD_CERTIFICATE;
        let cut = "-----BEGIN CERTIFICATE-----\nMIIB!!!\n-----END CERTIFICATE-----\n";
        let garbled = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let lines = good.lines().count();
        for broken in [cut, garbled] {
            let ca_file = Some(format!("{good}{broken}{good}").into_bytes());
            let settings = HttpSettings { ca_file, ..settings("http://[::1]", 1) };
            let error = HttpTransport::new(&settings).expect_err("broken");
            let expected = format!("certificate 2 of the CA file, at line {}", lines + 1);
            assert!(error.to_string().contains(&expected), "{error}");
        }
        let ca_file = Some(format!("{good}{good}").into_bytes());
        HttpTransport::new(&HttpSettings { ca_file, ..settings("http://[::1]", 1) }).expect("good");
    }

    const GOOD_CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----\n\
MIIBgzCCASmgAwIBAgIUJuuXgLB8BM+CosfEsUEHCE5cMI4wCgYIKoZIzj0EAwIw\n\
FjEUMBIGA1UEAwwLc29ydGllLXRlc3QwIBcNMjYxMTI4MjM0MzQwWhgPMjEyNjEx\n\
MDQyMzQzNDBaMBYxFDASBgNVBAMMC3NvcnRpZS10ZXN0MFkwEwYHKoZIzj0CAQYI\n\
KoZIzj0DAQcDQgAEkKSoLqsM/QkDqzEnuepioUIZ0SR4yjWdYkNMl3aZ3FIkuor4\n\
8z8Mz4CZ64uOz8sG6xq+eiyfk4pvOASqCY0WhqNTMFEwHQYDVR0OBBYEFBqmjdB6\n\
d2a6DG9Y6Z/E/mSZihgnMB8GA1UdIwQYMBaAFBqmjdB6d2a6DG9Y6Z/E/mSZihgn\n\
MA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIhANov1XLfQOhof7ul\n\
2/PymL+8oRmeVo8x4G/r02j1tY5FAiAvEM75ao5hbJjXeMPhq30h8Bxx5omS3Ib9\n\
hynPTV+Y6g==\n\
-----END CERTIFICATE-----\n";
}
