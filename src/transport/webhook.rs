//! One POST to a webhook.
//!
//! Owns the client for addresses that are secrets: chat services put a token into them. Must never show any part of an
//! address, follow a redirect, repeat a request or read the body of an answer: it may repeat the address.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, Url};

use super::base_url::is_loopback;
use super::cause::{innermost, is_tls, proxy_refusal, shortened};
use crate::model::Sealed;
use crate::model::wire::Reply;

/// How long one delivery may take. Chat services answer within two seconds; a run waits for ten at its end.
const TIMEOUT: Duration = Duration::from_secs(8);
/// Longest time to build a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);
/// Longest address, in bytes. The longest known ones have some hundreds.
const URL_BYTES_MAX: usize = 4_096;

/// What is posted to a webhook.
pub struct WebhookPost<'a> {
    /// The address. It is a secret.
    pub url: &'a Sealed,
    /// Headers besides `Content-Type`, which is JSON.
    pub headers: &'a [(&'static str, String)],
    /// The body.
    pub body: Vec<u8>,
    /// Certificates to trust besides those of the machine, as PEM.
    pub ca_file: Option<&'a [u8]>,
}

/// Why a post has no answer. No text of it holds a part of the address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookFault {
    /// The address is no URL with a host.
    #[error("the address is not a valid URL")]
    Url,
    /// The address is not encrypted, and leads to another machine.
    #[error("the address must begin with https://; http:// is only for this machine")]
    Unencrypted,
    /// TLS cannot be set up, or the CA file cannot be used.
    #[error("cannot set up TLS: {0}")]
    Tls(String),
    /// The service could not be reached, or did not answer.
    #[error("{0}")]
    Unanswered(String),
}

/// Checks an address without connecting: it is a URL, and encrypted unless it leads to this machine.
///
/// # Errors
/// [`WebhookFault`].
pub fn check_webhook_url(url: &Sealed) -> Result<(), WebhookFault> {
    parsed(url).map(drop)
}

/// Posts once, and returns the head of the answer.
///
/// # Errors
/// There is no answer: [`WebhookFault`] says why.
pub async fn post_to_webhook(post: WebhookPost<'_>) -> Result<Reply, WebhookFault> {
    let url = parsed(post.url)?;
    let client = client_for(&url, post.ca_file)?;
    let json = HeaderValue::from_static("application/json");
    let mut builder = client.post(url).header(CONTENT_TYPE, json).body(post.body);
    for (name, value) in post.headers {
        builder = builder.header(HeaderName::from_static(name), value);
    }
    let response = builder.send().await.map_err(|error| unanswered(error.without_url()))?;
    // The body is dropped with the response.
    Ok(head_of(response.status().as_u16(), response.headers()))
}

fn parsed(url: &Sealed) -> Result<Url, WebhookFault> {
    let text = url.expose().unwrap_or_default().trim();
    if text.len() > URL_BYTES_MAX {
        return Err(WebhookFault::Url);
    }
    let url = Url::parse(text).map_err(|_| WebhookFault::Url)?;
    let Some(host) = url.host_str() else { return Err(WebhookFault::Url) };
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(host.trim_matches(['[', ']'])) => Ok(url),
        "http" => Err(WebhookFault::Unencrypted),
        _ => Err(WebhookFault::Url),
    }
}

