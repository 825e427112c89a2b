//! nginx with fixed answers, where it is installed: a server that is never the bottleneck.
//!
//! Owns its process. Where nginx is missing, the fixed tenant of this measurement answers, which is slower.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::tenant::{Manner, Tenant};

/// A server for the length of a section.
pub enum Answers {
    /// A process of ours.
    Nginx { process: Child, url: String, _directory: tempfile::TempDir },
    /// A thread of ours.
    Own(Tenant),
}

impl Answers {
    /// Starts what is there.
    pub fn start() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let port = port.expect("a free port").port();
        let directory = tempfile::tempdir().expect("a directory");
        let at = directory.path().display();
        let configuration = format!(
            "worker_processes 1; pid {at}/pid; error_log {at}/errors; daemon off;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log off; keepalive_requests 100000000; keepalive_timeout 600s;\n\
             client_body_temp_path {at}/body; proxy_temp_path {at}/proxy; fastcgi_temp_path {at}/fastcgi;\n\
             uwsgi_temp_path {at}/uwsgi; scgi_temp_path {at}/scgi;\n\
             server {{ listen 127.0.0.1:{port}; location / {{ default_type application/json; return 200 '{{}}'; }} }} }}\n"
        );
        let file = directory.path().join("nginx.conf");
        fs::write(&file, configuration).expect("a file");
        let started = Command::new("nginx")
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(process) = started else {
            return Self::Own(Tenant::start(Manner { devices: 0, latency: Duration::ZERO }));
        };
        for _ in 0..200 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                let url = format!("http://127.0.0.1:{port}");
                return Self::Nginx { process, url, _directory: directory };
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("nginx does not listen")
    }

    /// The base URL.
    pub fn url(&self) -> String {
        match self {
            Self::Nginx { url, .. } => url.clone(),
            Self::Own(tenant) => tenant.url(),
        }
    }

    /// What answers.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Nginx { .. } => "nginx",
            Self::Own(_) => "the fixed tenant of this measurement",
        }
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        let Self::Nginx { process, .. } = self else { return };
        // Its master ends the worker on this signal.
        if let Some(pid) = i32::try_from(process.id()).ok().and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = process.wait();
    }
}
