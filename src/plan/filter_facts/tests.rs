//! Tests of what filters have to know.

use std::sync::Arc;

use super::super::inventory::tests::device;
use super::*;
use crate::job::{Input, ParseOptions, parse};
use crate::model::DeviceDetails;

const NOW: UnixMillis = UnixMillis(100 * 86_400_000);

fn job(targets: &str, exclude: &str) -> Job {
    let text = format!("version: 1\naction: restart\ntargets: {targets}\n{exclude}\n");
    let input = Input { name: "job.yaml", bytes: text.as_bytes() };
    let job = parse(&input, &ParseOptions::default(), &|_| Err("none".to_owned()));
    job.unwrap_or_else(|problems| panic!("{problems}"))
}

fn with(id: &str, platform: Platform, supervised: Option<bool>) -> Device {
    let details = DeviceDetails { is_supervised: supervised, ..DeviceDetails::default() };
    Device { details: Some(Box::new(details)), ..device(id, id, platform) }
}

fn ids(job: &Job, inventory: &Inventory) -> Vec<String> {
    let wanted = FilterFacts::of_job(job).details_wanted(inventory, NOW);
    wanted.iter().map(|id| id.as_str().to_owned()).collect()
}

#[test]
fn details_are_read_only_where_they_decide() {
    let mut kiosk = device("d", "D", Platform::IPad);
    kiosk.tags = ["kiosk"].into_iter().collect();
    let inventory = Inventory::new([
        device("a", "A", Platform::Mac),
        device("b", "B", Platform::IPad),
        device("c", "C", Platform::Windows),
        kiosk,
        with("e", Platform::IPad, Some(true)),
    ]);
    for (targets, exclude, expected) in [
        ("{filter: {platform: IPad}}", "", &[][..]),
        ("{filter: {supervised: true}}", "", &["a", "b", "d"]),
        ("{filter: {supervised: true, platform: iPad}}", "", &["b", "d"]),
        ("{filter: {supervised: true}}", "exclude: {tag: kiosk}", &["a", "b"]),
        ("{filter: {supervised: true}}", "exclude: {serial_numbers: [B]}", &["a", "d"]),
        ("{filter: {supervised: true, filevault: true}}", "", &[]),
        ("{filter: {platform: iPad}}", "exclude: {activation_lock: true}", &["b", "d"]),
        ("{filter: {platform: iPad}}", "exclude: {activation_lock: true, tag: kiosk}", &["b"]),
        ("{devices: [{serial_number: B}]}", "exclude: {activation_lock: true}", &["b"]),
        ("{devices: [{serial_number: B}]}", "exclude: {tag: kiosk}", &[]),
    ] {
        assert_eq!(ids(&job(targets, exclude), &inventory), expected, "{targets} {exclude}");
    }
}

#[test]
fn devices_about_which_nothing_is_known_are_named() {
    let mut pc = device("d", "PC", Platform::Windows);
    Arc::make_mut(&mut pc.make).os_version = "24H2".into();
    let inventory = Inventory::new([
        with("a", Platform::IPad, None),
        with("b", Platform::IPad, Some(true)),
        with("c", Platform::IPad, Some(false)),
        pc,
    ]);
    let notes = |targets: &str, exclude: &str| {
        FilterFacts::of_job(&job(targets, exclude)).notes(&inventory, NOW)
    };
    assert_eq!(
        notes("{filter: {supervised: true}}", ""),
        ["filter supervised: the tenant does not tell it of 1 device, which is not selected: a"]
    );
    assert_eq!(
        notes("{filter: {platform: iPad}}", "exclude: {supervised: false}"),
        ["exclude supervised: the tenant does not tell it of 1 device, which is excluded: a"]
    );
    assert_eq!(
        notes("{filter: {os_version: \"<15\", platform: Windows}}", ""),
        [
            "filter os_version: cannot compare the versions of 1 device, which is not selected: PC ('24H2')"
        ]
    );
    assert!(notes("{filter: {supervised: true, tag: none}}", "").is_empty());
}

#[test]
fn a_range_over_several_platforms_is_pointed_out() {
    let inventory =
        Inventory::new([device("a", "A", Platform::Mac), device("b", "B", Platform::IPad)]);
    let notes = |targets: &str| FilterFacts::of_job(&job(targets, "")).notes(&inventory, NOW);
    let note = &notes("{filter: {os_version: \"<18\"}}")[0];
    assert!(note.contains("(Mac 1, iPad 1); add a platform"), "{note}");
    assert!(notes("{filter: {os_version: \"<18\", platform: Mac}}").is_empty());
    assert!(notes("{filter: {os_version: \"17\"}}").is_empty());
}

#[test]
fn lists_that_the_tenant_did_not_filter_are_not_believed() {
    let (a, b) = (device("a", "A", Platform::Mac), device("b", "B", Platform::Mac));
    let pad = device("c", "C", Platform::IPad);
    let fleet = [a.clone(), b.clone(), pad];
    let known = |inventory: &Inventory| -> Vec<Option<bool>> {
        inventory.devices().iter().map(|device| device.filevault_enabled).collect()
    };
    let mut inventory = Inventory::new(fleet.clone());
    assert_eq!(inventory.add_filevault(&fleet, &fleet), Err(FilterIgnored::NoMac("C".into())));
    let macs = [a.clone(), b.clone()];
    assert_eq!(inventory.add_filevault(&macs, &macs), Err(FilterIgnored::InBoth("A".into())));
    assert_eq!(known(&inventory), [None, None, None], "nothing is noted");
    assert_eq!(inventory.add_filevault(&[a], &[]), Ok(()));
    assert_eq!(known(&inventory), [Some(true), None, None]);
    assert_eq!(inventory.add_filevault(&[], &[b]), Ok(()));
    assert_eq!(known(&inventory), [Some(true), Some(false), None]);
}
