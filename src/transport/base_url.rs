//! The tenant's address, as people paste it.
//!
//! Owns the rules for where the token may be sent: which hosts, over what, and what a pasted text means.
//! Must never guess at a host: what is not understood is refused. Refused text is shown only as far as
//! it cannot be a secret.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Hosts of the API. Each follows the tenant's name, one label.
const API_HOSTS: [&str; 5] = [
    "api.kandji.io",
    "api.eu.kandji.io",
    "api.iru.com",
    "api.eu.iru.com",
    "clients.us-1.kandji.io",
];

/// Those of them where tenants in the European Union are, with the dot before them.
const EU_HOSTS: [&str; 2] = [".api.eu.kandji.io", ".api.eu.iru.com"];

/// Hosts of the web interface, and the API's host that belongs to each.
const DASHBOARD_HOSTS: [(&str, &str); 4] = [
    ("kandji.io", "api.kandji.io"),
    ("eu.kandji.io", "api.eu.kandji.io"),
    ("iru.com", "api.iru.com"),
    ("eu.iru.com", "api.eu.iru.com"),
];

/// First labels under the vendor's domains that are no tenants.
const NOT_TENANTS: [&str; 12] = [
    "api", "api-docs", "app", "clients", "docs", "eu", "help", "status", "support", "us", "us-1",
    "www",
];

/// Longest label of a host name, by RFC 1035.
const LABEL_BYTES_MAX: usize = 63;

/// Longest host name, by RFC 1035.
const HOST_BYTES_MAX: usize = 253;

/// The region in which the vendor keeps a tenant's data; it decides the host of the base URL.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Region {
    /// United States.
    Us,
    /// European Union.
    Eu,
}

impl Region {
    /// Reads `us` or `eu`, in any case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "us" => Some(Self::Us),
            "eu" => Some(Self::Eu),
            _ => None,
        }
    }
}

/// Whether hosts that are not the vendor's are accepted.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum OtherHosts {
    /// Only the vendor's, and loopback.
    Refuse,
    /// The operator has named this host on purpose.
    Allow,
}

/// A tenant's address, checked and in one spelling.
///
/// ```
/// use sortie::transport::{OtherHosts, check_base_url};
/// let base = check_base_url("https://accuhive.kandji.io/devices/", OtherHosts::Refuse)?;
/// assert_eq!(base.url, "https://accuhive.api.kandji.io");
/// assert_eq!(base.tenant, "accuhive");
/// # Ok::<(), sortie::transport::BaseUrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    /// Scheme, host and, where it is not the usual one, port; no trailing slash.
    pub url: String,
    /// The host without port; an IPv6 address without brackets.
    pub host: String,
    /// First label of the host; the whole host where that is an address or `localhost`.
    pub tenant: String,
    /// Whether it is this machine.
    pub is_loopback: bool,
}

/// Why a text is not accepted as a tenant's address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// Nothing there.
    #[error("the base URL is empty; write https://SUBDOMAIN.api.kandji.io")]
    Empty,
    /// Cannot be read. The text is not repeated: it may be a token in the wrong place.
    #[error("the base URL does not have the form https://SUBDOMAIN.api.kandji.io")]
    Form,
    /// A name without a dot.
    #[error(
        "the base URL has no host name; write https://SUBDOMAIN.api.kandji.io, or use --subdomain with --region"
    )]
    BareName,
    /// Neither http nor https.
    #[error("the base URL must begin with https://")]
    Scheme,
    /// http to another machine.
    #[error("http:// would send the token unencrypted to {host}; use https://")]
    Insecure {
        /// The host.
        host: String,
    },
    /// User name or password before the host.
    #[error("the base URL contains a user name or password; remove everything up to the @")]
    Credentials,
    /// A query or fragment.
    #[error("the base URL has a query or fragment; remove everything from the ? or # on")]
    Query,
    /// A path that is not the API's root.
    #[error("the base URL has a path after the host; write only https://{host}")]
    Path {
        /// The host.
        host: String,
    },
    /// A port where the vendor has none.
    #[error("{host} uses port 443 only; remove the port")]
    Port {
        /// The host.
        host: String,
    },
    /// The vendor's, but of no tenant.
    #[error(
        "{host} is not the address of a tenant; an address has the form https://SUBDOMAIN.api.kandji.io"
    )]
    NoTenant {
        /// The host.
        host: String,
    },
    /// Not the vendor's.
    #[error("{host} is not a Kandji or Iru host, and it would receive the token")]
    UnknownHost {
        /// The host.
        host: String,
    },
    /// Not a subdomain.
    #[error(
        "the subdomain must be one name of letters, digits and hyphens, for example accuhive in https://accuhive.kandji.io"
    )]
    Subdomain,
}