fn client_for(url: &Url, ca_file: Option<&[u8]>) -> Result<Client, WebhookFault> {
    let unusable = || WebhookFault::Tls("the CA file has no usable certificate".to_owned());
    let certificates = match ca_file {
        None => Vec::new(),
        Some(pem) => Certificate::from_pem_bundle(pem).map_err(|_| unusable())?,
    };
    if ca_file.is_some() && certificates.is_empty() {
        return Err(unusable());
    }
    let builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        .referer(false)
        .user_agent(concat!("sortie/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .pool_max_idle_per_host(0)
        .https_only(url.scheme() == "https");
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    // As for a tenant: what stays on this machine passes no proxy and needs no certificates of the system.
    let builder = match is_loopback(host) {
        true => builder.no_proxy().tls_certs_only(certificates),
        false => builder.tls_certs_merge(certificates),
    };
    builder.build().map_err(|error| WebhookFault::Tls(innermost(&error)))
}

/// What failed, without the host: its name may be part of the secret.
fn unanswered(error: reqwest::Error) -> WebhookFault {
    let reason = if error.is_builder() {
        "the request cannot be formed".to_owned()
    } else if error.is_connect() {
        if let Some(proxy) = proxy_refusal(&error) {
            format!("the proxy refused the connection: {proxy}")
        } else if is_tls(&error) {
            format!("no TLS connection: {}", innermost(&error))
        } else if error.is_dns() {
            "the name of the host was not found".to_owned()
        } else if error.is_timeout() {
            format!("no connection within {} s", CONNECT_TIMEOUT.as_secs())
        } else {
            format!("no connection: {}", innermost(&error))
        }
    } else if error.is_timeout() {
        format!("no answer within {} s", TIMEOUT.as_secs())
    } else {
        format!("no answer: {}", innermost(&error))
    };
    WebhookFault::Unanswered(shortened(&reason))
}

fn head_of(status: u16, headers: &HeaderMap) -> Reply {
    let text = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.trim().to_owned());
    Reply { status, retry_after: text(RETRY_AFTER), date: text(DATE), ..Reply::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    const TOKEN: &str = "T0KEN-IN-THE-PATH";

    /// Answers one request with these bytes, and returns the request.
    async fn answering(answer: &'static str) -> (Sealed, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let address = listener.local_addr().expect("bound");
        let request = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut seen = Vec::new();
            while !seen.ends_with(b"{}") {
                let mut part = [0; 1_024];
                let count = stream.read(&mut part).await.expect("readable");
                seen.extend_from_slice(&part[..count]);
            }
            stream.write_all(answer.as_bytes()).await.expect("writable");
            String::from_utf8_lossy(&seen).into_owned()
        });
        (Sealed::clear(format!("http://{address}/hooks/{TOKEN}")), request)
    }

    fn post<'a>(url: &'a Sealed, headers: &'a [(&'static str, String)]) -> WebhookPost<'a> {
        WebhookPost { url, headers, body: b"{}".to_vec(), ca_file: None }
    }

    #[tokio::test]
    async fn redirects_are_not_followed_and_the_answer_is_returned() {
        let (url, request) = answering(
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nRetry-After: 7\r\n\r\n",
        )
        .await;
        let headers = [("idempotency-key", "abc".to_owned())];
        let reply = post_to_webhook(post(&url, &headers)).await.expect("an answer");
        assert_eq!((reply.status, reply.retry_after.as_deref()), (307, Some("7")));
        let request = request.await.expect("no panic").to_lowercase();
        assert!(request.starts_with("post /hooks/"), "{request}");
        assert!(request.contains("idempotency-key: abc\r\n"), "{request}");
        assert!(request.contains("content-type: application/json\r\n"), "{request}");
    }

    #[tokio::test]
    async fn no_fault_shows_a_part_of_the_address() {
        // A port without a listener, a host without a name, a text that is no URL.
        for url in [
            format!("http://127.0.0.1:1/{TOKEN}"),
            format!("https://{TOKEN}.invalid/{TOKEN}"),
            format!("hooks/{TOKEN}"),
            format!("ftp://127.0.0.1/{TOKEN}"),
            format!("http://hooks.example.com/{TOKEN}"),
        ] {
            let url = Sealed::clear(url);
            let fault = post_to_webhook(post(&url, &[])).await.expect_err("no answer");
            let shown = format!("{fault} {fault:?}").to_lowercase();
            assert!(!shown.contains(&TOKEN.to_lowercase()), "{shown}");
            assert!(!shown.contains("example.com") && !shown.contains("127.0.0.1"), "{shown}");
        }
    }

    #[test]
    fn only_this_machine_is_posted_to_unencrypted() {
        for (url, expected) in [
            ("https://hooks.example.com/x", Ok(())),
            (" https://hooks.example.com/x\n", Ok(())),
            ("http://127.0.0.1:8080/x", Ok(())),
            ("http://[::1]:8080/x", Ok(())),
            ("http://localhost:8080/x", Ok(())),
            ("http://hooks.example.com/x", Err(WebhookFault::Unencrypted)),
            ("http://localhost.example.com/x", Err(WebhookFault::Unencrypted)),
            ("file:///etc/passwd", Err(WebhookFault::Url)),
            ("", Err(WebhookFault::Url)),
        ] {
            assert_eq!(check_webhook_url(&Sealed::clear(url.to_owned())), expected, "{url}");
        }
    }
}
