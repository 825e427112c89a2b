//! Notifications, as chat services, programs and mail servers on loopback get them.
//!
//! Owns what reaches them and when, and what never does: a PIN, a token, an address. Must never depend on how fast a delivery is.

use sha2::{Digest, Sha256};
use sortie::simulator::{DeviceKind, FaultMatcher, FaultMoment, Faults};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};

use crate::harness::{Bench, Ran, Tenant, add, canned, eventually, prompt_world, serial};
use crate::secrets::{files_below, has_number};

/// Part of each address: chat services put a token there.
const URL_TOKEN: &str = "T0KENinTHEpath";
/// What deliveries are signed with.
const SIGNING: &str = "s1gning-s3cret-of-the-test";

/// A request that the receiver got.
#[derive(Clone, Debug)]
pub struct Received {
    head: String,
    body: String,
}

impl Received {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("a body of JSON")
    }

    fn header(&self, name: &str) -> String {
        let found = self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        });
        found.unwrap_or_default()
    }
}

/// How the receiver answers.
#[derive(Copy, Clone, Debug)]
pub enum Answer {
    Status(u16),
    /// It never answers.
    Silence,
}

/// A receiver of webhooks on loopback.
pub struct Receiver {
    address: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// Answers with these, one after the other, and then with 200.
    pub fn answering(answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let address = listener.local_addr().expect("bound").to_string();
        let received = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(answers.to_vec()));
        let (seen, queue) = (Arc::clone(&received), answers);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, queue) = (Arc::clone(&seen), Arc::clone(&queue));
                std::thread::spawn(move || serve(stream, &seen, &queue));
            }
        });
        Self { address, received }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hooks/{URL_TOKEN}", self.address)
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic").clone()
    }

    /// What arrived of a kind.
    fn of_kind(&self, kind: &str) -> Vec<serde_json::Value> {
        let bodies = self.received().into_iter().map(|request| request.json());
        bodies.filter(|body| body["kind"] == kind).collect()
    }
}

fn serve(
    mut stream: TcpStream,
    received: &Mutex<Vec<Received>>,
    answers: &Mutex<Vec<Answer>>,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.to_lowercase().split_once("content-length: ")?.1.lines().next()?.parse();
    let mut body = vec![0; length.ok()?];
    reader.read_exact(&mut body).ok()?;
    let answer = {
        let mut answers = answers.lock().expect("no panic");
        if answers.is_empty() { Answer::Status(200) } else { answers.remove(0) }
    };
    let body = String::from_utf8(body).ok()?;
    received.lock().expect("no panic").push(Received { head, body });
    match answer {
        Answer::Status(status) => {
            let answer = format!("HTTP/1.1 {status} Answer\r\nContent-Length: 2\r\n\r\nok");
            stream.write_all(answer.as_bytes()).ok()
        }
        Answer::Silence => {
            // Until the other side closes.
            let mut rest = Vec::new();
            reader.read_to_end(&mut rest).ok().map(drop)
        }
    }
}

/// A tenant with one iPad, and a bench with a profile that has these channels.
fn bench(channels: &str) -> (Tenant, Bench) {
    let mut world = prompt_world(Faults::default());
    add(&mut world, DeviceKind::IPad, &serial(0));
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    bench.write("config.toml", &format!("default_profile = \"acme\"\n[profile.acme]\n{channels}"));
    (tenant, bench)
}

/// A channel that gets the facts as JSON, at the address in `HOOK_URL`.
const HOOK: &str = "[profile.acme.notify.hook]\nwebhook = { url_env = \"HOOK_URL\" }\n";

/// The program with addresses in its environment.
fn command(bench: &Bench, url: &str, arguments: &[&str]) -> std::process::Command {
    let mut command = bench.command();
    command
        .env("SORTIE_CONFIG", bench.path("config.toml"))
        .env("HOOK_URL", url)
        .env("HOOK_SECRET", SIGNING)
        .args(arguments);
    command
}

fn sortie(bench: &Bench, url: &str, arguments: &[&str]) -> Ran {
    Ran::of(command(bench, url, arguments).output().expect("the program starts"))
}

/// A run of benign work on the iPad.
const SEND: [&str; 4] = ["send", "blank-push", "--serial", "C02ZCCCCJGH5"];

