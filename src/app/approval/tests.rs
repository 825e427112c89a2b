//! Approvals made with real keys, and every way round them.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::statement::{APPROVAL_BYTES_MAX, ApprovalFile};
use super::*;
use crate::app::operator::Operator;
use crate::app::policy_file::tests::{policy_in, write};
use crate::app::refusal::{NextStep, Reason, RefusalClass};
use crate::app::ssh_keygen::SigningKey;
use crate::model::UnixMillis;
use crate::plan::PlanFile;
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
        let key = SigningKey { path: self.path(key), environment: Vec::new() };
        statement.sign(&key).expect("signed").into_bytes()
    }

    fn verify(&self, bytes: &[u8], plan: &PlanFile) -> Result<Approved, Reason> {
        self.verify_at(bytes, plan, "alice", NOW)
    }

    pub(crate) fn verify_at(
        &self,
        bytes: &[u8],
        plan: &PlanFile,
        user: &str,
        now: UnixMillis,
    ) -> Result<Approved, Reason> {
        let policy = policy_in(self.dir.path()).expect("readable");
        let runner = Operator { user: user.to_owned(), uid: Some(501), host: "mdm1".to_owned() };
        verify(bytes, &ApprovalCheck { plan, policy: &policy, runner: &runner, now })
    }

    fn refused(&self, bytes: &[u8], plan: &PlanFile, expected: &str) {
        let reason = self.verify(bytes, plan).expect_err(expected);
        assert_eq!(reason.class(), RefusalClass::Policy, "{expected}");
        assert!(facts(&reason).contains(expected), "{expected}: {}", facts(&reason));
        assert!(!reason.next().is_empty(), "{expected}");
    }
}

/// The facts of a reason, as front ends get them.
fn facts(reason: &Reason) -> String {
    serde_json::to_string(reason).expect("facts can be written")
}

