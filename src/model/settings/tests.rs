//! The table is consistent, and the strongest source wins.

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_name_flag_and_key_is_used_once() {
    let mut seen = BTreeSet::new();
    for setting in settings() {
        let flags = setting.flags.iter().map(|flag| format!("--{}", flag.long));
        let letters = setting.flags.iter().filter_map(|flag| flag.short).map(String::from);
        let keys = setting.job_key.iter().map(|key| format!("job {key}"));
        let profile = setting.profile_key.iter().map(|key| format!("profile {key}"));
        let variables = setting.variables.iter().map(|variable| (*variable).to_owned());
        let names = [format!("name {}", setting.name)];
        for name in names
            .into_iter()
            .chain(flags)
            .chain(letters)
            .chain(keys)
            .chain(profile)
            .chain(variables)
        {
            assert!(seen.insert(name.clone()), "{name} is used twice");
        }
        assert!(!setting.help.is_empty() && !setting.help.ends_with('.'), "{}", setting.name);
        let has_names = !setting.flags.is_empty() || !setting.variables.is_empty();
        assert_eq!(has_names, setting.group != FlagGroup::None, "{}", setting.name);
    }
    for flag in settings().flat_map(|setting| setting.flags) {
        for other in flag.conflicts.iter().chain(&flag.requires) {
            assert!(seen.contains(&format!("--{other}")), "{}: no flag {other}", flag.long);
        }
    }
}

#[test]
fn the_strongest_source_wins() {
    let mut values = SettingValues::default();
    let count = |count| SettingValue::Count(count);
    let weakest_first = [
        SettingSource::Profile,
        SettingSource::Job { line: 7 },
        SettingSource::Variable("SORTIE_X"),
        SettingSource::Flag("per-second"),
    ];
    for (number, source) in (1..).zip(weakest_first) {
        values.set(&pace::PER_SECOND, count(number), source);
        assert_eq!(values.count(&pace::PER_SECOND), Some(number), "{source:?}");
    }
    let values = values.without(SettingLayer::Flag);
    assert_eq!(values.layer(&pace::PER_SECOND), Some(SettingLayer::Variable));
    let mut job = SettingValues::default();
    job.set(&pace::PER_SECOND, count(9), SettingSource::Job { line: 1 });
    for merged in [values.clone().merged(&job), job.merged(&values)] {
        assert_eq!(merged.count(&pace::PER_SECOND), Some(3));
        assert_eq!(merged.all(&pace::PER_SECOND).len(), 3);
    }
}

#[test]
fn a_union_counts_all_sources() {
    let mut values = SettingValues::default();
    let skip = &targets::SKIP_REFUSED;
    let words = |words: &[&'static str]| SettingValue::Words(words.to_vec());
    values.set(skip, words(&["removed"]), SettingSource::Flag("skip-refused"));
    values.set(skip, words(&["removed", "not_found"]), SettingSource::Job { line: 3 });
    assert_eq!(values.words(skip), Some(vec!["removed", "not_found"]));
}

#[test]
fn limits_of_jobs_do_not_bind_flags() {
    let two_years = &["731d"][..];
    assert!(following::WAIT.read(two_years, SettingLayer::Flag).is_ok());
    let errors = following::WAIT.read(two_years, SettingLayer::Job).expect_err("too long");
    assert_eq!(errors[0].fault, SettingFault::TooLong { most_ms: safety::YEAR_MS });
    assert!(safety::WAVES.read(&["5", "1"], SettingLayer::Flag).is_ok());
    assert!(safety::WAVES.read(&["5", "1"], SettingLayer::Job).is_err());
    assert!(pace::PER_HOUR.read(&["20000"], SettingLayer::Job).is_ok());
    assert!(pace::PER_HOUR.read(&["20000"], SettingLayer::Flag).is_err());
}

#[test]
fn defaults_are_values_of_their_settings() {
    for setting in settings().filter(|setting| !setting.default.is_empty()) {
        let is_plain = matches!(
            setting.kind,
            SettingKind::Switch | SettingKind::Count { .. } | SettingKind::Number
        );
        let is_words = setting.default.contains(' ');
        if is_plain && !is_words {
            assert!(
                setting.read(&[setting.default], SettingLayer::Job).is_ok(),
                "{}: {}",
                setting.name,
                setting.default
            );
        }
    }
}