/// Checks a pasted address and normalizes it.
///
/// A missing scheme becomes https (http for loopback, where no server uses https), `/api` and `/api/v1`
/// are dropped, an address of the web interface becomes that of its API.
///
/// # Errors
/// [`BaseUrlError`] says what is wrong and what to give instead.
pub fn check_base_url(text: &str, other_hosts: OtherHosts) -> Result<BaseUrl, BaseUrlError> {
    let parts = Parts::split(text.trim())?;
    let is_loopback = is_loopback(&parts.host);
    let scheme = match parts.scheme {
        Some(Scheme::Http) | None if is_loopback => "http",
        Some(Scheme::Http) => return Err(BaseUrlError::Insecure { host: parts.host }),
        _ => "https",
    };
    if is_loopback {
        parts.expect_api_root()?;
        let url = format!("{scheme}://{}{}", parts.host_in_url(), parts.port_in_url(scheme));
        return Ok(BaseUrl { url, tenant: parts.host.clone(), host: parts.host, is_loopback });
    }
    let Some(host) = vendor_host(&parts)? else { return other_host(parts, other_hosts) };
    if parts.port.is_some_and(|port| port != 443) {
        return Err(BaseUrlError::Port { host });
    }
    Ok(BaseUrl { url: format!("https://{host}"), tenant: first_label(&host), host, is_loopback })
}

/// The address of a tenant's API from its subdomain.
///
/// # Errors
/// [`BaseUrlError::Subdomain`] unless the subdomain is one label of letters, digits and hyphens.
pub fn base_url_of(subdomain: &str, region: Region) -> Result<String, BaseUrlError> {
    let label = subdomain.trim().to_ascii_lowercase();
    if !is_label(&label) || NOT_TENANTS.contains(&label.as_str()) {
        return Err(BaseUrlError::Subdomain);
    }
    Ok(match region {
        Region::Us => format!("https://{label}.api.kandji.io"),
        Region::Eu => format!("https://{label}.api.eu.kandji.io"),
    })
}

/// One name for a tenant, however its address is spelt: what is counted or compared over several runs goes by it.
///
/// The vendor serves one tenant under several hosts, and this machine has several names. Two programs on one port of
/// loopback count as one tenant.
///
/// ```
/// use sortie::transport::tenant_key;
/// assert_eq!(tenant_key("https://acme.api.kandji.io"), tenant_key("https://acme.api.iru.com"));
/// assert_ne!(tenant_key("https://acme.api.kandji.io"), tenant_key("https://acme.api.eu.kandji.io"));
/// ```
#[must_use]
pub fn tenant_key(base_url: &str) -> String {
    let Ok(parts) = Parts::split(base_url.trim()) else { return base_url.to_ascii_lowercase() };
    let is_loopback = is_loopback(&parts.host);
    let usual_port = match parts.scheme {
        Some(Scheme::Http) => 80,
        None if is_loopback => 80,
        Some(Scheme::Https) | None => 443,
    };
    let port = parts.port.unwrap_or(usual_port);
    if is_loopback {
        return format!("loopback:{port}");
    }
    let Ok(Some(host)) = vendor_host(&parts) else {
        return format!("{}:{port}", parts.host_in_url());
    };
    let region = if EU_HOSTS.iter().any(|eu| host.ends_with(eu)) { "eu" } else { "us" };
    format!("{} in {region}", first_label(&host))
}

/// The vendor's host that is meant; `None` when it is not the vendor's at all.
fn vendor_host(parts: &Parts) -> Result<Option<String>, BaseUrlError> {
    let Some((tenant, rest)) = parts.host.split_once('.') else { return Ok(None) };
    let dashboard = DASHBOARD_HOSTS.iter().find(|(host, _)| *host == rest);
    if API_HOSTS.contains(&rest) {
        parts.expect_api_root()?;
    } else if dashboard.is_some() {
        if parts.path != "/devices" {
            parts.expect_api_root()?;
        }
    } else if is_vendor_domain(&parts.host) {
        return Err(BaseUrlError::NoTenant { host: parts.host.clone() });
    } else {
        return Ok(None);
    }
    if NOT_TENANTS.contains(&tenant) {
        return Err(BaseUrlError::NoTenant { host: parts.host.clone() });
    }
    Ok(Some(match dashboard {
        Some((_, api)) => format!("{tenant}.{api}"),
        None => parts.host.clone(),
    }))
}

