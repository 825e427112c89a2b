//! The connection to a Temporal server.
//!
//! Owns the flags and variables that name it, which are those of Temporal's own command line, and the words for a server that does not
//! answer. Must never take a key on the command line: arguments are visible to every user of the machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use sortie::app::RefusalClass;
use sortie::cli::companion::CompanionError;
use temporalio_client::errors::ClientConnectError;
use temporalio_client::tonic::{Code, Request, Status};
use temporalio_client::{
    Client, ClientOptions, ClientTlsOptions, Connection, ConnectionOptions, TlsOptions, Url,
};
use temporalio_common::protos::temporal::api::workflowservice::v1::DescribeNamespaceRequest;

use crate::worker::TASK_QUEUE;

/// How long a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Largest file of a certificate or a key, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// The variable that holds an API key.
const API_KEY_VARIABLE: &str = "TEMPORAL_API_KEY";
/// Heading of these flags in the help.
const HEADING: &str = "Temporal";

/// Flags that name a Temporal server.
#[derive(Clone, Debug, Args)]
pub struct ConnectOptions {
    /// Connect to this server [default: 127.0.0.1:7233]
    #[arg(long, env = "TEMPORAL_ADDRESS", hide_env_values = true, default_value = "127.0.0.1:7233", hide_default_value = true, value_name = "HOST:PORT", global = true, help_heading = HEADING)]
    pub address: String,
    /// Use this namespace [default: default]
    #[arg(long, env = "TEMPORAL_NAMESPACE", hide_env_values = true, default_value = "default", hide_default_value = true, value_name = "NAME", global = true, help_heading = HEADING)]
    pub namespace: String,
    /// Use this task queue [default: sortie]
    #[arg(long, env = "SORTIE_TASK_QUEUE", hide_env_values = true, default_value = TASK_QUEUE, hide_default_value = true, value_name = "NAME", global = true, help_heading = HEADING)]
    pub task_queue: String,
    /// Use TLS; implied by a certificate, a CA and an API key
    #[arg(long, env = "TEMPORAL_TLS", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new(), global = true, help_heading = HEADING)]
    pub tls: bool,
    /// Trust the CAs in this PEM file [default: those of the system]
    #[arg(long, env = "TEMPORAL_TLS_SERVER_CA_CERT_PATH", hide_env_values = true, value_name = "FILE", global = true, help_heading = HEADING)]
    pub tls_ca_path: Option<PathBuf>,
    /// Identify with the client certificate in this PEM file
    #[arg(long, env = "TEMPORAL_TLS_CLIENT_CERT_PATH", hide_env_values = true, value_name = "FILE", global = true, help_heading = HEADING)]
    pub tls_cert_path: Option<PathBuf>,
    /// Read the private key of the client certificate from this PEM file
    #[arg(long, env = "TEMPORAL_TLS_CLIENT_KEY_PATH", hide_env_values = true, value_name = "FILE", global = true, help_heading = HEADING)]
    pub tls_key_path: Option<PathBuf>,
    /// Expect this name in the server's certificate [default: the host]
    #[arg(long, env = "TEMPORAL_TLS_SERVER_NAME", hide_env_values = true, value_name = "NAME", global = true, help_heading = HEADING)]
    pub tls_server_name: Option<String>,
    /// Read the API key from this file, such as for Temporal Cloud [default: TEMPORAL_API_KEY]
    #[arg(long, value_name = "FILE", global = true, help_heading = HEADING)]
    pub api_key_file: Option<PathBuf>,
}

/// A server, as a client of one namespace.
#[derive(Clone)]
pub struct Server {
    /// The client.
    pub client: Client,
    /// The task queue of the workers.
    pub task_queue: String,
    /// The namespace, by a name that no other one has.
    pub place: Place,
    /// How long the namespace remembers a workflow that has ended, in milliseconds.
    pub retention_ms: u64,
}

/// A namespace of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The address of the server, as it was given.
    pub address: String,
    /// The name of the namespace.
    pub namespace: String,
    /// The id that the server gave the namespace when it was made: a server that lost its data has another one.
    pub namespace_id: String,
}

impl Place {
    /// The text that the state directory keeps. The address is for people; a namespace is told by its id.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("namespace {} ({})", self.namespace, self.namespace_id)
    }
}

