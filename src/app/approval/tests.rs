//! Approvals made with real keys, and every way round them.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::app::policy_file::tests::{policy_in, write};
use crate::plan::testing::plan_file;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

/// A directory with keys and a policy that knows alice, bob and carol.
pub(crate) struct Rig {
    dir: tempfile::TempDir,
}

impl Rig {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let rig = Self { dir };
        for name in ["alice", "bob", "mallory"] {
            let status = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
                .arg(rig.path(name))
                .status();
            assert!(status.expect("ssh-keygen is installed").success());
        }
        let signers = format!(
            "# who may approve\nAlice@example.com {}\nbob@example.com {}\n",
            rig.public("alice"),
            rig.public("bob")
        );
        rig.set_signers(&signers);
        rig.set_policy("alice = \"alice@Example.com\"\nbob = \"bob@example.com\"\ncarol = \"carol@example.com\"\n");
        rig
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn public(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.path(&format!("{name}.pub"))).expect("a key");
        text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    fn set_signers(&self, text: &str) {
        write(&self.path("signers"), text);
    }

    fn set_policy(&self, people: &str) {
        let text =
            format!("[approval]\nallowed_signers = \"signers\"\n[approval.people]\n{people}");
        write(&self.path("policy.toml"), &text);
    }

    /// An approval of the plan by the holder of this key.
    fn approval(&self, plan: &PlanFile, key: &str) -> Vec<u8> {
        let statement = Statement::of(plan, key, NOW, NOW.plus_ms(600_000));
        statement.sign(&self.path(key)).expect("signed").into_bytes()
    }

    fn verify(&self, bytes: &[u8], plan: &PlanFile) -> Result<Approved, Failure> {
        self.verify_at(bytes, plan, "alice", NOW)
    }

    pub(crate) fn verify_at(
        &self,
        bytes: &[u8],
        plan: &PlanFile,
        user: &str,
        now: UnixMillis,
    ) -> Result<Approved, Failure> {
        let policy = policy_in(self.dir.path()).expect("readable");
        let runner = Operator { user: user.to_owned(), uid: Some(501), host: "mdm1".to_owned() };
        verify(bytes, &Check { plan, policy: &policy, runner: &runner, now })
    }

    fn refused(&self, bytes: &[u8], plan: &PlanFile, expected: &str) {
        let failure = self.verify(bytes, plan).expect_err(expected);
        assert_eq!(failure.exit, Exit::Policy, "{expected}");
        assert!(failure.what.contains(expected), "{expected}: {}", failure.what);
        assert!(!failure.next.is_empty(), "{expected}");
    }
}

/// Erases two iPads.
pub(crate) fn plan(made_by: &str) -> PlanFile {
    let plan = plan_file(&[("erase", "a"), ("erase", "b")], NOW);
    PlanFile { made_by: made_by.to_owned(), ..plan }
}

fn by_alice() -> PlanFile {
    plan("alice (uid 501) on mdm1")
}

/// The approval file with a change to its statement, its signature left as it is.
fn with_statement(bytes: &[u8], edit: impl FnOnce(&mut Statement)) -> Vec<u8> {
    let mut file: ApprovalFile = serde_json::from_slice(bytes).expect("an approval");
    let mut statement: Statement = serde_json::from_str(&file.statement).expect("a statement");
    edit(&mut statement);
    file.statement = statement.text();
    serde_json::to_vec(&file).expect("texts")
}

#[test]
fn a_statement_says_what_the_plan_does_besides() {
    let mixed = plan_file(&[("erase", "a"), ("restart", "b"), ("restart", "c")], NOW);
    let statement = Statement::of(&mixed, "bob", NOW, NOW.plus_ms(1));
    assert_eq!(statement.phrase, "ERASE 1 AND RESTART 2 ON acme");
}

#[test]
fn somebody_else_s_word_counts() {
    let (rig, plan) = (Rig::new(), by_alice());
    let approval = rig.approval(&plan, "bob");
    let approved = rig.verify(&approval, &plan).expect("it counts");
    assert_eq!(approved.principal, "bob@example.com");
    assert_eq!(approved.expires_at, NOW.plus_ms(600_000));
    assert_eq!(approved.file.as_bytes(), approval);
    let file: ApprovalFile = serde_json::from_slice(&approval).expect("an approval");
    assert!(file.statement.contains("\"phrase\":\"ERASE 2 ON acme\""), "{}", file.statement);
    // Neither who made nor who runs it: the third person's plan.
    let carols = self::plan("carol (uid 503) on mdm1");
    assert!(rig.verify(&rig.approval(&carols, "bob"), &carols).is_ok());
}

