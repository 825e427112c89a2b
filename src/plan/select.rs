//! Filters, on our side.
//!
//! Owns what a filter means; when two texts are the same is `model`'s. The API ignores a filter that it does not know and then returns the whole
//! fleet, so nothing is left to it. Must never see the network.

use crate::job::{Exclusion, Filter, Job};
use crate::model::{Device, Platform, UnixMillis, likeness, likeness_of_part};

/// Whether all conditions of the filter hold; an empty filter holds for every device.
#[must_use]
pub fn is_selected(filter: &Filter, device: &Device, now: UnixMillis) -> bool {
    conditions(filter, device, now).into_iter().flatten().all(|holds| holds)
}

/// Whether any condition of the exclusion holds; an empty one excludes nothing.
pub(super) fn is_excluded(exclusion: &Exclusion, device: &Device, now: UnixMillis) -> bool {
    exclusion.device_ids.contains(&device.id)
        || exclusion.serial_numbers.iter().any(|serial| same(serial, &device.serial_number))
        || conditions(&exclusion.filter, device, now).into_iter().flatten().any(|holds| holds)
}

/// Why a device is left out that the job's requirement does not list.
pub(super) fn unlisted(job: &Job, device: &Device) -> Option<String> {
    let requirement = job.settings.require.as_ref()?;
    (!requirement.lists(device)).then(|| requirement.reason())
}

/// The conditions that the filter gives, each with whether it holds.
fn conditions(filter: &Filter, device: &Device, now: UnixMillis) -> [Option<bool>; 9] {
    let given = |list: &[String], holds: &dyn Fn(&str) -> bool| {
        (!list.is_empty()).then(|| list.iter().any(|text| holds(text)))
    };
    let platforms: &[Platform] = &filter.platform;
    let age_ms = device.last_check_in.map(|seen| now.remaining_ms(seen));
    [
        (!platforms.is_empty()).then(|| platforms.contains(&device.platform)),
        given(&filter.blueprint, &|name| same(name, &device.blueprint)),
        given(&filter.tag, &|name| device.tags.iter().any(|tag| same(name, tag))),
        given(&filter.user_email, &|email| same(email, &device.user_email)),
        given(&filter.model, &|model| same(model, &device.model)),
        given(&filter.os_version, &|version| is_version(version, &device.os_version)),
        given(&filter.name_like, &|part| likeness_of_part(part, &device.name).is_some()),
        filter.checked_in_within_ms.map(|limit_ms| age_ms.is_some_and(|age_ms| age_ms <= limit_ms)),
        filter.not_checked_in_for_ms.map(|limit_ms| age_ms.is_none_or(|age_ms| age_ms >= limit_ms)),
    ]
}

fn same(left: &str, right: &str) -> bool {
    likeness(left, right).is_some()
}

/// `17.4` means 17.4 and 17.4.1, not 17.40.
fn is_version(wanted: &str, found: &str) -> bool {
    let rest = found.trim().strip_prefix(wanted.trim());
    rest.is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::super::inventory::tests::device;
    use super::*;

    #[test]
    fn a_filter_holds_as_a_whole_and_an_exclusion_in_any_part() {
        let mut lab = device("a", "C02", Platform::IPad);
        lab.tags = vec!["Lab".into()];
        lab.last_check_in = Some(UnixMillis(1_000_000));
        let now = UnixMillis(1_000_000 + 3_600_000);
        let filter = Filter {
            platform: vec![Platform::IPad, Platform::IPhone],
            tag: vec!["lab".to_owned()],
            os_version: vec!["17".to_owned()],
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
}
