//! Whether what people wrote fits the fleet: filters, exclusions and the protect list against the names that there are.
//!
//! Owns what is said of an entry that fits nothing, that fits only by its quotation marks, or that fits several names
//! which look alike. Must never decide which device is meant: that is `select` and `protect`.

use std::collections::BTreeMap;

use super::device_field::DeviceField;
use super::inventory::Inventory;
use super::protect::Protect;
use crate::job::{Filter, Job};
use crate::model::{comparable, comparable_by_quotes, composed, edit_distance, likeness_of_part};

/// Entries that fit nothing and for which near names are looked up: each is compared with every name of the fleet.
const SUGGESTED_ENTRIES_MAX: usize = 10;
/// Near names that a note shows for one entry.
const NEAR_NAMES_MAX: usize = 3;
/// Names that a note shows for an entry that matches several.
const NAMES_MAX: usize = 5;
/// Parts of names that are looked for in every name of the fleet.
const PARTS_MAX: usize = 200;

/// How much of the fleet is known.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it: what fits nothing here fits nothing at all.
    Whole,
    /// What was looked up.
    Part,
}

/// What is to be said of the entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// Notes for the operator, in words.
    pub notes: Vec<String>,
    /// Entries of `exclude` that fit no device, each as a sentence.
    pub idle_exclusions: Vec<String>,
}

/// Compares every entry of the filter, the exclusions and the protect list with the fleet. Platforms, OS versions and
/// ages are left out: they are no names.
#[must_use]
pub fn fit(job: &Job, protect: &Protect, inventory: &Inventory, extent: Extent) -> Fit {
    let mut names = Names::of(inventory);
    let mut fit = Fit::default();
    if let Some(selection) = &job.selection {
        fit.notes = names.check_filter(&selection.filter, extent);
    }
    let ids = job.exclude.device_ids.iter().map(|id| (DeviceField::Id, "device_ids", id.as_str()));
    let serials = job.exclude.serial_numbers.iter();
    let serials = serials.map(|text| (DeviceField::SerialNumber, "serial_numbers", text.as_str()));
    for (field, key, written) in entries_of(&job.exclude.filter).chain(ids).chain(serials) {
        let idle = names.check(field, &format!("exclude {key}"), written, &mut fit.notes);
        if let Some(near) = idle.filter(|_| extent == Extent::Whole) {
            fit.idle_exclusions.push(format!("exclude {key} '{written}' matches no device{near}"));
        }
    }
    for (field, key, written) in protect.entries() {
        let idle = names.check(field, &format!("protect.{key}"), written, &mut fit.notes);
        if let Some(near) = idle.filter(|_| extent == Extent::Whole) {
            fit.notes.push(format!(
                "protect.{key} '{written}' in the policy matches no device and protects nothing{near}"
            ));
        }
    }
    fit
}

/// What may surprise about a filter, compared with the whole fleet.
#[must_use]
pub fn fit_filter(filter: &Filter, inventory: &Inventory) -> Vec<String> {
    Names::of(inventory).check_filter(filter, Extent::Whole)
}

/// The entries of a filter that may be misspelled, with their keys.
fn entries_of(filter: &Filter) -> impl Iterator<Item = (DeviceField, &'static str, &str)> {
    let lists = [
        (DeviceField::Blueprint, "blueprint", &filter.blueprint),
        (DeviceField::Tag, "tag", &filter.tag),
        (DeviceField::UserEmail, "user_email", &filter.user_email),
        (DeviceField::Model, "model", &filter.model),
        (DeviceField::NameLike, "name_like", &filter.name_like),
    ];
    lists
        .into_iter()
        .flat_map(|(field, key, texts)| texts.iter().map(move |text| (field, key, text.as_str())))
}

/// The names of one kind that the fleet has.
#[derive(Default)]
struct Known {
    /// Composed, with how many devices have it.
    counts: BTreeMap<String, usize>,
    /// Those names by what they are compared by.
    by_quotes: BTreeMap<String, Vec<String>>,
}

/// The names of the fleet, each kind collected when it is first asked for.
struct Names<'a> {
    inventory: &'a Inventory,
    known: BTreeMap<DeviceField, Known>,
    /// Entries for which names were looked up one by one.
    suggested: usize,
    parts: usize,
}

