//! Signatures by real keys, compared with what `ssh-keygen -Y verify` says of them.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::*;
use crate::drive::{Clock, WallClock};

const MESSAGE: &[u8] = b"erase two iPads\n";
const NAMESPACE: &str = "sortie-approval";

/// A directory with keys.
struct Keys {
    dir: tempfile::TempDir,
}

impl Keys {
    /// Makes keys: name, kind, bits.
    fn new(kinds: &[(&str, &str, &str)]) -> Self {
        let keys = Self { dir: tempfile::tempdir().expect("a directory") };
        for (name, kind, bits) in kinds {
            let mut command = keygen();
            command.args(["-q", "-t", kind, "-N", "", "-C", name, "-f"]).arg(keys.path(name));
            if !bits.is_empty() {
                command.args(["-b", bits]);
            }
            assert!(command.status().expect("ssh-keygen is installed").success(), "{name}");
        }
        keys
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Kind and key as they are in a file of allowed signers.
    fn public(&self, name: &str) -> String {
        let text = fs::read_to_string(self.path(&format!("{name}.pub"))).expect("a key");
        text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    fn sign(&self, name: &str, namespace: &str, options: &[&str]) -> String {
        let mut command = keygen();
        command.args(["-q", "-Y", "sign", "-n", namespace]).args(options);
        command.arg("-f").arg(self.path(name));
        let printed = with_input(command, MESSAGE);
        assert!(printed.starts_with(BEGIN), "{name} {namespace}: {printed}");
        printed
    }

    /// Certifies a key; the name of the file that signs with the certificate.
    fn certify(&self, ca: &str, key: &str, options: &[&str]) -> String {
        let mut command = keygen();
        command.args(["-q", "-s"]).arg(self.path(ca)).args(["-I", "of-a-test"]).args(options);
        command.arg(self.path(&format!("{key}.pub")));
        assert!(command.status().expect("ssh-keygen is installed").success(), "{options:?}");
        format!("{key}-cert.pub")
    }

    /// What OpenSSH says about a signature.
    fn oracle(&self, signers: &str, principal: &str, signature: &str, message: &[u8]) -> bool {
        let (list, file) = (self.path("signers"), self.path("signature"));
        fs::write(&list, signers).expect("written");
        fs::write(&file, signature).expect("written");
        let mut command = keygen();
        command.args(["-Y", "verify", "-n", NAMESPACE, "-I", principal, "-f"]).arg(&list);
        command.arg("-s").arg(&file).stderr(Stdio::null());
        with_input(command, message).starts_with("Good")
    }
}

fn keygen() -> Command {
    let mut command = Command::new("ssh-keygen");
    command.stdin(Stdio::null()).env_remove("SSH_AUTH_SOCK");
    command
}

fn with_input(mut command: Command, input: &[u8]) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ssh-keygen is installed");
    // It may end before it has read everything.
    let _ = child.stdin.take().expect("piped").write_all(input);
    let output = child.wait_with_output().expect("it ends");
    String::from_utf8(output.stdout).expect("text")
}

fn ours(signers: &str, signature: &str, message: &[u8]) -> Result<Signer, String> {
    check(&Claim {
        signature,
        message,
        namespace: NAMESPACE,
        allowed_signers: signers,
        now: WallClock.now(),
    })
}

fn assert_same(keys: &Keys, signers: &str, principal: &str, signature: &str, expected: bool) {
    let oracle = keys.oracle(signers, principal, signature, MESSAGE);
    let signer = ours(signers, signature, MESSAGE);
    let own = signer.as_ref().is_ok_and(|signer| signer.may_be(principal));
    assert_eq!((oracle, own), (expected, expected), "{principal}: {signers} {:?}", signer.err());
}

#[test]
fn signatures_of_every_kind_of_key_are_judged_as_by_openssh() {
    let keys = Keys::new(&[
        ("ed", "ed25519", ""),
        ("p256", "ecdsa", "256"),
        ("p384", "ecdsa", "384"),
        ("p521", "ecdsa", "521"),
        ("rsa", "rsa", "2048"),
    ]);
    for name in ["ed", "p256", "p384", "p521", "rsa"] {
        let signers = format!("bob@x {}\n", keys.public(name));
        for hash in ["sha256", "sha512"] {
            let option = format!("hashalg={hash}");
            let signature = keys.sign(name, NAMESPACE, &["-O", &option]);
            assert_same(&keys, &signers, "bob@x", &signature, true);
            assert_same(&keys, &signers, "carol@x", &signature, false);
            assert!(ours(&signers, &signature, b"erase all iPads\n").is_err(), "{name}");
            // Any bit of the signature counts.
            let mut bytes = unarmored(&signature).expect("armored");
            for at in (0..bytes.len()).step_by(29) {
                bytes[at] ^= 1;
                let changed = format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(&bytes));
                assert!(ours(&signers, &changed, MESSAGE).is_err(), "{name} {hash} {at}");
                bytes[at] ^= 1;
            }
            bytes.push(0);
            let longer = format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(&bytes));
            assert!(ours(&signers, &longer, MESSAGE).is_err(), "{name} {hash} longer");
        }
    }
}

