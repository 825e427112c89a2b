//! Groups of runs in the index.
//!
//! Owns the tests of which runs belong together, and of the format before. Must never look into SQL that the module itself
//! does not promise, but for breaking it.

use super::*;

const GROUP: &str = "20270115-080000-ggggg";

fn member(tenant: &str) -> GroupMember {
    GroupMember { tenant: tenant.to_owned(), ..GroupMember::default() }
}

fn group() -> GroupRow {
    GroupRow {
        id: GROUP.to_owned(),
        job: "job".to_owned(),
        report_dir: "/reports/job-g".into(),
        started_at: NOW,
        members: vec![member("acme"), member("globex"), member("initech")],
    }
}

fn run(id: &str) -> RunRow {
    RunRow {
        id: id.to_owned(),
        job: "job".to_owned(),
        tenant: "acme".to_owned(),
        tasks: 1,
        state: RunState::Open,
        started_at: NOW,
        ended_at: None,
        summary: String::new(),
    }
}

fn place(position: usize) -> GroupPlace {
    GroupPlace { group: GROUP.to_owned(), position }
}

#[test]
fn an_index_of_format_6_gets_groups() {
    let bench = Bench::new();
    drop(Index::open(&bench.state).expect("an index"));
    let connection = rusqlite::Connection::open(bench.state.index_path()).expect("a database");
    connection
        .execute_batch("DROP TABLE run_groups; DROP TABLE run_group_members")
        .expect("as format 6 was");
    connection.pragma_update(None, "user_version", 6).expect("its owner");
    let look = Index::open_to_read(&bench.state).expect("readable").expect("it is there");
    assert_eq!(look.groups().expect("an old index has none"), []);
    assert_eq!(look.group_of(RUN).expect("an old index has none"), None);
    assert_eq!(look.group_named("latest").expect("an old index has none"), None);
    let mut index = Index::open(&bench.state).expect("it is brought forward");
    index.add_group(&group()).expect("the new table is there");
    assert_eq!(look.groups().expect("readable"), [group()]);
}

#[test]
fn a_run_is_tied_to_its_group_when_it_is_entered() {
    let bench = Bench::new();
    let mut index = Index::open(&bench.state).expect("an index");
    index.add_group(&group()).expect("written");
    index.add_run_in(&run(RUN), &tasks_of(1), Some(&place(1))).expect("written");
    index.leave_out(&place(2), "the token was rejected").expect("written");
    let found = index.group_named(GROUP).expect("readable").expect("it is there");
    let standing: Vec<(&str, Option<&str>, Option<&str>)> = found
        .members
        .iter()
        .map(|it| (it.tenant.as_str(), it.run.as_deref(), it.left_out.as_deref()))
        .collect();
    assert_eq!(
        standing,
        [
            ("acme", None, None),
            ("globex", Some(RUN), None),
            ("initech", None, Some("the token was rejected")),
        ]
    );
    assert_eq!(index.group_of(RUN).expect("readable").as_deref(), Some(GROUP));
}

#[test]
fn a_name_means_a_group_only_where_it_fits_no_run() {
    let bench = Bench::new();
    let mut index = Index::open(&bench.state).expect("an index");
    let other = "20270115-090000-bbbbb";
    index.add_group(&group()).expect("written");
    index.add_run_in(&run(RUN), &tasks_of(1), Some(&place(0))).expect("written");
    for (name, is_group) in [
        (GROUP, true),
        ("20270115-080000-g", true),
        ("20270115-080000", false),
        (RUN, false),
        ("latest", true),
        ("2028", false),
    ] {
        let found = index.group_named(name).expect("readable");
        assert_eq!(found.is_some(), is_group, "{name}");
        let of_one = index.find_run(name);
        let names_group =
            matches!(&of_one, Err(JournalError::IsGroup { group, .. }) if group == GROUP);
        assert_eq!(names_group, is_group, "{name}");
    }
    index.add_run(&run(other), &tasks_of(1)).expect("written");
    assert_eq!(index.group_named("latest").expect("readable"), None);
    assert_eq!(index.find_run("latest").expect("the newest").id, other);
}