impl<'a> Names<'a> {
    fn of(inventory: &'a Inventory) -> Self {
        Self { inventory, known: BTreeMap::new(), suggested: 0, parts: 0 }
    }

    fn check_filter(&mut self, filter: &Filter, extent: Extent) -> Vec<String> {
        let mut notes = Vec::new();
        for (field, key, written) in entries_of(filter) {
            let idle = self.check(field, &format!("filter {key}"), written, &mut notes);
            if let Some(near) = idle.filter(|_| extent == Extent::Whole) {
                notes.push(format!("filter {key} '{written}' matches no device{near}"));
            }
        }
        notes
    }

    fn known(&mut self, field: DeviceField) -> &Known {
        let inventory = self.inventory;
        self.known.entry(field).or_insert_with(|| {
            let mut known = Known::default();
            let devices = inventory.devices().iter().chain(inventory.unusable());
            for text in devices.flat_map(|device| field.of(device)).filter(|text| !text.is_empty())
            {
                *known.counts.entry(composed(text.trim()).into_owned()).or_default() += 1;
            }
            for name in known.counts.keys() {
                let key = comparable_by_quotes(name);
                known.by_quotes.entry(key).or_default().push(name.clone());
            }
            known
        })
    }

    /// Says what may surprise about an entry that fits; of one that fits nothing, returns the names that are near.
    fn check(
        &mut self,
        field: DeviceField,
        what: &str,
        written: &str,
        notes: &mut Vec<String>,
    ) -> Option<String> {
        if field == DeviceField::NameLike {
            return self.check_part(what, written, notes);
        }
        let known = self.known(field);
        let Some(names) = known.by_quotes.get(&comparable_by_quotes(written)) else {
            return Some(self.near_text(field, written));
        };
        let is_same = |name: &String| comparable(name) == comparable(written);
        if let Some(name) = names.first().filter(|_| !names.iter().any(is_same)) {
            notes.push(format!(
                "{what} '{written}' matches '{name}': straight and typographic quotation marks count as equal"
            ));
        }
        if names.len() > 1
            && matches!(field, DeviceField::Blueprint | DeviceField::Tag | DeviceField::Model)
        {
            let shown: Vec<String> = names
                .iter()
                .take(NAMES_MAX)
                .map(|name| {
                    let devices = known.counts[name];
                    format!("'{name}' ({devices} device{})", if devices == 1 { "" } else { "s" })
                })
                .collect();
            notes.push(format!(
                "{what} '{written}' matches {} names that differ only in case or quotation marks: {}",
                names.len(),
                shown.join(", ")
            ));
        }
        None
    }

    /// The same for a part of a name. Nothing is near to a part.
    fn check_part(&mut self, what: &str, written: &str, notes: &mut Vec<String>) -> Option<String> {
        use crate::model::Likeness::{ByQuotes, Same};
        self.parts += 1;
        if self.parts > PARTS_MAX {
            return None;
        }
        let names = self.known(DeviceField::NameLike).counts.keys();
        let found = names.filter_map(|name| Some((likeness_of_part(written, name)?, name)));
        match found.min() {
            None => Some(String::new()),
            Some((Same, _)) => None,
            Some((ByQuotes, name)) => {
                notes.push(format!(
                    "{what} '{written}' matches '{name}': straight and typographic quotation marks count as equal"
                ));
                None
            }
        }
    }