impl ConnectOptions {
    /// Connects, and reads what the namespace is like.
    ///
    /// # Errors
    /// A file cannot be read, the server does not answer, or it has no such namespace.
    pub async fn connect(&self) -> Result<Server, CompanionError> {
        let api_key = self.api_key()?;
        let tls = self.tls(api_key.is_some())?;
        let target = self.target(tls.is_some())?;
        let options = ConnectionOptions::new(target)
            .identity(identity())
            .connect_timeout(CONNECT_WITHIN)
            .maybe_tls_options(tls)
            .maybe_api_key(api_key)
            .build();
        let connecting = tokio::time::timeout(CONNECT_WITHIN * 2, Connection::connect(options));
        let connection = match connecting.await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Err(self.unreachable(&error)),
            Err(_) => return Err(self.silent("it did not answer in time")),
        };
        let options = ClientOptions::new(self.namespace.clone()).build();
        let client =
            Client::new(connection, options).map_err(|error| self.silent(&error.to_string()))?;
        self.describe(client).await
    }

    async fn describe(&self, client: Client) -> Result<Server, CompanionError> {
        let request = DescribeNamespaceRequest {
            namespace: self.namespace.clone(),
            ..DescribeNamespaceRequest::default()
        };
        let mut service = client.connection().workflow_service();
        let described = service.describe_namespace(Request::new(request)).await;
        let described = described.map_err(|status| self.refused(&status))?.into_inner();
        let retention = described
            .config
            .and_then(|config| config.workflow_execution_retention_ttl)
            .map_or(0, |ttl| u64::try_from(ttl.seconds).unwrap_or(0));
        let namespace_id = described.namespace_info.map(|info| info.id).unwrap_or_default();
        let place = Place {
            address: self.address.clone(),
            namespace: self.namespace.clone(),
            namespace_id,
        };
        let task_queue = self.task_queue.clone();
        Ok(Server { client, task_queue, place, retention_ms: retention * 1_000 })
    }

    /// The address as a URL. Without a scheme it is one with TLS where TLS is used.
    fn target(&self, has_tls: bool) -> Result<Url, CompanionError> {
        let given = self.address.trim();
        let scheme = if has_tls { "https" } else { "http" };
        let text = match given.contains("://") {
            true => given.to_owned(),
            false => format!("{scheme}://{given}"),
        };
        Url::parse(&text).ok().filter(|url| url.host().is_some()).ok_or_else(|| {
            usage(
                format!("'{given}' is not the address of a server"),
                "write it as HOST:PORT, with --address or TEMPORAL_ADDRESS",
            )
        })
    }

    fn api_key(&self) -> Result<Option<String>, CompanionError> {
        let text = match &self.api_key_file {
            Some(path) => Some(read_secret(path)?),
            None => std::env::var(API_KEY_VARIABLE).ok(),
        };
        Ok(text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()))
    }

    fn tls(&self, has_api_key: bool) -> Result<Option<TlsOptions>, CompanionError> {
        let ca = self.tls_ca_path.as_deref().map(read).transpose()?;
        let client = match (&self.tls_cert_path, &self.tls_key_path) {
            (None, None) => None,
            (Some(cert), Some(key)) => Some(
                ClientTlsOptions::builder()
                    .client_cert(read(cert)?)
                    .client_private_key(read_secret(key)?.into_bytes())
                    .build(),
            ),
            _ => {
                return Err(usage(
                    "a client certificate needs its private key, and a key its certificate",
                    "give both --tls-cert-path and --tls-key-path",
                ));
            }
        };
        let is_wanted = self.tls
            || has_api_key
            || ca.is_some()
            || client.is_some()
            || self.tls_server_name.is_some();
        Ok(is_wanted.then(|| {
            TlsOptions::builder()
                .maybe_server_root_ca_cert(ca)
                .maybe_domain(self.tls_server_name.clone())
                .maybe_client_tls_options(client)
                .build()
        }))
    }

    fn unreachable(&self, error: &ClientConnectError) -> CompanionError {
        match error {
            ClientConnectError::SystemInfoCallError(status) => self.refused(status),
            ClientConnectError::DnsResolutionError { host, source } => CompanionError::new(
                RefusalClass::Unexpected,
                format!("there is no host '{host}': {source}"),
                "correct --address or TEMPORAL_ADDRESS",
            ),
            error => self.silent(&innermost(error)),
        }
    }

    fn silent(&self, why: &str) -> CompanionError {
        CompanionError::new(
            RefusalClass::Unexpected,
            format!("there is no connection to the Temporal server {}: {why}", self.address),
            "check the address, TLS and the network; for a try, start a server:\n  temporal server start-dev --ip 127.0.0.1 --ui-ip 127.0.0.1",
        )
    }

    /// What the server said to a request.
    fn refused(&self, status: &Status) -> CompanionError {
        match status.code() {
            Code::NotFound => CompanionError::new(
                RefusalClass::Usage,
                format!("the server {} has no namespace '{}'", self.address, self.namespace),
                format!(
                    "name another one with --namespace, or make it:\n  temporal operator namespace create --retention 30d {}",
                    self.namespace
                ),
            ),
            Code::Unauthenticated | Code::PermissionDenied => CompanionError::new(
                RefusalClass::Authentication,
                format!("the Temporal server {} denies access: {}", self.address, status.message()),
                "check the API key (--api-key-file) or the client certificate (--tls-cert-path)",
            ),
            _ => self.silent(status.message()),
        }
    }
}

