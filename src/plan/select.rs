//! Filters, on our side.
//!
//! Owns what a filter means; when two texts are the same is `model`'s. The API ignores a filter that it does not know and then returns the whole
//! fleet, so nothing is left to it. Invariant: a condition about which nothing is known selects no device, and excludes it.
//! Must never see the network.

use self::Truth::{No, Unknown, Yes};
use crate::job::{Exclusion, Filter, Job, OsCondition};
use crate::model::{Device, Os, Platform, UnixMillis, likeness, likeness_of_part};

/// Whether a condition holds for a device.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    Yes,
    /// It does not, or the device has not what the condition is about.
    No,
    Unknown,
}

/// Where the answer to a condition is found.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum FactSource {
    /// In the row of the device list.
    Row,
    /// In a device list that the tenant has filtered.
    FilteredList,
    /// In the details of the device.
    Details,
}

/// A condition that a filter gives, and whether it holds for one device.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub key: &'static str,
    pub source: FactSource,
    pub holds: Truth,
}

/// Whether all conditions of the filter hold; an empty filter holds for every device.
#[must_use]
pub fn is_selected(filter: &Filter, device: &Device, now: UnixMillis) -> bool {
    conditions(filter, device, now).all(|condition| condition.holds == Yes)
}

/// Whether any condition of the exclusion holds, or may hold; an empty one excludes nothing.
pub(super) fn is_excluded(exclusion: &Exclusion, device: &Device, now: UnixMillis) -> bool {
    is_listed(exclusion, device)
        || conditions(&exclusion.filter, device, now).any(|condition| condition.holds != No)
}

/// Whether the exclusion lists the device.
pub(super) fn is_listed(exclusion: &Exclusion, device: &Device) -> bool {
    exclusion.device_ids.contains(&device.id)
        || exclusion.serial_numbers.iter().any(|serial| same(serial, &device.serial_number))
}

/// Why a device is left out that the job's requirement does not list.
pub(super) fn unlisted(job: &Job, device: &Device) -> Option<String> {
    let requirement = job.settings.require.as_ref()?;
    (!requirement.lists(device)).then(|| requirement.reason())
}

/// The conditions that the filter gives, each with whether it holds.
pub(super) fn conditions(
    filter: &Filter,
    device: &Device,
    now: UnixMillis,
) -> impl Iterator<Item = Condition> {
    let given = |key, list: &[String], holds: &dyn Fn(&str) -> bool| {
        let is_given = !list.is_empty();
        is_given.then(|| row(key, list.iter().any(|text| holds(text)).into()))
    };
    let platforms: &[Platform] = &filter.platform;
    let age_ms = device.last_check_in.get().map(|seen| now.remaining_ms(seen));
    let has_platform = platforms.contains(&device.platform).into();
    let seen_within = |limit_ms| age_ms.is_some_and(|age_ms| age_ms <= limit_ms).into();
    let unseen_for = |limit_ms| age_ms.is_none_or(|age_ms| age_ms >= limit_ms).into();
    let of_row = [
        (!platforms.is_empty()).then(|| row("platform", has_platform)),
        given("blueprint", &filter.blueprint, &|name| same(name, &device.blueprint)),
        given("tag", &filter.tag, &|name| device.tags.iter().any(|tag| same(name, tag))),
        given("user_email", &filter.user_email, &|email| same(email, &device.user_email)),
        given("model", &filter.model, &|model| same(model, &device.make.model)),
        given("name_like", &filter.name_like, &|part| {
            likeness_of_part(part, &device.name).is_some()
        }),
        filter.checked_in_within_ms.map(|limit| row("checked_in_within", seen_within(limit))),
        filter.not_checked_in_for_ms.map(|limit| row("not_checked_in_for", unseen_for(limit))),
        (!filter.os_version.is_empty())
            .then(|| row("os_version", os_holds(&filter.os_version, &device.make.os_version))),
    ];
    of_row.into_iter().chain(facts(filter, device, now)).flatten()
}

