//! A browser that a test drives.
//!
//! Owns the process and its pipe. Messages of the DevTools protocol go through standard input and output, so no package
//! and no port is needed. Must never open anything but a file.

use base64::Engine;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A browser that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(120);
/// Tallest screenshot.
const HEIGHT_MAX: u64 = 8_000;
/// The pipe of the protocol is file descriptors 3 and 4. The sandbox needs rights that a build machine may lack; the pages are
/// ours.
const START: &str = "exec \"$0\" --headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run \
    --remote-debugging-pipe --user-data-dir=\"$1\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null";

/// What a person prefers.
#[derive(Copy, Clone, Debug)]
pub enum Scheme {
    Light,
    Dark,
}

/// A browser with one page.
pub struct Browser {
    process: Child,
    pipe: ChildStdin,
    messages: Receiver<Value>,
    session: Option<String>,
    sent: u64,
    events: Vec<Value>,
    page: PathBuf,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Opens a page.
    pub fn open(page: &Path) -> Self {
        let mut browser = Self::start(page);
        browser.reload();
        browser
    }

    /// Opens a page in a browser that runs no scripts of pages.
    pub fn without_scripts(page: &Path) -> Self {
        let mut browser = Self::start(page);
        browser.call("Emulation.setScriptExecutionDisabled", json!({"value": true}));
        browser.reload();
        browser
    }

    fn start(page: &Path) -> Self {
        let program = ["chromium", "chromium-browser", "google-chrome"]
            .into_iter()
            .find(|name| Command::new(name).arg("--version").output().is_ok())
            .expect("Chromium is installed where these tests are asked for");
        let profile = tempfile::tempdir().expect("a directory");
        let mut process = Command::new("sh")
            .args(["-c", START, program])
            .arg(profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let pipe = process.stdin.take().expect("a pipe");
        let output = process.stdout.take().expect("a pipe");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(output).split(0) {
                let Ok(message) = message else { return };
                let Ok(message) = serde_json::from_slice(&message) else { return };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut browser = Self {
            process,
            pipe,
            messages,
            session: None,
            sent: 0,
            events: Vec::new(),
            page: page.to_owned(),
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", target);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    /// Loads the page again, and waits until it is there.
    pub fn reload(&mut self) {
        let url = format!("file://{}", self.page.display());
        self.events.clear();
        self.call("Page.navigate", json!({"url": url}));
        let is_loaded = |event: &Value| event["method"] == "Page.loadEventFired";
        while !self.events.iter().any(is_loaded) {
            let event = self.message();
            self.events.push(event);
        }
    }

    /// Shows the page on a screen of this width.
    pub fn show(&mut self, width: u32, scheme: Scheme) {
        let screen =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", screen);
        let value = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let features = json!([{"name": "prefers-color-scheme", "value": value}]);
        self.call("Emulation.setEmulatedMedia", json!({"media": "", "features": features}));
    }

    /// Shows the page as it is printed, on a screen that prefers dark.
    pub fn print_media(&mut self) {
        let features = json!([{"name": "prefers-color-scheme", "value": "dark"}]);
        self.call("Emulation.setEmulatedMedia", json!({"media": "print", "features": features}));
    }

    /// The value of an expression in the page. Promises are awaited.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let request =
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.call("Runtime.evaluate", request);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Requests besides the page itself, and what the browser complained about.
    pub fn complaints(&self) -> Vec<String> {
        let own = format!("file://{}", self.page.display());
        let complaint = |event: &Value| match event["method"].as_str()? {
            "Network.requestWillBeSent" => {
                let url = event["params"]["request"]["url"].as_str()?;
                (url != own).then(|| format!("request for {url}"))
            }
            "Log.entryAdded" => Some(event["params"]["entry"]["text"].as_str()?.to_owned()),
            "Runtime.exceptionThrown" => Some(event["params"].to_string()),
            _ => None,
        };
        self.events.iter().filter_map(complaint).collect()
    }

    /// Writes the whole page as a picture.
    pub fn screenshot(&mut self, path: &Path) {
        let size = self.evaluate("[innerWidth, document.documentElement.scrollHeight]");
        let height = size[1].as_u64().unwrap_or(HEIGHT_MAX).min(HEIGHT_MAX);
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": height, "scale": 1});
        let request = json!({"captureBeyondViewport": true, "clip": clip});
        let picture = self.call("Page.captureScreenshot", request);
        std::fs::write(path, decoded(&picture)).expect("the directory can be written");
    }

    /// The page as a PDF.
    pub fn pdf(&mut self) -> Vec<u8> {
        decoded(&self.call("Page.printToPDF", json!({"preferCSSPageSize": true})))
    }

    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.sent += 1;
        let mut request = json!({"id": self.sent, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            request["sessionId"] = json!(session);
        }
        let mut bytes = request.to_string().into_bytes();
        bytes.push(0);
        self.pipe.write_all(&bytes).expect("the browser runs");
        loop {
            let message = self.message();
            if message["id"] == self.sent {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn message(&mut self) -> Value {
        self.messages.recv_timeout(PATIENCE).expect("the browser answers")
    }
}

fn decoded(answer: &Value) -> Vec<u8> {
    let text = answer["data"].as_str().expect("data");
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}

impl Drop for Browser {
    fn drop(&mut self) {
        // One that has ended already is what is wanted.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