/// Who asks, for the lists that Temporal shows.
fn identity() -> String {
    format!("sortie-temporal {} pid {}", env!("CARGO_PKG_VERSION"), std::process::id())
}

fn usage(what: impl Into<String>, next: &str) -> CompanionError {
    CompanionError::new(RefusalClass::Usage, what, next)
}

/// The cause of an error that says the most: the last one.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

fn read(path: &Path) -> Result<Vec<u8>, CompanionError> {
    use std::io::Read;
    let failed = |error: std::io::Error| {
        usage(format!("cannot read {}: {error}", path.display()), "name another file")
    };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Reads a file that its owner alone may read.
fn read_secret(path: &Path) -> Result<String, CompanionError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map(|metadata| metadata.permissions().mode());
        if mode.is_ok_and(|mode| mode & 0o077 != 0) {
            return Err(usage(
                format!("other users can read {}", path.display()),
                &format!("make it private:\n  chmod 600 {}", path.display()),
            ));
        }
    }
    String::from_utf8(read(path)?)
        .map_err(|_| usage(format!("{} is not text", path.display()), "name a text file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(address: &str) -> ConnectOptions {
        ConnectOptions {
            address: address.to_owned(),
            namespace: "default".to_owned(),
            task_queue: TASK_QUEUE.to_owned(),
            tls: false,
            tls_ca_path: None,
            tls_cert_path: None,
            tls_key_path: None,
            tls_server_name: None,
            api_key_file: None,
        }
    }

    #[test]
    fn an_address_has_the_scheme_that_tls_asks_for() {
        for (given, has_tls, expected) in [
            ("127.0.0.1:7233", false, "http://127.0.0.1:7233/"),
            ("acme.tmprl.cloud:7233", true, "https://acme.tmprl.cloud:7233/"),
            ("http://localhost:1", true, "http://localhost:1/"),
        ] {
            let url = options(given).target(has_tls).expect("an address");
            assert_eq!(url.as_str(), expected);
        }
        assert!(options("").target(false).is_err());
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        let mut half = options("a:1");
        half.tls_cert_path = Some("cert.pem".into());
        let Err(error) = half.tls(false) else { panic!("the key is missing") };
        assert!(error.what().contains("private key"), "{}", error.what());
        assert!(options("a:1").tls(false).expect("plain").is_none());
        assert!(options("a:1").tls(true).expect("an API key implies it").is_some());
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("key");
        std::fs::write(&path, "secret\n").expect("written");
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
        mode(0o644).expect("it is ours");
        let with_key = ConnectOptions { api_key_file: Some(path.clone()), ..options("a:1") };
        let error = with_key.api_key().expect_err("others can read it");
        assert!(!error.what().contains("secret"));
        mode(0o600).expect("it is ours");
        assert_eq!(with_key.api_key().expect("private"), Some("secret".to_owned()));
    }
}