// Parts of the facts of reasons.
const OTHER_PLAN: &str = r#""kind":"approval_of_another","bound":"plan","fact":"plan""#;
const OTHER_PLAN_OF_RUN: &str = r#""kind":"approval_of_another","bound":"run","fact":"plan""#;
const DOES_NOT_FIT: &str = r#""kind":"approval_does_not_fit""#;
const CHANGED: &str = r#""fault":"its signature does not match its content""#;
const EXPIRED: &str = r#""kind":"approval_expired""#;
const OWN_WORK: &str = r#""kind":"approval_of_own_work""#;
const UNKNOWN_KEY: &str = "it is not signed by a key";

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
fn an_approval_by_another_person_counts() {
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
    rig.refused(&approval, &changed(|plan| plan.reason = Some("x".to_owned())), OTHER_PLAN);
    rig.refused(&approval, &changed(|plan| plan.tenant.push('2')), OTHER_PLAN);
    rig.refused(&approval, &changed(|plan| plan.plan.tasks.truncate(1)), OTHER_PLAN);
    for (edit, expected) in [
        ((|said| said.tenant.push('2')) as fn(&mut Statement), r#""bound":"plan","fact":"tenant""#),
        (|said| said.base_url.push('2'), r#""bound":"plan","fact":"base_url""#),
        (|said| said.phrase = "ERASE 1 ON acme".to_owned(), r#""bound":"plan","fact":"phrase""#),
        (|said| said.devices = 1, DOES_NOT_FIT),
        (|said| said.tasks.clear(), DOES_NOT_FIT),
        (|said| said.format = 2, r#""kind":"approval_newer""#),
        // Beyond the plan's latest start.
        (|said| said.expires_at = NOW.plus_ms(3_600_001), DOES_NOT_FIT),
        // Within it, but not what was signed.
        (|said| said.expires_at = NOW.plus_ms(700_000), CHANGED),
        (|said| said.approved_by.push('2'), CHANGED),
    ] {
        rig.refused(&with_statement(&approval, edit), &plan, expected);
    }
    for (now, expected) in [
        (NOW.plus_ms(599_999), None),
        (NOW.plus_ms(600_000), Some(EXPIRED)),
        (UnixMillis(NOW.0 - 120_000), None),
        (UnixMillis(NOW.0 - 120_001), Some(r#""kind":"approval_from_the_future""#)),
    ] {
        let found =
            rig.verify_at(&approval, &plan, "alice", now).err().map(|reason| facts(&reason));
        match expected {
            None => assert_eq!(found, None),
            Some(part) => assert!(found.is_some_and(|what| what.contains(part)), "{part}"),
        }
    }
}

#[test]
fn an_approver_cannot_approve_their_own_work() {
    let rig = Rig::new();
    let mine = by_alice();
    rig.refused(&rig.approval(&mine, "alice"), &mine, OWN_WORK);
    // Made by one and approved by the same, run by another.
    let bobs = plan("bob (uid 502) on mdm1");
    rig.refused(&rig.approval(&bobs, "bob"), &bobs, OWN_WORK);
    // Who is not known may be the approver.
    let strangers = plan("dave (uid 504) on mdm1");
    let approval = rig.approval(&strangers, "bob");
    rig.refused(
        &approval,
        &strangers,
        r#""kind":"approval_user_unknown","user":"dave","role":"made""#,
    );
    let reason = rig.verify_at(&approval, &mine, "root", NOW).expect_err(OTHER_PLAN);
    assert!(facts(&reason).contains(OTHER_PLAN));
    let approval = rig.approval(&mine, "bob");
    let reason = rig.verify_at(&approval, &mine, "root", NOW).expect_err("not mapped");
    let expected = r#""kind":"approval_user_unknown","user":"root","role":"runs""#;
    assert!(facts(&reason).contains(expected), "{}", facts(&reason));
    let policy = Some(rig.path("policy.toml"));
    assert_eq!(reason.next(), [NextStep::ChangePolicy { path: policy }]);
}

#[test]
fn a_key_that_also_is_the_runner_s_does_not_count() {
    let (rig, plan) = (Rig::new(), by_alice());
    let approval = rig.approval(&plan, "bob");
    let key = rig.public("bob");
    for (signers, expected) in [
        (format!("bob@example.com,ALICE@example.com {key}\n"), OWN_WORK),
        // Only the first of these lines is found by the key.
        (format!("bob@example.com {key}\nALICE@Example.com {key}\n"), OWN_WORK),
        (format!("bob@example.com {key}\n\"*@example.com\" {key}\n"), OWN_WORK),
        (format!("*@example.org {key}\n"), r#""kind":"approval_signer_not_a_person""#),
        (format!("bob@example.com namespaces=\"git\" {key}\n"), "for other purposes only"),
        (format!("bob@example.com {}\n", rig.public("mallory")), UNKNOWN_KEY),
        (String::new(), UNKNOWN_KEY),
    ] {
        rig.set_signers(&signers);
        rig.refused(&approval, &plan, expected);
    }
    std::fs::remove_file(rig.path("signers")).expect("ours");
    rig.refused(&approval, &plan, r#""kind":"approval_signers_missing""#);
}

#[test]
fn forged_and_damaged_approvals_are_refused() {
    let (rig, plan) = (Rig::new(), by_alice());
    rig.refused(&rig.approval(&plan, "mallory"), &plan, UNKNOWN_KEY);
    let approval = rig.approval(&plan, "bob");
    let mut file: ApprovalFile = serde_json::from_slice(&approval).expect("an approval");
    // The signature of the same person under something else.
    let other = self::plan("carol (uid 503) on mdm1");
    let others: ApprovalFile =
        serde_json::from_slice(&rig.approval(&other, "bob")).expect("an approval");
    let own = std::mem::replace(&mut file.signature, others.signature);
    let bytes = serde_json::to_vec(&file).expect("texts");
    rig.refused(&bytes, &plan, CHANGED);
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
    rig.refused(&bytes, &plan, r#""kind":"approval_not_canonical""#);
    rig.refused(b"{}", &plan, r#""kind":"approval_invalid""#);
    rig.refused(&vec![b' '; APPROVAL_BYTES_MAX + 1], &plan, r#""kind":"approval_too_large""#);
}

#[test]
fn keys_that_others_can_change_are_not_believed() {
    use std::os::unix::fs::PermissionsExt;
    let (rig, plan) = (Rig::new(), by_alice());
    let approval = rig.approval(&plan, "bob");
    let mode = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(rig.path("signers"), mode).expect("ours");
    rig.refused(&approval, &plan, r#""fault":"writable""#);
    write(&rig.path("policy.toml"), "");
    let reason = rig.verify(&approval, &plan).expect_err("nobody is known");
    assert!(facts(&reason).contains(r#""kind":"approval_user_unknown""#), "{}", facts(&reason));
}

#[test]
fn a_signer_who_is_taken_off_the_list_meanwhile_does_not_count() {
    let (rig, plan) = (Rig::new(), by_alice());
    let approval = rig.approval(&plan, "bob");
    let approved = rig.verify(&approval, &plan).expect("it counts");
    let again = |now| {
        let policy = policy_in(rig.dir.path()).expect("readable");
        let runner = Operator { user: "alice".to_owned(), uid: Some(501), host: "m".to_owned() };
        verify_again(
            &approved,
            &ApprovalCheck { plan: &plan, policy: &policy, runner: &runner, now },
        )
        .map_err(|reason| facts(&reason))
    };
    again(NOW).expect("still listed");
    assert!(again(approved.expires_at).expect_err("over").contains(EXPIRED));
    let key = rig.public("bob");
    for (signers, expected) in [
        (String::new(), UNKNOWN_KEY),
        (format!("bob@example.com valid-before=\"20200101Z\" {key}\n"), "earlier time"),
        (
            format!("carol@example.com {key}\n"),
            r#""kind":"approval_signer_changed","before":"bob@example.com","now":"carol@example.com""#,
        ),
    ] {
        rig.set_signers(&signers);
        let what = again(NOW).expect_err(expected);
        assert!(what.contains(expected), "{expected}: {what}");
    }
}

#[test]
fn a_stored_approval_holds_while_its_signer_may_approve() {
    let (rig, plan) = (Rig::new(), by_alice());
    let approval = rig.approval(&plan, "bob");
    let digest = plan.digest();
    let kept = |edit: fn(&mut KeptApprovalCheck<'_>)| {
        let policy = policy_in(rig.dir.path()).expect("readable");
        let runner = Operator { user: "alice".to_owned(), uid: Some(501), host: "m".to_owned() };
        let mut kept = KeptApprovalCheck {
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
        verify_kept(&approval, &kept).map_err(|reason| facts(&reason))
    };
    assert_eq!(kept(|_| ()).expect("it counts").principal, "bob@example.com");
    for (edit, expected) in [
        ((|kept| kept.plan_digest = "x") as fn(&mut KeptApprovalCheck<'_>), OTHER_PLAN_OF_RUN),
        (|kept| kept.tenant = "x", r#""bound":"run","fact":"tenant""#),
        (|kept| kept.base_url = "x", r#""bound":"run","fact":"base_url""#),
        (|kept| kept.started_at = NOW.plus_ms(600_000), EXPIRED),
        (|kept| kept.started_by = "bob (uid 502) on mdm1", OWN_WORK),
        (
            |kept| kept.made_by = "dave (uid 504) on mdm1",
            r#""kind":"approval_user_unknown","user":"dave","role":"made""#,
        ),
    ] {
        let what = kept(edit).expect_err(expected);
        assert!(what.contains(expected), "{expected}: {what}");
    }
    rig.set_signers("");
    assert!(kept(|_| ()).expect_err("revoked").contains(UNKNOWN_KEY));
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