    /// The names that an entry which fits nothing may have meant.
    fn near_text(&mut self, field: DeviceField, written: &str) -> String {
        self.suggested += 1;
        if self.suggested > SUGGESTED_ENTRIES_MAX {
            return String::new();
        }
        let wanted = comparable_by_quotes(written);
        let length = wanted.chars().count();
        let allowed = (length / 4).clamp(1, 3);
        let known = self.known(field);
        let mut near: Vec<(usize, &String)> = known
            .by_quotes
            .iter()
            .filter(|(name, _)| name.chars().count().abs_diff(length) <= allowed)
            .map(|(name, names)| (edit_distance(name, &wanted), &names[0]))
            .filter(|(distance, _)| *distance <= allowed)
            .collect();
        near.sort();
        let near: Vec<String> =
            near.iter().take(NEAR_NAMES_MAX).map(|(_, name)| format!("'{name}'")).collect();
        if near.is_empty() {
            String::new()
        } else {
            format!("; did you mean {}?", near.join(" or "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fleet_policy::tests::policy;
    use super::super::inventory::tests::device;
    use super::*;
    use crate::job::{Input, ParseOptions, parse};
    use crate::model::Platform;

    fn fleet() -> Inventory {
        let blueprints = ["Design", "DESIGN", "Noe\u{301}mie’s Lab", "Kiosk"];
        let tags = ["vip", "loan", "VIP", "lab"];
        Inventory::new(["a", "b", "c", "d"].into_iter().zip(blueprints.iter().zip(tags)).map(
            |(id, (blueprint, tag))| {
                let mut device = device(id, &format!("C02{id}"), Platform::Mac);
                device.blueprint = (*blueprint).into();
                device.tags = [tag].into_iter().collect();
                device
            },
        ))
    }

    fn fit_of(targets: &str, exclude: &str, protect: &str, extent: Extent) -> Fit {
        let text = format!("version: 1\naction: restart\ntargets: {targets}\n{exclude}\n");
        let input = Input { name: "job.yaml", bytes: text.as_bytes() };
        let job = parse(&input, &ParseOptions::default(), &|_| Err("none".to_owned()));
        let job = job.unwrap_or_else(|problems| panic!("{problems}"));
        let protect = policy(&format!("[protect]\n{protect}")).protect;
        fit(&job, &protect, &fleet(), extent)
    }

    #[test]
    fn an_entry_that_fits_nothing_is_named_with_what_is_near() {
        let filter = |filter: &str| fit_of(filter, "", "", Extent::Whole).notes;
        assert_eq!(
            filter("{filter: {blueprint: Kiosks, tag: lab}}"),
            ["filter blueprint 'Kiosks' matches no device; did you mean 'Kiosk'?"]
        );
        assert_eq!(
            filter("{filter: {name_like: zzz, platform: Mac}}"),
            ["filter name_like 'zzz' matches no device"]
        );
        assert!(
            filter("{filter: {blueprint: \"noémie's lab\"}}")[0]
                .contains("quotation marks count as equal")
        );
        assert!(filter("{filter: {blueprint: \"NOÉMIE’s lab\"}}").is_empty());
        let protect = |text: &str| fit_of("{all: true}", "", text, Extent::Whole).notes;
        let note = &protect("blueprints = [\"Kioks\"]\nserial_numbers = [\"C02d\"]")[..];
        assert_eq!(note.len(), 1, "{note:?}");
        assert!(note[0].contains("protects nothing; did you mean 'Kiosk'?"), "{note:?}");
        assert!(fit_of("{all: true}", "", "tags = [\"x\"]", Extent::Part).notes.is_empty());
    }

    #[test]
    fn exclusions_that_exclude_nothing_are_set_apart() {
        let exclude = "exclude: {tag: [lob, lab], serial_numbers: [C02X, C02A], user_email: x@y.z}";
        let idle = fit_of("{all: true}", exclude, "", Extent::Whole).idle_exclusions;
        assert_eq!(idle.len(), 3, "{idle:?}");
        assert_eq!(idle[0], "exclude tag 'lob' matches no device; did you mean 'lab'?");
        assert!(idle[2].starts_with("exclude serial_numbers 'C02X' matches no device"), "{idle:?}");
        assert!(fit_of("{all: true}", exclude, "", Extent::Part).idle_exclusions.is_empty());
    }

    #[test]
    fn names_that_differ_only_by_case_are_named() {
        let notes = fit_of("{filter: {blueprint: design}}", "", "", Extent::Whole).notes;
        let expected = "filter blueprint 'design' matches 2 names that differ only in case or quotation marks: 'DESIGN' (1 device), 'Design' (1 device)";
        assert_eq!(notes, [expected]);
        let notes = fit_of("{all: true}", "exclude: {tag: vip}", "", Extent::Part).notes;
        assert!(notes[0].contains("'VIP' (1 device), 'vip' (1 device)"), "{notes:?}");
    }
}
