//! Tenants in jobs: what is accepted, what is refused and where, and the part of each tenant.
//!
//! Owns the jobs for several tenants. Must never test what a tenant's devices are.

use super::*;

fn known(names: &[&str]) -> ParseOptions {
    let known_tenants = Some(names.iter().map(|name| (*name).to_owned()).collect());
    ParseOptions { known_tenants, ..ParseOptions::default() }
}

fn chosen(names: &[&str]) -> ParseOptions {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    ParseOptions { tenants: TenantChoice::of(&names), ..known(&["acme", "globex", "initech"]) }
}

fn check_yaml_with(options: &ParseOptions, targets: &str, expect: &str) {
    let text = format!("version: 1\naction: restart\ntargets: {targets}\n");
    let said = said("job.yaml", text.as_bytes(), options);
    assert!(said.contains(expect), "{text}\n--- said:\n{said}\n--- should contain:\n{expect}");
    assert_eq!(said == "ok", expect == "ok");
}

#[test]
fn a_column_names_the_tenant_of_each_row() {
    let text = "tenant,serial,action\nglobex,A1,restart\nacme,A1,restart\nglobex,B2,restart\n";
    let job = job_with(&known(&["acme", "globex"]), text);
    let tenants = job.tenants_among(&[]).expect("it names them");
    assert_eq!(tenants, ["globex", "acme"], "in the order of the rows");
    let numbers = |tenant: &str| -> Vec<u32> {
        job.part_for(tenant).rows.iter().map(|row| row.number).collect()
    };
    assert_eq!((numbers("acme"), numbers("globex")), (vec![2], vec![1, 3]));
    // The same device twice on one tenant is still refused.
    check("tenant,serial,action\nacme,A1,restart\nacme,A1,restart\n", "job.csv:3");
}

#[test]
fn the_column_stays_in_the_report_of_one_tenant() {
    let job = job("Tenant,serial,action\nacme,A1,restart\n");
    assert_eq!(job.rows[0].carried, [("Tenant", "acme")]);
    assert!(job.part_for("acme").rows[0].carried.is_empty(), "a group has a column of its own");
    assert!(job.notes.iter().any(|note| note.contains("names the tenant of each row")));
    let options = ParseOptions { carries_tenant: true, ..ParseOptions::default() };
    let old = job_with(&options, "tenant,serial,action\n,A1,restart\n");
    assert!(!old.names_tenants(), "a retry knows its tenant");
    let ignored = ParseOptions { ignore_columns: vec!["tenant".to_owned()], ..known(&["acme"]) };
    assert!(!job_with(&ignored, "tenant,serial,action\nx,A1,restart\n").names_tenants());
}

#[test]
fn rows_without_a_usable_tenant_are_refused_at_their_place() {
    let options = known(&["acme", "globex"]);
    for (text, expect) in [
        ("serial,tenant,action\nA1,,restart\n", "job.csv:2:4: the row names no tenant"),
        ("serial,tenant,action\nA1,globx,restart\n", "job.csv:2:4: there is no profile 'globx'"),
        ("serial,tenant,action\nA1,globx,restart\n", "did you mean 'globex'?"),
        ("serial,tenant,action\nA1,umbrella,restart\n", "the profiles are acme, globex"),
        ("serial,tennant,action\nA1,acme,restart\n", "looks like a misspelling of 'tenant'"),
        ("serial,tenant,Tenant,action\nA1,acme,acme,restart\n", "have the same meaning"),
        ("serial,tenant,action\nA1,acme,restart\n", "ok"),
    ] {
        check_with(&options, text, expect);
    }
    check_with(&known(&[]), "serial,tenant,action\nA1,acme,restart\n", "sortie init");
}