/// The conditions about what may be unknown.
fn facts(filter: &Filter, device: &Device, now: UnixMillis) -> [Option<Condition>; 6] {
    let platform = device.platform;
    let is_apple = platform.is_apple();
    let enrolled_ms = device.last_enrollment.get().map(|since| now.remaining_ms(since));
    let enrolled =
        |holds: &dyn Fn(u64) -> bool| enrolled_ms.map_or(Unknown, |age_ms| holds(age_ms).into());
    let details = device.details.as_deref();
    let switch = |key, source, wanted: Option<bool>, can_be: bool, found: Option<bool>| {
        let holds = |wanted: bool| match (can_be, found) {
            (false, _) => No,
            (true, None) => Unknown,
            (true, Some(found)) => (found == wanted).into(),
        };
        wanted.map(|wanted| Condition { key, source, holds: holds(wanted) })
    };
    let supervised = details.and_then(|details| details.is_supervised);
    let locked = details.and_then(|details| details.is_activation_locked);
    let has_agent = matches!(platform, Platform::Mac | Platform::Windows);
    let is_mac = platform == Platform::Mac;
    [
        filter
            .enrolled_within_ms
            .map(|limit| row("enrolled_within", enrolled(&|age_ms| age_ms <= limit))),
        filter
            .enrolled_for_ms
            .map(|limit| row("enrolled_for", enrolled(&|age_ms| age_ms >= limit))),
        switch("agent", FactSource::Row, filter.agent, has_agent, device.agent_installed),
        switch(
            "filevault",
            FactSource::FilteredList,
            filter.filevault,
            is_mac,
            device.filevault_enabled,
        ),
        switch("supervised", FactSource::Details, filter.supervised, is_apple, supervised),
        switch("activation_lock", FactSource::Details, filter.activation_lock, is_apple, locked),
    ]
}

fn row(key: &'static str, holds: Truth) -> Condition {
    Condition { key, source: FactSource::Row, holds }
}

impl From<bool> for Truth {
    fn from(holds: bool) -> Self {
        if holds { Yes } else { No }
    }
}

fn same(left: &str, right: &str) -> bool {
    likeness(left, right).is_some()
}

/// Whether one of the alternatives holds. A range says nothing about a version that is no number, and none says anything
/// where there is no version.
fn os_holds(wanted: &[OsCondition], found: &str) -> Truth {
    let version = Os::of_numbers(found);
    let holds = |condition: &OsCondition| match (condition, &version) {
        (OsCondition::Version(_), _) if found.trim().is_empty() => Unknown,
        (OsCondition::Version(text), _) => is_version(text, found).into(),
        (OsCondition::Range(range, _), Some(version)) => range.contains(version).into(),
        (OsCondition::Range(..), None) => Unknown,
    };
    wanted.iter().map(holds).fold(No, |one, other| match (one, other) {
        (Yes, _) | (_, Yes) => Yes,
        (Unknown, _) | (_, Unknown) => Unknown,
        _ => No,
    })
}