/// Invariant: reached only over https; plain http has been refused by then.
fn other_host(parts: Parts, other_hosts: OtherHosts) -> Result<BaseUrl, BaseUrlError> {
    if other_hosts == OtherHosts::Refuse {
        return Err(BaseUrlError::UnknownHost { host: parts.host });
    }
    parts.expect_api_root()?;
    let url = format!("https://{}{}", parts.host_in_url(), parts.port_in_url("https"));
    let tenant =
        if is_address(&parts.host) { parts.host.clone() } else { first_label(&parts.host) };
    Ok(BaseUrl { url, tenant, host: parts.host, is_loopback: false })
}

#[derive(Copy, Clone, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

/// A text taken apart, each part checked for its characters.
struct Parts {
    scheme: Option<Scheme>,
    /// Lower case; an IPv6 address without brackets.
    host: String,
    port: Option<u16>,
    /// Lower case, without trailing slashes.
    path: String,
}

impl Parts {
    fn split(text: &str) -> Result<Self, BaseUrlError> {
        if text.is_empty() {
            return Err(BaseUrlError::Empty);
        }
        // Programs disagree on what these characters do to a host: none of them may decide for us.
        if text.contains(|letter: char| !letter.is_ascii_graphic() || letter == '\\') {
            return Err(BaseUrlError::Form);
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((word, rest)) => (Some(scheme_of(word)?), rest),
            None => (None, text),
        };
        if rest.contains(['?', '#']) {
            return Err(BaseUrlError::Query);
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(BaseUrlError::Credentials);
        }
        let (host, port) = host_and_port(&authority.to_ascii_lowercase())?;
        let path = path.trim_end_matches('/').to_ascii_lowercase();
        Ok(Self { scheme, host, port, path })
    }

    fn expect_api_root(&self) -> Result<(), BaseUrlError> {
        match self.path.as_str() {
            "" | "/api" | "/api/v1" => Ok(()),
            _ => Err(BaseUrlError::Path { host: self.host.clone() }),
        }
    }

    fn host_in_url(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }

    fn port_in_url(&self, scheme: &str) -> String {
        match (self.port, scheme) {
            (None, _) | (Some(443), "https") | (Some(80), "http") => String::new(),
            (Some(port), _) => format!(":{port}"),
        }
    }
}

fn scheme_of(word: &str) -> Result<Scheme, BaseUrlError> {
    match word.to_ascii_lowercase().as_str() {
        "https" => Ok(Scheme::Https),
        "http" => Ok(Scheme::Http),
        _ => Err(BaseUrlError::Scheme),
    }
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), BaseUrlError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, tail) = rest.split_once(']').ok_or(BaseUrlError::Form)?;
        let address: Ipv6Addr = address.parse().map_err(|_| BaseUrlError::Form)?;
        let port = match tail.strip_prefix(':') {
            Some(digits) => Some(port_of(digits)?),
            None if tail.is_empty() => None,
            None => return Err(BaseUrlError::Form),
        };
        return Ok((address.to_string(), port));
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, digits)) => (host, Some(port_of(digits)?)),
        None => (authority, None),
    };
    if host != "localhost" && !host.contains('.') {
        return Err(BaseUrlError::BareName);
    }
    // A last label of digits makes programs read the whole as an address, in forms such as 127.1.
    let last = host.rsplit('.').next().unwrap_or_default();
    let is_numeric = last.starts_with(|first: char| first.is_ascii_digit());
    let is_host = host.len() <= HOST_BYTES_MAX && host.split('.').all(is_label);
    if !is_host || (is_numeric && host.parse::<Ipv4Addr>().is_err()) {
        return Err(BaseUrlError::Form);
    }
    Ok((host.to_owned(), port))
}

fn port_of(digits: &str) -> Result<u16, BaseUrlError> {
    let is_plain = digits.bytes().all(|digit| digit.is_ascii_digit());
    let port = digits.parse().ok().filter(|port: &u16| *port > 0 && is_plain);
    port.ok_or(BaseUrlError::Form)
}