#[test]
fn lines_of_allowed_signers_are_judged_as_by_openssh() {
    let keys = Keys::new(&[("bob", "ed25519", ""), ("mallory", "ed25519", "")]);
    let signature = keys.sign("bob", NAMESPACE, &[]);
    let (bob, mallory) = (keys.public("bob"), keys.public("mallory"));
    for (line, principal, expected) in [
        (format!("bob@x {bob} a comment"), "bob@x", true),
        (format!("\"bob@x\" {bob}"), "bob@x", true),
        (format!("carol@x,bob@x {bob}"), "bob@x", true),
        (format!("*@x {bob}"), "bob@x", true),
        (format!("b?b@x {bob}"), "bob@x", true),
        (format!("*,!bob@x {bob}"), "bob@x", false),
        (format!("bob@x {mallory}"), "bob@x", false),
        (format!("# bob@x {bob}"), "bob@x", false),
        (format!("bob@x {mallory}\nbob@x {bob}"), "bob@x", true),
        (format!("bob@x namespaces=\"{NAMESPACE}\" {bob}"), "bob@x", true),
        (format!("bob@x namespaces=\"git,sortie-*\" {bob}"), "bob@x", true),
        (format!("bob@x namespaces=\"git\" {bob}"), "bob@x", false),
        (format!("bob@x namespaces=\"*,!sortie-*\" {bob}"), "bob@x", false),
        (format!("bob@x NAMESPACES=\"git\" {bob}"), "bob@x", false),
        (format!("bob@x valid-after=\"20200101Z\" {bob}"), "bob@x", true),
        (format!("bob@x valid-after=\"29990101Z\" {bob}"), "bob@x", false),
        (format!("bob@x valid-before=\"202001011200\" {bob}"), "bob@x", false),
        (format!("bob@x valid-before=\"29990101120000\" {bob}"), "bob@x", true),
        (format!("bob@x namespaces=\"git\",valid-after=\"20200101\" {bob}"), "bob@x", false),
        (format!("bob@x cert-authority {bob}"), "bob@x", false),
        (format!("bob@x no-such-option {bob}"), "bob@x", false),
        (format!("bob@x namespaces=git {bob}"), "bob@x", false),
        (format!("bob@x valid-before=\"soon\" {bob}"), "bob@x", false),
        (format!("bob@x {}", bob.replace("ssh-ed25519", "ssh-rsa")), "bob@x", false),
        (bob.clone(), "bob@x", false),
        (String::new(), "bob@x", false),
    ] {
        assert_same(&keys, &format!("{line}\n"), principal, &signature, expected);
    }
    // For another purpose.
    let git = keys.sign("bob", "git", &[]);
    assert_same(&keys, &format!("bob@x {bob}\n"), "bob@x", &git, false);
    let why = ours(&format!("bob@x {bob}\n"), &git, MESSAGE).expect_err("of git");
    assert!(why.contains("another purpose ('git')"), "{why}");
}