/// `17.4` means 17.4 and 17.4.1, not 17.40.
fn is_version(wanted: &str, found: &str) -> bool {
    let rest = found.trim().strip_prefix(wanted.trim());
    rest.is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::inventory::tests::device;
    use super::*;

    #[test]
    fn a_filter_holds_as_a_whole_and_an_exclusion_in_any_part() {
        let mut lab = device("a", "C02", Platform::IPad);
        lab.tags = ["Lab"].into_iter().collect();
        lab.last_check_in = UnixMillis(1_000_000).into();
        let now = UnixMillis(1_000_000 + 3_600_000);
        let filter = Filter {
            platform: vec![Platform::IPad, Platform::IPhone],
            tag: vec!["lab".to_owned()],
            os_version: vec![OsCondition::Version("17".to_owned())],
            checked_in_within_ms: Some(3_600_000),
            ..Filter::default()
        };
        assert!(is_selected(&filter, &lab, now));
        assert!(!is_selected(&filter, &lab, now.plus_ms(1)));
        assert!(is_selected(&Filter::default(), &lab, now));
        assert!(!is_excluded(&Exclusion::default(), &lab, now));
        let exclusion = Exclusion {
            filter: Filter {
                blueprint: vec!["Sales".to_owned()],
                tag: vec!["lab".to_owned()],
                ..Filter::default()
            },
            ..Exclusion::default()
        };
        assert!(is_excluded(&exclusion, &lab, now));
        assert!(!is_version("17.4", "17.40"));
        assert!(is_version("17.4", "17.4.1"));
    }

    #[test]
    fn texts_match_across_unicode_forms_and_quotation_marks() {
        let mut mac = device("a", "C02", Platform::Mac);
        mac.blueprint = "Noe\u{301}mie’s Macs".into();
        mac.name = "Mac of Noe\u{301}mie’s".into();
        let by = |filter: Filter| is_selected(&filter, &mac, UnixMillis(0));
        let texts = |text: &str| vec![text.to_owned()];
        assert!(by(Filter { blueprint: texts("NOÉMIE's macs"), ..Filter::default() }));
        assert!(by(Filter { name_like: texts("noémie'"), ..Filter::default() }));
        assert!(!by(Filter { blueprint: texts("Noemie's macs"), ..Filter::default() }));
        let exclusion = Exclusion {
            filter: Filter { blueprint: texts("noémie's Macs"), ..Filter::default() },
            ..Exclusion::default()
        };
        assert!(is_excluded(&exclusion, &mac, UnixMillis(0)));
    }

    #[test]
    fn a_device_that_never_checked_in_counts_as_long_unseen() {
        let silent = device("a", "C02", Platform::Mac);
        let unseen = Filter { not_checked_in_for_ms: Some(1), ..Filter::default() };
        assert!(is_selected(&unseen, &silent, UnixMillis(0)));
        let seen = Filter { checked_in_within_ms: Some(u64::MAX), ..Filter::default() };
        assert!(!is_selected(&seen, &silent, UnixMillis(0)));
    }

    fn filter_of(pairs: &[(&str, &str)]) -> Filter {
        let mut filter = Filter::default();
        for (key, value) in pairs {
            crate::job::read_filter_pair(&mut filter, key, value).expect("a condition");
        }
        filter
    }

    /// Whether a device is selected by a condition and excluded by it.
    fn by(device: &Device, key: &str, value: &str) -> (bool, bool) {
        let (filter, now) = (filter_of(&[(key, value)]), UnixMillis(100 * 86_400_000));
        let exclusion = Exclusion { filter: filter.clone(), ..Exclusion::default() };
        (is_selected(&filter, device, now), is_excluded(&exclusion, device, now))
    }

    const SELECTED: (bool, bool) = (true, true);
    const OTHER: (bool, bool) = (false, false);
    const UNKNOWN: (bool, bool) = (false, true);

    #[test]
    fn ranges_select_by_numbers_and_nothing_else() {
        for (found, range, expected) in [
            ("14.10", ">14.9", SELECTED),
            ("15.3.2", ">=14.0 <15.4", SELECTED),
            ("15.4", ">=14.0 <15.4", OTHER),
            ("14.4.1 (a)", "<=14.4.1", SELECTED),
            ("24H2", "<15.4", UNKNOWN),
            ("24H2", ">=24", UNKNOWN),
            ("", "<15.4", UNKNOWN),
            ("", "16", UNKNOWN),
            ("24H2", "24H2", SELECTED),
        ] {
            let mut device = device("a", "C02", Platform::Mac);
            Arc::make_mut(&mut device.make).os_version = found.into();
            assert_eq!(by(&device, "os_version", range), expected, "{found} {range}");
        }
    }

    #[test]
    fn what_is_unknown_selects_nothing_and_is_excluded() {
        use crate::model::DeviceDetails;
        let mut known = device("a", "C02", Platform::Mac);
        known.agent_installed = Some(true);
        known.filevault_enabled = Some(true);
        known.last_enrollment = UnixMillis(90 * 86_400_000).into();
        let (is_supervised, is_activation_locked) = (Some(true), Some(true));
        let details =
            DeviceDetails { is_supervised, is_activation_locked, ..DeviceDetails::default() };
        known.details = Some(Box::new(details));
        let unknown = device("b", "C03", Platform::Mac);
        for key in Filter::SWITCHES {
            assert_eq!(by(&known, key, "true"), SELECTED, "{key}");
            assert_eq!(by(&known, key, "false"), OTHER, "{key}");
            for value in ["true", "false"] {
                assert_eq!(by(&unknown, key, value), UNKNOWN, "{key} {value}");
            }
        }
        for (key, value, expected) in [
            ("enrolled_within", "10d", SELECTED),
            ("enrolled_within", "9d", OTHER),
            ("enrolled_for", "10d", SELECTED),
            ("enrolled_for", "11d", OTHER),
        ] {
            assert_eq!(by(&known, key, value), expected, "{key} {value}");
            assert_eq!(by(&unknown, key, value), UNKNOWN, "{key} {value}");
        }
    }

    #[test]
    fn what_a_device_cannot_have_is_neither_on_nor_off() {
        for (platform, keys) in [
            (Platform::IPad, &["agent", "filevault"][..]),
            (Platform::Windows, &["filevault", "supervised", "activation_lock"]),
            (Platform::Android, &Filter::SWITCHES),
        ] {
            let mut device = device("a", "C02", platform);
            // Published as true even of iPhones.
            device.agent_installed = Some(true);
            for (key, value) in keys.iter().flat_map(|key| [(key, "true"), (key, "false")]) {
                assert_eq!(by(&device, key, value), OTHER, "{key} {value} {platform}");
            }
        }
    }
}