#[test]
fn an_approval_is_for_one_plan_of_one_tenant_and_for_a_while() {
    let (rig, plan) = (Rig::new(), by_alice());
    let approval = rig.approval(&plan, "bob");
    let changed = |edit: fn(&mut PlanFile)| {
        let mut other = by_alice();
        edit(&mut other);
        other
    };
    rig.refused(&approval, &changed(|plan| plan.reason = Some("x".to_owned())), "another plan");
    rig.refused(&approval, &changed(|plan| plan.tenant.push('2')), "another plan");
    rig.refused(&approval, &changed(|plan| plan.plan.tasks.truncate(1)), "another plan");
    for (edit, expected) in [
        ((|said| said.tenant.push('2')) as fn(&mut Statement), "another tenant"),
        (|said| said.base_url.push('2'), "another base URL"),
        (|said| said.phrase = "ERASE 1 ON acme".to_owned(), "another phrase"),
        (|said| said.devices = 1, "does not fit"),
        (|said| said.tasks.clear(), "does not fit"),
        (|said| said.format = 2, "newer program"),
        // Beyond the plan's latest start.
        (|said| said.expires_at = NOW.plus_ms(3_600_001), "does not fit"),
        // Within it, but not what was signed.
        (|said| said.expires_at = NOW.plus_ms(700_000), "does not fit what it says"),
        (|said| said.approved_by.push('2'), "does not fit what it says"),
    ] {
        rig.refused(&with_statement(&approval, edit), &plan, expected);
    }
    for (now, expected) in [
        (NOW.plus_ms(599_999), None),
        (NOW.plus_ms(600_000), Some("ended at")),
        (UnixMillis(NOW.0 - 120_000), None),
        (UnixMillis(NOW.0 - 120_001), Some("from the future")),
    ] {
        let found = rig.verify_at(&approval, &plan, "alice", now).err().map(|failure| failure.what);
        match expected {
            None => assert_eq!(found, None),
            Some(part) => assert!(found.is_some_and(|what| what.contains(part)), "{part}"),
        }
    }
}

#[test]
fn nobody_approves_their_own_work() {
    let rig = Rig::new();
    let mine = by_alice();
    rig.refused(&rig.approval(&mine, "alice"), &mine, "takes two persons");
    // Made by one and approved by the same, run by another.
    let bobs = plan("bob (uid 502) on mdm1");
    rig.refused(&rig.approval(&bobs, "bob"), &bobs, "takes two persons");
    // Who is not known may be the approver.
    let strangers = plan("dave (uid 504) on mdm1");
    let approval = rig.approval(&strangers, "bob");
    rig.refused(&approval, &strangers, "'dave', who made the plan, is not in [approval.people]");
    let failure = rig.verify_at(&approval, &mine, "root", NOW).expect_err("another plan");
    assert!(failure.what.contains("another plan"));
    let approval = rig.approval(&mine, "bob");
    let failure = rig.verify_at(&approval, &mine, "root", NOW).expect_err("not mapped");
    assert!(failure.what.contains("'root', who runs the plan"), "{}", failure.what);
    assert!(failure.next.contains("\"root\" = "), "{}", failure.next);
}

#[test]
fn a_key_that_also_is_the_runner_s_does_not_count() {
    let (rig, plan) = (Rig::new(), by_alice());
    let approval = rig.approval(&plan, "bob");
    let key = rig.public("bob");
    for (signers, expected) in [
        (format!("bob@example.com,ALICE@example.com {key}\n"), "takes two persons"),
        // Only the first of these lines is found by the key.
        (format!("bob@example.com {key}\nALICE@Example.com {key}\n"), "takes two persons"),
        (format!("bob@example.com {key}\n\"*@example.com\" {key}\n"), "takes two persons"),
        (format!("*@example.org {key}\n"), "no person"),
        (format!("bob@example.com namespaces=\"git\" {key}\n"), "for other purposes only"),
        (format!("bob@example.com {}\n", rig.public("mallory")), "not signed by any key"),
        (String::new(), "not signed by any key"),
    ] {
        rig.set_signers(&signers);
        rig.refused(&approval, &plan, expected);
    }
    std::fs::remove_file(rig.path("signers")).expect("ours");
    rig.refused(&approval, &plan, "is not there");
}