#[test]
fn a_line_that_is_not_understood_is_named_and_spoils_its_key() {
    let keys = Keys::new(&[("bob", "ed25519", "")]);
    let signature = keys.sign("bob", NAMESPACE, &[]);
    let bob = keys.public("bob");
    for (line, expected) in [
        (format!("bob@x verify-required {bob}"), "option 'verify-required' is not supported"),
        (format!("bob@x namespaces=\"a\",namespaces=\"*\" {bob}"), "given twice"),
        (format!("bob@x,, {bob}"), "a name is empty"),
        (format!("bob@x valid-before=\"20271301\" {bob}"), "its time '20271301'"),
    ] {
        // A line that would do stands beside it.
        let why = ours(&format!("\n{line}\ncarol@x {bob}\n"), &signature, MESSAGE);
        let why = why.expect_err(expected);
        assert!(why.contains("line 2") && why.contains(expected), "{expected}: {why}");
    }
    let signer = ours(&format!("carol@x {bob}\nBob@X {bob}\n"), &signature, MESSAGE);
    let signer = signer.expect("a good one");
    assert_eq!(signer.names, ["carol@x"]);
    assert!(signer.may_be("bob@x") && !signer.may_be("dave@x"));
}

#[test]
fn certificates_are_judged_as_by_openssh_or_more_strictly() {
    for (ca_kind, bits) in [("ed25519", ""), ("rsa", "2048"), ("ecdsa", "384")] {
        let keys =
            Keys::new(&[("ca", ca_kind, bits), ("bob", "ed25519", ""), ("other", "ed25519", "")]);
        let cert = keys.certify("ca", "bob", &["-n", "bob@x,bob2@x"]);
        let signature = keys.sign(&cert, NAMESPACE, &[]);
        let (ca, bob) = (keys.public("ca"), keys.public("bob"));
        for (line, principal, expected) in [
            (format!("*@x cert-authority {ca}"), "bob@x", true),
            (format!("*@x cert-authority {ca}"), "bob2@x", true),
            (format!("*@x cert-authority {ca}"), "carol@x", false),
            (format!("*@y cert-authority {ca}"), "bob@x", false),
            (format!("*@x {ca}"), "bob@x", false),
            (format!("bob@x {bob}"), "bob@x", false),
            (format!("*@x cert-authority {}", keys.public("other")), "bob@x", false),
            (format!("*@x cert-authority,namespaces=\"git\" {ca}"), "bob@x", false),
            (format!("*@x cert-authority,valid-before=\"20200101\" {ca}"), "bob@x", false),
        ] {
            assert_same(&keys, &format!("{line}\n"), principal, &signature, expected);
        }
        let signers = format!("bob@x cert-authority {ca}\ncarol@x {bob}\n");
        let signer = ours(&signers, &signature, MESSAGE).expect("a good one");
        assert_eq!(signer.names, ["bob@x"]);
        // Neither the other name of the certificate nor the other line of the key is another person.
        assert!(signer.may_be("bob2@x") && signer.may_be("carol@x") && !signer.may_be("dave@x"));
    }
}

#[test]
fn certificates_that_are_spent_restricted_or_forged_are_refused() {
    let keys = Keys::new(&[("ca", "ed25519", ""), ("bob", "ed25519", ""), ("evil", "ed25519", "")]);
    let signers = format!("*@x cert-authority {}\n", keys.public("ca"));
    for (ca, options, expected) in [
        ("ca", &["-n", "bob@x", "-V", "20200101:20200102"][..], "expired"),
        ("ca", &["-n", "bob@x", "-V", "29980101:29990101"], "not valid yet"),
        ("ca", &["-n", "bob@x", "-h"], "not a user certificate"),
        ("ca", &["-n", "bob@x", "-O", "force-command=true"], "option 'force-command'"),
        ("ca", &[], "names no user"),
        ("evil", &["-n", "bob@x"], "not signed by a key"),
    ] {
        let cert = keys.certify(ca, "bob", options);
        let signature = keys.sign(&cert, NAMESPACE, &[]);
        let why = ours(&signers, &signature, MESSAGE).expect_err(expected);
        assert!(why.contains(expected), "{expected}: {why}");
    }
    // A good certificate with another name written into it.
    let cert = keys.certify("ca", "bob", &["-n", "bob@x"]);
    let bytes = unarmored(&keys.sign(&cert, NAMESPACE, &[])).expect("armored");
    let at = bytes.windows(5).position(|part| part == b"bob@x").expect("its name");
    let mut forged = bytes;
    forged[at..at + 5].copy_from_slice(b"eve@x");
    let forged = format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(forged));
    let why = ours(&signers, &forged, MESSAGE).expect_err("forged");
    assert!(why.contains("does not match"), "{why}");
}