/// HMAC-SHA256 by its definition.
fn hmac(key: &[u8], text: &[u8]) -> String {
    let padded = |pad: u8| -> Vec<u8> {
        (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ pad).collect()
    };
    let inner = Sha256::digest([padded(0x36), text.to_vec()].concat());
    let outer = Sha256::digest([padded(0x5c), inner.to_vec()].concat());
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn slack_gets_a_message_about_the_end_of_a_run() {
    let receiver = Receiver::answering(&[]);
    let (_tenant, bench) = bench(
        "[profile.acme.notify.ops]\non = [\"finished\"]\nslack = { url_env = \"HOOK_URL\" }\n",
    );
    sortie(&bench, &receiver.url(), &SEND).expect(0);
    let received = receiver.received();
    assert_eq!(received.len(), 1, "{received:?}");
    let body = received[0].json();
    let text = body["text"].as_str().expect("a text");
    assert!(text.ends_with(": finished"), "{text}");
    let blocks = body["blocks"].as_array().expect("blocks");
    for block in blocks {
        assert_eq!((&block["type"], &block["text"]["type"]), (&"section".into(), &"mrkdwn".into()));
    }
    let shown = body.to_string();
    assert!(shown.contains(&bench.latest_run()) && shown.contains("1 accepted"), "{shown}");
    assert!(!shown.contains(&serial(0)), "no device is named: {shown}");
}

#[test]
fn a_webhook_gets_signed_facts_without_devices() {
    let receiver = Receiver::answering(&[]);
    let (tenant, bench) = bench(
        "[profile.acme.notify.hook]\nwebhook = { url_env = \"HOOK_URL\", secret_env = \"HOOK_SECRET\" }\n",
    );
    sortie(&bench, &receiver.url(), &SEND).expect(0);
    let received = receiver.received();
    assert_eq!(received.len(), 1, "{received:?}");
    let signature = received[0].header("sortie-signature");
    let (at, digits) = signature
        .strip_prefix("t=")
        .and_then(|rest| rest.split_once(",v1="))
        .expect("a time and a signature");
    let signed = format!("{at}.{}", received[0].body);
    assert_eq!(digits, hmac(SIGNING.as_bytes(), signed.as_bytes()));
    let body = received[0].json();
    for (key, expected) in [
        ("version", serde_json::json!(1)),
        ("kind", "finished".into()),
        ("verdict", "well".into()),
        ("run", bench.latest_run().into()),
        ("tenant", "127.0.0.1".into()),
        ("tasks", 1.into()),
        ("counts", serde_json::json!({ "accepted": 1 })),
        ("simulated", false.into()),
        ("id", received[0].header("idempotency-key").into()),
    ] {
        assert_eq!(body[key], expected, "{key}: {body}");
    }
    let command = body["next"][0]["command"].as_str().unwrap_or_default();
    assert_eq!(command, format!("sortie status {}", bench.latest_run()));
    let text = body.to_string();
    assert!(!text.contains(&serial(0)) && !text.contains(&tenant.token()), "{text}");
}

#[test]
fn a_dead_channel_changes_no_exit_code() {
    let (tenant, bench) = bench(HOOK);
    let no = canned(400, r#"{"error":"no"}"#, FaultMoment::BeforeApplying);
    tenant.script(FaultMatcher::action("blank-push"), no.clone());
    // A port without a listener.
    let dead = format!("http://127.0.0.1:1/hooks/{URL_TOKEN}");
    let ran = sortie(&bench, &dead, &SEND);
    assert!(ran.stderr.contains("channel hook did not get 'finished'"), "{}", ran.stderr);
    assert!(ran.stderr.contains("still wait for delivery to hook"), "{}", ran.stderr);
    assert!(!ran.stderr.contains(URL_TOKEN), "{}", ran.stderr);
    tenant.script(FaultMatcher::action("blank-push"), no);
    let quiet = [&SEND[..], &["--no-notify"]].concat();
    let silent = sortie(&bench, &dead, &quiet);
    assert!(!silent.stderr.contains("hook"), "{}", silent.stderr);
    assert_eq!(ran.code, silent.code, "{}\n{}", ran.stderr, silent.stderr);
    assert_eq!(ran.code, 7);
    sortie(&bench, &dead, &SEND).expect(0);
}

#[test]
fn what_was_not_delivered_is_sent_later_with_its_id() {
    let receiver = Receiver::answering(&[Answer::Status(404)]);
    let (_tenant, bench) = bench(HOOK);
    let ran = sortie(&bench, &receiver.url(), &SEND).expect(0);
    assert!(ran.stderr.contains("HTTP 404"), "{}", ran.stderr);
    let listed = sortie(&bench, &receiver.url(), &["notify", "--format", "json"]).expect(0);
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).expect("JSON");
    assert_eq!(listed["channels"][0]["address_from"], "variable");
    let notice = &listed["notices"][0];
    assert_eq!((&notice["state"], &notice["attempts"]), (&"waiting".into(), &1.into()), "{notice}");
    sortie(&bench, &receiver.url(), &["notify", "--send"]).expect(0);
    sortie(&bench, &receiver.url(), &["notify", "--send"]).expect(0);
    let ids: Vec<String> =
        receiver.received().iter().map(|it| it.header("idempotency-key")).collect();
    assert_eq!(ids.len(), 2, "it is delivered once");
    assert!(ids[0] == ids[1] && !ids[0].is_empty(), "{ids:?}");
}

#[test]
fn a_killed_process_leaves_its_notice_to_the_next_one() {
    let (silent, receiver) = (Receiver::answering(&[Answer::Silence]), Receiver::answering(&[]));
    let (_tenant, bench) = bench(HOOK);
    let mut child = spawned(&bench, &silent.url());
    eventually("the delivery begins", || !silent.received().is_empty());
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    assert!(receiver.received().is_empty());
    // The next command that drives a run delivers it, beside its own.
    sortie(&bench, &receiver.url(), &SEND).expect(0);
    let runs: Vec<String> = receiver
        .of_kind("finished")
        .iter()
        .map(|body| body["run"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(runs.len(), 2, "{runs:?}");
    let id = silent.received()[0].header("idempotency-key");
    let again: Vec<Received> = receiver.received();
    assert_eq!(again.iter().filter(|it| it.header("idempotency-key") == id).count(), 1);
}

fn spawned(bench: &Bench, url: &str) -> Child {
    let mut command = command(bench, url, &SEND);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts")
}

#[test]
fn a_job_names_channels_of_the_profile_and_no_others() {
    let receiver = Receiver::answering(&[]);
    let other = "[profile.acme.notify.other]\nwebhook = { url_env = \"HOOK_URL\" }\n";
    let (tenant, bench) = bench(&format!("{HOOK}{other}"));
    let job = |notify: &str| {
        let devices = format!("targets:\n  devices:\n    - serial_number: {}\n", serial(0));
        bench.write(
            "job.yaml",
            &format!("version: 1\naction: blank-push\nnotify: {notify}\n{devices}"),
        );
    };
    job("[hook]");
    sortie(&bench, &receiver.url(), &["run", "job.yaml", "--yes"]).expect(0);
    assert_eq!(receiver.received().len(), 1);
    job("[hook, pager]");
    let writes = tenant.seen("blank-push");
    let ran = sortie(&bench, &receiver.url(), &["run", "job.yaml", "--yes"]).expect(2);
    assert!(ran.stderr.contains("no notification channel 'pager'"), "{}", ran.stderr);
    assert_eq!(tenant.seen("blank-push"), writes, "nothing was sent");
    sortie(&bench, &receiver.url(), &["run", "job.yaml", "--yes", "--no-notify"]).expect(0);
    assert_eq!(receiver.received().len(), 1);
    job("https://hooks.example.com/x");
    let ran = sortie(&bench, &receiver.url(), &["check", "job.yaml"]).expect(2);
    assert!(ran.stderr.contains("names channels of the profile"), "{}", ran.stderr);
}

#[test]
fn a_simulated_run_notifies_only_channels_that_are_named() {
    let receiver = Receiver::answering(&[]);
    let (_tenant, bench) = bench(HOOK);
    bench.job("job.csv", "serial_number,action", &[format!("{},blank-push", serial(0))]);
    let run = ["run", "job.csv", "--simulate", "--yes"];
    sortie(&bench, &receiver.url(), &run).expect(0);
    assert!(receiver.received().is_empty());
    sortie(&bench, &receiver.url(), &[&run[..], &["--notify", "hook"]].concat()).expect(0);
    let received = receiver.of_kind("finished");
    assert_eq!(received.len(), 1);
    assert_eq!(received[0]["simulated"], true);
}

#[test]
fn a_missing_pin_and_a_stop_are_told_once_each() {
    let receiver = Receiver::answering(&[]);
    let (tenant, bench) = bench(HOOK);
    let macs = [serial(1)];
    tenant.with_world(|world| {
        macs.iter().for_each(|mac| drop(add(world, DeviceKind::MacIntel, mac)));
    });
    for _ in &macs {
        let nothing = canned(200, "{}", FaultMoment::AfterApplying);
        tenant.script(FaultMatcher::action("lock"), nothing);
    }
    let lock = ["send", "lock", "--serial", &macs[0], "--confirm", "1", "--wait", "20s"];
    sortie(&bench, &receiver.url(), &lock).expect(0);
    // The tenant had it, and sortie read it afterward.
    assert_eq!(receiver.of_kind("pin_missing").len(), 1, "{:?}", receiver.received());
    assert_eq!(receiver.of_kind("finished")[0]["missing_pins"], 0);
    let no = canned(401, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
    tenant.script(FaultMatcher::action("blank-push"), no);
    sortie(&bench, &receiver.url(), &SEND).expect(3);
    let stopped = receiver.of_kind("stopped");
    assert_eq!(stopped.len(), 1, "{:?}", receiver.received());
    assert_eq!(stopped[0]["stop"], "unauthorized");
    assert_eq!(receiver.of_kind("finished")[1]["verdict"], "authentication");
}

#[test]
fn failures_are_told_when_they_exceed_the_tolerance() {
    let receiver = Receiver::answering(&[]);
    let (tenant, bench) = bench(
        "[profile.acme.notify.strict]\non = [\"failed\"]\nwebhook = { url_env = \"HOOK_URL\" }\n\
         [profile.acme.notify.lenient]\non = [\"failed\"]\nfailed_over = 1\nwebhook = { url_env = \"HOOK_URL\" }\n",
    );
    let no = canned(400, r#"{"error":"no"}"#, FaultMoment::BeforeApplying);
    tenant.script(FaultMatcher::action("blank-push"), no);
    sortie(&bench, &receiver.url(), &SEND).expect(7);
    assert_eq!(receiver.of_kind("failed").len(), 1, "one failure is one too many for strict only");
}

#[test]
fn a_test_notice_reaches_every_channel_or_says_why_not() {
    let receiver = Receiver::answering(&[]);
    let (_tenant, bench) = bench(&format!(
        "{HOOK}[profile.acme.notify.teams]\nteams = {{ url_env = \"HOOK_URL\" }}\n\
         [profile.acme.notify.unset]\nslack = {{ url_env = \"NOT_SET\" }}\n"
    ));
    let ran = sortie(&bench, &receiver.url(), &["notify", "--test", "hook"]).expect(0);
    assert!(ran.stdout.contains("delivered"), "{}", ran.stdout);
    assert_eq!(receiver.received()[0].json()["test"], true);
    let ran = sortie(&bench, &receiver.url(), &["notify", "--test"]).expect(1);
    assert!(ran.stdout.contains("the variable NOT_SET is not set"), "{}", ran.stdout);
    assert!(ran.stderr.contains("1 of 3 channels did not get the test"), "{}", ran.stderr);
    let cards = receiver.received().into_iter().filter(|it| it.json()["type"] == "message").count();
    assert_eq!(cards, 1);
    let ran = sortie(&bench, &receiver.url(), &["notify", "--test", "--format", "json"]).expect(1);
    let tests: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(tests["tests"][2]["fault"]["fault"], "secret", "{tests}");
    let ran = sortie(&bench, &receiver.url(), &["notify", "--test", "hok"]).expect(2);
    assert!(ran.stderr.contains("its channels are hook"), "{}", ran.stderr);
}

#[test]
fn no_output_and_no_payload_holds_a_secret() {
    let receiver = Receiver::answering(&[Answer::Status(500), Answer::Status(410)]);
    let (tenant, bench) = bench(
        "[profile.acme.notify.hook]\nwebhook = { url_env = \"HOOK_URL\", secret_env = \"HOOK_SECRET\" }\n",
    );
    let mac = serial(1);
    tenant.with_world(|world| add(world, DeviceKind::MacIntel, &mac));
    let lock = ["send", "lock", "--serial", &mac, "--confirm", "1", "--wait", "20s", "-vvv"];
    let mut said = vec![sortie(&bench, &receiver.url(), &lock).expect(0)];
    for arguments in [
        &["notify"][..],
        &["notify", "--format", "json"],
        &["notify", "--test"],
        &["notify", "--send", "-vvv"],
        &["settings"],
        &["profiles", "--format", "json"],
        &["audit"],
        &["doctor", "--format", "json"],
    ] {
        said.push(sortie(&bench, &receiver.url(), arguments));
    }
    assert!(receiver.received().len() >= 3, "{:?}", receiver.received());
    let pins: Vec<String> =
        tenant.ledger().accepted.into_iter().filter_map(|accepted| accepted.pin).collect();
    assert_eq!(pins.len(), 1);
    for ran in &said {
        for secret in [URL_TOKEN, SIGNING, &receiver.address] {
            assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{}", ran.stderr);
        }
    }
    for path in files_below(&bench.path(".")) {
        let bytes = std::fs::read(&path).expect("readable");
        for secret in [URL_TOKEN, SIGNING] {
            let is_there = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!is_there, "{secret} in {}", path.display());
        }
    }
    for request in receiver.received() {
        let text = format!("{}{}", request.head.replace(URL_TOKEN, ""), request.body);
        assert!(!has_number(text.as_bytes(), &pins[0]), "a PIN: {text}");
        for secret in [tenant.token().as_str(), SIGNING, &mac] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}

#[test]
fn an_address_elsewhere_has_to_be_encrypted() {
    let (_tenant, bench) = bench(HOOK);
    let ran = sortie(&bench, "http://hooks.example.com/x", &["notify", "--test"]).expect(1);
    assert!(ran.stdout.contains("must begin with https://"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("example.com"), "{}", ran.stdout);
}

#[cfg(not(feature = "mail"))]
#[test]
fn a_build_without_mail_refuses_a_mail_channel() {
    let (tenant, bench) = bench(
        "[profile.acme.notify.mail]\nemail = { to = [\"it@example.com\"], from = \"s@example.com\", \
         smtp_host = \"127.0.0.1\", tls = \"none\" }\n",
    );
    let ran = sortie(&bench, "", &SEND).expect(2);
    assert!(ran.stderr.contains("feature 'mail'"), "{}", ran.stderr);
    assert_eq!(tenant.seen("blank-push"), 0);
}

#[cfg(feature = "mail")]
mod mail {
    use super::*;

    /// A mail server that accepts one message after the other, without encryption.
    fn mail_server() -> (u16, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
        let port = listener.local_addr().expect("bound").port();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut talk = String::new();
                talk_smtp(stream, &mut talk);
                log.lock().expect("no panic").push(talk);
            }
        });
        (port, seen)
    }

    fn talk_smtp(mut stream: TcpStream, talk: &mut String) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        stream.write_all(b"220 mail.example.com ESMTP\r\n").ok()?;
        let mut is_in_data = false;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            talk.push_str(&line);
            let answer: &[u8] = match line.trim_end() {
                "." if is_in_data => {
                    is_in_data = false;
                    b"250 queued\r\n"
                }
                _ if is_in_data => continue,
                "DATA" => {
                    is_in_data = true;
                    b"354 go ahead\r\n"
                }
                "QUIT" => {
                    stream.write_all(b"221 bye\r\n").ok()?;
                    return Some(());
                }
                line if line.starts_with("EHLO") => b"250-mail.example.com\r\n250 8BITMIME\r\n",
                _ => b"250 ok\r\n",
            };
            stream.write_all(answer).ok()?;
        }
    }

    fn channel(port: u16, host: &str, tls: &str) -> String {
        format!(
            "[profile.acme.notify.mail]\nemail = {{ to = [\"it@example.com\", \"oncall@example.com\"], \
             from = \"sortie@example.com\", smtp_host = \"{host}\", smtp_port = {port}, tls = \"{tls}\" }}\n"
        )
    }

    #[test]
    fn a_mail_server_gets_a_message_about_the_end_of_a_run() {
        let (port, talks) = mail_server();
        let (_tenant, bench) = bench(&channel(port, "127.0.0.1", "none"));
        sortie(&bench, "", &SEND).expect(0);
        eventually("the message is read", || !talks.lock().expect("no panic").is_empty());
        let talk = talks.lock().expect("no panic")[0].clone();
        for part in [
            "MAIL FROM:<sortie@example.com>",
            "RCPT TO:<it@example.com>",
            "RCPT TO:<oncall@example.com>",
            "Message-ID: <sortie-",
            ": finished",
            &bench.latest_run(),
        ] {
            assert!(talk.contains(part), "{part}: {talk}");
        }
        assert!(!talk.contains(&serial(0)), "{talk}");
    }

    #[test]
    fn mail_never_leaves_this_machine_unencrypted() {
        let (_tenant, bench) = bench(&channel(25, "mail.example.com", "none"));
        let ran = sortie(&bench, "", &["notify", "--test"]).expect(1);
        assert!(ran.stdout.contains("only for a mail server on this machine"), "{}", ran.stdout);
        // A server that offers no TLS gets no message.
        let (port, talks) = mail_server();
        bench.write(
            "config.toml",
            &format!(
                "default_profile = \"acme\"\n[profile.acme]\n{}",
                channel(port, "127.0.0.1", "starttls")
            ),
        );
        sortie(&bench, "", &["notify", "--test"]).expect(1);
        let talk = talks.lock().expect("no panic").concat();
        assert!(!talk.contains("MAIL FROM"), "{talk}");
    }
}