#[test]
fn forged_and_damaged_approvals_are_refused() {
    let (rig, plan) = (Rig::new(), by_alice());
    rig.refused(&rig.approval(&plan, "mallory"), &plan, "not signed by any key");
    let approval = rig.approval(&plan, "bob");
    let mut file: ApprovalFile = serde_json::from_slice(&approval).expect("an approval");
    // The signature of the same person under something else.
    let other = self::plan("carol (uid 503) on mdm1");
    let others: ApprovalFile =
        serde_json::from_slice(&rig.approval(&other, "bob")).expect("an approval");
    let own = std::mem::replace(&mut file.signature, others.signature);
    let bytes = serde_json::to_vec(&file).expect("texts");
    rig.refused(&bytes, &plan, "does not fit what it says");
    // For another purpose.
    file.signature = sign_as(&rig.path("bob"), "git", &file.statement, rig.dir.path());
    let bytes = serde_json::to_vec(&file).expect("texts");
    rig.refused(&bytes, &plan, "for another purpose ('git')");
    file.signature = own.replacen("U1NIU0lH", "U1NIU0lI", 1);
    let bytes = serde_json::to_vec(&file).expect("texts");
    rig.refused(&bytes, &plan, "not an SSH signature");
    // The same words, written in another way.
    file.signature = own;
    file.statement.push(' ');
    let bytes = serde_json::to_vec(&file).expect("texts");
    rig.refused(&bytes, &plan, "not written as approvals are");
    rig.refused(b"{}", &plan, "no approval");
    rig.refused(&vec![b' '; APPROVAL_BYTES_MAX + 1], &plan, "at most");
}

#[test]
fn keys_that_others_can_change_are_not_believed() {
    use std::os::unix::fs::PermissionsExt;
    let (rig, plan) = (Rig::new(), by_alice());
    let approval = rig.approval(&plan, "bob");
    let mode = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(rig.path("signers"), mode).expect("ours");
    rig.refused(&approval, &plan, "can be written by its group or by others");
    write(&rig.path("policy.toml"), "");
    let failure = rig.verify(&approval, &plan).expect_err("nobody is known");
    assert!(failure.what.contains("[approval.people]"), "{}", failure.what);
}

#[test]
fn a_signer_who_is_taken_off_the_list_meanwhile_does_not_count() {
    let (rig, plan) = (Rig::new(), by_alice());
    let approval = rig.approval(&plan, "bob");
    let approved = rig.verify(&approval, &plan).expect("it counts");
    let again = |now| {
        let policy = policy_in(rig.dir.path()).expect("readable");
        let runner = Operator { user: "alice".to_owned(), uid: Some(501), host: "m".to_owned() };
        verify_again(&approved, &Check { plan: &plan, policy: &policy, runner: &runner, now })
            .map_err(|failure| failure.what)
    };
    again(NOW).expect("still listed");
    assert!(again(approved.expires_at).expect_err("over").contains("ended at"));
    let key = rig.public("bob");
    for (signers, expected) in [
        (String::new(), "not signed by any key"),
        (format!("bob@example.com valid-before=\"20200101Z\" {key}\n"), "earlier time"),
        (format!("carol@example.com {key}\n"), "is by carol@example.com now"),
    ] {
        rig.set_signers(&signers);
        let what = again(NOW).expect_err(expected);
        assert!(what.contains(expected), "{expected}: {what}");
    }
}

#[test]
fn a_kept_approval_counts_for_its_run_while_its_signer_may_approve() {
    let (rig, plan) = (Rig::new(), by_alice());
    let approval = rig.approval(&plan, "bob");
    let digest = plan.digest();
    let kept = |edit: fn(&mut Kept<'_>)| {
        let policy = policy_in(rig.dir.path()).expect("readable");
        let runner = Operator { user: "alice".to_owned(), uid: Some(501), host: "m".to_owned() };
        let mut kept = Kept {
            plan_digest: &digest,
            tenant: &plan.tenant,
            base_url: &plan.base_url,
            made_by: &plan.made_by,
            started_by: &plan.made_by,
            started_at: NOW,
            policy: &policy,
            runner: &runner,
            // Long after the approval ended.
            now: NOW.plus_ms(86_400_000),
        };
        edit(&mut kept);
        verify_kept(&approval, &kept).map_err(|failure| failure.what)
    };
    assert_eq!(kept(|_| ()).expect("it counts").principal, "bob@example.com");
    for (edit, expected) in [
        ((|kept| kept.plan_digest = "x") as fn(&mut Kept<'_>), "another plan"),
        (|kept| kept.tenant = "x", "another tenant"),
        (|kept| kept.base_url = "x", "another base URL"),
        (|kept| kept.started_at = NOW.plus_ms(600_000), "ended at"),
        (|kept| kept.started_by = "bob (uid 502) on mdm1", "takes two persons"),
        (|kept| kept.made_by = "dave (uid 504) on mdm1", "is not in [approval.people]"),
    ] {
        let what = kept(edit).expect_err(expected);
        assert!(what.contains(expected), "{expected}: {what}");
    }
    rig.set_signers("");
    assert!(kept(|_| ()).expect_err("revoked").contains("not signed by any key"));
}

/// A signature for another purpose.
fn sign_as(key: &Path, namespace: &str, message: &str, dir: &Path) -> String {
    let path = dir.join("message");
    std::fs::write(&path, message).expect("written");
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-Y", "sign", "-n", namespace, "-f"]).arg(key).arg(&path);
    assert!(command.status().expect("ssh-keygen is installed").success());
    std::fs::read_to_string(dir.join("message.sig")).expect("signed")
}