#[test]
fn short_rsa_keys_and_sha_1_do_not_count() {
    let keys = Keys::new(&[("rsa", "rsa", "1024")]);
    let signers = format!("bob@x {}\n", keys.public("rsa"));
    // Current releases of OpenSSH refuse to sign with such keys; older ones do.
    let mut command = keygen();
    command.args(["-q", "-Y", "sign", "-n", NAMESPACE, "-f"]).arg(keys.path("rsa"));
    let signature = with_input(command, MESSAGE);
    if signature.starts_with(BEGIN) {
        let why = ours(&signers, &signature, MESSAGE).expect_err("too short");
        assert!(why.contains("1024 bits"), "{why}");
    }
    let blob = STANDARD.decode(keys.public("rsa").split(' ').nth(1).expect("a key"));
    let blob = blob.expect("base64");
    let key = Key::parse(&blob).expect("a key");
    let mut old = Vec::new();
    put_string(&mut old, b"ssh-rsa");
    put_string(&mut old, &[1; 128]);
    assert!(key.check(MESSAGE, &old).expect_err("SHA-1").contains("SHA-1"));
}

#[test]
fn a_security_key_counts_when_it_was_touched() {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a key");
    let mut blob = Vec::new();
    put_string(&mut blob, b"sk-ssh-ed25519@openssh.com");
    put_string(&mut blob, pair.public_key().as_ref());
    put_string(&mut blob, b"ssh:");
    let signed = |flags: u8, counter: u32| {
        let mut text = Sha256::digest(b"ssh:").to_vec();
        text.push(flags);
        text.extend(counter.to_be_bytes());
        text.extend(Sha256::digest(to_sign().as_slice()));
        let mut signature = Vec::new();
        put_string(&mut signature, b"sk-ssh-ed25519@openssh.com");
        put_string(&mut signature, pair.sign(&text).as_ref());
        signature.push(flags);
        signature.extend(counter.to_be_bytes());
        let mut bytes = MAGIC.to_vec();
        bytes.extend(VERSION.to_be_bytes());
        for part in [&blob[..], NAMESPACE.as_bytes(), b"", b"sha512", &signature] {
            put_string(&mut bytes, part);
        }
        format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(bytes))
    };
    let keys = Keys::new(&[]);
    let signers = format!("bob@x sk-ssh-ed25519@openssh.com {}\n", STANDARD.encode(&blob));
    assert_same(&keys, &signers, "bob@x", &signed(0x01, 5), true);
    let why = ours(&signers, &signed(0x00, 5), MESSAGE).expect_err("untouched");
    assert!(why.contains("not touched"), "{why}");
}

/// The bytes that a signature of the message is over.
fn to_sign() -> Vec<u8> {
    let mut text = MAGIC.to_vec();
    let hash = Sha512::digest(MESSAGE);
    for part in [NAMESPACE.as_bytes(), b"", b"sha512", &hash] {
        put_string(&mut text, part);
    }
    text
}

#[test]
fn an_invalid_signature_is_refused_with_its_reason() {
    let unsigned = format!("{BEGIN}\n!\n{END}");
    let magic = format!("{BEGIN}\n{}\n{END}", STANDARD.encode(b"SSHSIH\0\0\0\x01"));
    let cut = format!("{BEGIN}\n{}\n{END}", STANDARD.encode(b"SSHSIG\0\0\0\x01\0\0\0\x09a"));
    for (text, expected) in [
        ("", "not an SSH signature"),
        (unsigned.as_str(), "not base64"),
        (&magic, "of version 1"),
        (&cut, "truncated"),
    ] {
        let why = ours("", text, MESSAGE).expect_err(expected);
        assert!(why.contains(expected), "{expected}: {why}");
    }
}