fn is_label(label: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(is_inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Of a host without port and brackets.
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

fn is_address(host: &str) -> bool {
    host.parse::<Ipv4Addr>().is_ok() || host.contains(':')
}

fn is_vendor_domain(host: &str) -> bool {
    ["kandji.io", "iru.com"].iter().any(|domain| {
        host.strip_suffix(domain).is_some_and(|front| front.is_empty() || front.ends_with('.'))
    })
}

fn first_label(host: &str) -> String {
    host.split('.').next().unwrap_or(host).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Result<String, BaseUrlError> {
        check_base_url(text, OtherHosts::Refuse).map(|base| base.url)
    }

    #[test]
    fn what_people_paste_becomes_one_spelling() {
        for (text, expected) in [
            ("https://acme.api.kandji.io", "https://acme.api.kandji.io"),
            ("  acme.api.kandji.io/ ", "https://acme.api.kandji.io"),
            ("HTTPS://Acme.API.Kandji.io:443/api/v1/", "https://acme.api.kandji.io"),
            ("acme.api.eu.kandji.io/api", "https://acme.api.eu.kandji.io"),
            ("acme.clients.us-1.kandji.io", "https://acme.clients.us-1.kandji.io"),
            ("https://acme.kandji.io/devices/", "https://acme.api.kandji.io"),
            ("https://acme.kandji.io", "https://acme.api.kandji.io"),
            ("acme.eu.kandji.io/devices", "https://acme.api.eu.kandji.io"),
            ("acme.iru.com", "https://acme.api.iru.com"),
            ("acme.eu.iru.com", "https://acme.api.eu.iru.com"),
            ("https://acme.api.iru.com", "https://acme.api.iru.com"),
            ("https://acme.api.eu.iru.com", "https://acme.api.eu.iru.com"),
            ("http://127.0.0.1:8080/api/v1", "http://127.0.0.1:8080"),
            ("localhost:8080", "http://localhost:8080"),
            ("http://[::1]:9000/", "http://[::1]:9000"),
            ("https://127.5.5.5:8443", "https://127.5.5.5:8443"),
        ] {
            assert_eq!(check(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_for_its_own_reason() {
        let host = |text: &str| text.to_owned();
        for (text, expected) in [
            ("", BaseUrlError::Empty),
            ("acme", BaseUrlError::BareName),
            ("d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f", BaseUrlError::BareName),
            ("ftp://acme.api.kandji.io", BaseUrlError::Scheme),
            (
                "http://acme.api.kandji.io",
                BaseUrlError::Insecure { host: host("acme.api.kandji.io") },
            ),
            (
                "http://127.0.0.1.evil.com",
                BaseUrlError::Insecure { host: host("127.0.0.1.evil.com") },
            ),
            ("https://u:p@acme.api.kandji.io", BaseUrlError::Credentials),
            ("https://acme.api.kandji.io@evil.com", BaseUrlError::Credentials),
            ("https://acme.api.kandji.io?x=1", BaseUrlError::Query),
            ("https://acme.api.kandji.io/#x", BaseUrlError::Query),
            (
                "https://acme.api.kandji.io/api/v2",
                BaseUrlError::Path { host: host("acme.api.kandji.io") },
            ),
            (
                "https://acme.api.kandji.io:8443",
                BaseUrlError::Port { host: host("acme.api.kandji.io") },
            ),
            ("https://api.kandji.io", BaseUrlError::NoTenant { host: host("api.kandji.io") }),
            ("https://docs.iru.com", BaseUrlError::NoTenant { host: host("docs.iru.com") }),
            ("https://kandji.io", BaseUrlError::NoTenant { host: host("kandji.io") }),
            (
                "https://a.b.api.kandji.io",
                BaseUrlError::NoTenant { host: host("a.b.api.kandji.io") },
            ),
            (
                "https://acme.api.kandji.io.evil.com",
                BaseUrlError::UnknownHost { host: host("acme.api.kandji.io.evil.com") },
            ),
            ("https://acmekandji.io", BaseUrlError::UnknownHost { host: host("acmekandji.io") }),
            ("https://10.0.0.5", BaseUrlError::UnknownHost { host: host("10.0.0.5") }),
            ("https://127.1", BaseUrlError::Form),
            ("https://0x7f.0.0.0x1", BaseUrlError::Form),
            ("https://acme.api.kandji.io\\@evil.com", BaseUrlError::Form),
            ("https://аcme.api.kandji.io", BaseUrlError::Form),
            ("https://ac me.api.kandji.io", BaseUrlError::Form),
            ("https://acme..kandji.io", BaseUrlError::Form),
            ("https://acme.api.kandji.io.", BaseUrlError::Form),
            ("https://acme%2eapi.kandji.io", BaseUrlError::Form),
            ("https://acme.api.kandji.io:+443", BaseUrlError::Form),
            ("https://acme.api.kandji.io:", BaseUrlError::Form),
            ("https://[::1", BaseUrlError::Form),
        ] {
            assert_eq!(check(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn another_host_needs_a_word_and_still_https() {
        let allow = |text| check_base_url(text, OtherHosts::Allow);
        let base = allow("https://mdm.example.org:8443/api/v1").expect("allowed");
        assert_eq!(base.url, "https://mdm.example.org:8443");
        assert_eq!(base.tenant, "mdm");
        assert_eq!(allow("https://10.0.0.5").map(|base| base.tenant).as_deref(), Ok("10.0.0.5"));
        assert!(matches!(allow("http://mdm.example.org"), Err(BaseUrlError::Insecure { .. })));
        assert!(matches!(allow("mdm.example.org/x"), Err(BaseUrlError::Path { .. })));
    }

    #[test]
    fn tenant_and_loopback_hosts_are_distinguished() {
        let base = check_base_url("http://[::1]:9000", OtherHosts::Refuse).expect("loopback");
        assert_eq!((base.host.as_str(), base.tenant.as_str()), ("::1", "::1"));
        assert!(base.is_loopback);
        let base = check_base_url("acme.eu.kandji.io", OtherHosts::Refuse).expect("a tenant");
        assert_eq!((base.host.as_str(), base.tenant.as_str()), ("acme.api.eu.kandji.io", "acme"));
        assert!(!base.is_loopback);
    }

    #[test]
    fn a_tenant_has_one_key_at_every_address() {
        for (texts, expected) in [
            (
                &[
                    "https://acme.api.kandji.io",
                    "https://acme.api.iru.com",
                    "https://acme.clients.us-1.kandji.io",
                    "https://ACME.api.kandji.io:443/api/v1/",
                    "acme.kandji.io",
                    "acme.iru.com",
                ][..],
                "acme in us",
            ),
            (
                &[
                    "https://acme.api.eu.kandji.io",
                    "https://acme.api.eu.iru.com",
                    "acme.eu.iru.com",
                ],
                "acme in eu",
            ),
            (&["https://eu.api.kandji.io"], "eu.api.kandji.io:443"),
            (
                &[
                    "http://127.0.0.1:8080",
                    "http://localhost:8080",
                    "http://LOCALHOST:8080/",
                    "http://[::1]:8080",
                    "https://127.5.5.5:8080",
                ],
                "loopback:8080",
            ),
            (&["http://127.0.0.1", "http://[::1]:80"], "loopback:80"),
            (&["https://localhost"], "loopback:443"),
            (&["https://MDM.example.org", "https://mdm.example.org:443/"], "mdm.example.org:443"),
            (&["https://mdm.example.org:8443"], "mdm.example.org:8443"),
            (&["https://[2001:DB8::1]:8443"], "[2001:db8::1]:8443"),
            (&["no address?"], "no address?"),
        ] {
            for text in texts {
                assert_eq!(tenant_key(text), expected, "{text}");
            }
        }
        // Every host of the table is some tenant's, and only those of one region are the same one's.
        let keys: std::collections::BTreeSet<String> =
            API_HOSTS.iter().map(|host| tenant_key(&format!("https://acme.{host}"))).collect();
        assert_eq!(keys.into_iter().collect::<Vec<_>>(), ["acme in eu", "acme in us"]);
    }

    #[test]
    fn a_subdomain_is_one_label() {
        assert_eq!(
            base_url_of(" Acme-1 ", Region::Us).as_deref(),
            Ok("https://acme-1.api.kandji.io")
        );
        assert_eq!(base_url_of("acme", Region::Eu).as_deref(), Ok("https://acme.api.eu.kandji.io"));
        for text in ["", "a.b", "acme.evil.com/", "-a", "a-", "a_b", "a@b", "api", "ä"] {
            assert_eq!(base_url_of(text, Region::Us), Err(BaseUrlError::Subdomain), "{text}");
        }
        assert_eq!(Region::parse("EU"), Some(Region::Eu));
        assert_eq!(Region::parse("asia"), None);
    }
}