#[test]
fn a_choice_of_tenants_binds_rows_and_flags() {
    let several = chosen(&["acme", "globex"]);
    for (options, text, expect) in [
        (&several, "serial,action\nA1,restart\n", "job.csv:1:1: the job is for several tenants"),
        (&several, "serial,action\nA1,restart\n", "add a column 'tenant'"),
        (
            &several,
            "serial,tenant,action\nA1,initech,restart\n",
            "job.csv:2:4: the job is not for tenant 'initech'",
        ),
        (&several, "serial,tenant,action\nA1,acme,restart\n", "ok"),
        (&chosen(&["all"]), "serial,action\nA1,restart\n", "the job is for several tenants"),
        (&chosen(&["acme"]), "serial,action\nA1,restart\n", "ok"),
        (
            &chosen(&["acm"]),
            "serial,action\nA1,restart\n",
            "<command line>: there is no profile 'acm'",
        ),
    ] {
        check_with(options, text, expect);
    }
    let one = job_with(&chosen(&["acme"]), "serial,action\nA1,restart\n");
    assert_eq!(one.tenants_among(&[]), Some(vec!["acme".to_owned()]));
    assert_eq!(TenantChoice::of(&["all".to_owned(), "acme".to_owned()]), None);
}

#[test]
fn a_yaml_job_names_tenants_beside_its_targets() {
    let options = known(&["acme", "globex"]);
    for (targets, expect) in [
        ("{ tenants: [acme, globex], all: true }", "ok"),
        ("{ tenants: all, filter: { platform: Mac } }", "ok"),
        ("{ tenants: acme, devices: [{ serial_number: A1 }] }", "ok"),
        ("{ tenants: [acme, glob], all: true }", "job.yaml:3:28: there is no profile 'glob'"),
        ("{ tenants: [acme, all], all: true }", "'all' stands beside other names"),
        ("{ tenants: [acme, acme], all: true }", "'acme' is given twice"),
        ("{ tenants: [a b], all: true }", "'a b' is not the name of a profile"),
        ("{ tenants: [], all: true }", "tenants is an empty list"),
        ("{ tenants: [acme] }", "targets has 0 keys"),
        (
            "{ tenants: all, devices: [{ serial_number: A1 }] }",
            "job.yaml:3:36: the job is for several tenants, and the device names none",
        ),
        (
            "{ devices: [{ serial_number: A1, tenant: acme }, { serial_number: B2 }] }",
            "the device names none",
        ),
        (
            "{ devices: [{ serial_number: A1, tenant: acme }, { serial_number: A1, tenant: globex }] }",
            "ok",
        ),
        ("{ devices: [{ serial_number: A1, tenant: acne }] }", "did you mean 'acme'?"),
    ] {
        check_yaml_with(&options, targets, expect);
    }
    let text = "version: 1\naction: restart\ntargets: { tenants: all, all: true }\n";
    let job = read("job.yaml", text.as_bytes(), &options).expect("a job");
    let all = ["acme".to_owned(), "globex".to_owned()];
    assert_eq!(job.tenants_among(&all).as_deref(), Some(&all[..]));
    let flag = chosen(&["initech"]);
    let job = read("job.yaml", text.as_bytes(), &flag).expect("a job");
    assert_eq!(job.tenants_among(&all), Some(vec!["initech".to_owned()]), "the flag is stronger");
}

#[test]
fn flags_that_name_devices_have_no_tenant_for_them() {
    let mut target = Target::default();
    target.read_field(TargetField::SerialNumber, "A1").expect("a serial number");
    let send = |options: &ParseOptions, targets: Vec<Target>| {
        let selection = targets.is_empty().then(Filter::default);
        ad_hoc("restart", "restart", &[], targets, selection, options)
    };
    let refused = send(&chosen(&["acme", "globex"]), vec![target.clone()]).expect_err("no tenant");
    assert!(refused.to_string().contains("the job is for several tenants"), "{refused}");
    send(&chosen(&["acme"]), vec![target]).expect("one tenant");
    send(&chosen(&["all"]), Vec::new()).expect("a selection");
}
