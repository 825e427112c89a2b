//! What devices and rows have in common, kept once for all of them.
//!
//! Owns which texts are kept once, and which together. Must never give a text in the place of one that differs from it.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use super::{DeviceGroup, DeviceMake, Platform, SharedText, Tags};

/// Most texts that are known: what more devices or tasks have apart is not worth a search.
const KNOWN_TEXTS_MAX: usize = 4_096;

/// Texts that came before, so that equal long ones are kept once: thousands of devices have the same model.
#[derive(Debug, Default)]
pub struct KnownTexts {
    texts: HashSet<SharedText>,
    tags: HashSet<Tags>,
    groups: HashSet<Arc<DeviceGroup>>,
    makes: HashSet<Arc<DeviceMake>>,
    /// Of the last device: the next one often has the same.
    last_group: Arc<DeviceGroup>,
    last_make: Arc<DeviceMake>,
}

impl KnownTexts {
    /// This text: the one that came first, if an equal one did.
    pub fn shared(&mut self, text: &str) -> SharedText {
        let known = match text.len() > SharedText::IN_PLACE_BYTES_MAX {
            true => self.texts.get(text),
            false => None,
        };
        if let Some(known) = known {
            return known.clone();
        }
        let mut new = SharedText::from(text);
        self.share(&mut new);
        new
    }

    /// Puts the text that came first in the place of an equal one.
    pub fn share(&mut self, text: &mut SharedText) {
        if text.is_shared() {
            share(&mut self.texts, text);
        }
    }

    /// Puts the tags that came first in the place of equal ones.
    pub fn share_tags(&mut self, tags: &mut Tags) {
        if !tags.is_empty() {
            share(&mut self.tags, tags);
        }
    }

    /// Puts the group that came first in the place of an equal one.
    pub fn share_group(&mut self, group: &mut Arc<DeviceGroup>) {
        if *group == self.last_group {
            group.clone_from(&self.last_group);
            return;
        }
        // A group that devices share already is left as it is.
        if let Some(alone) = Arc::get_mut(group) {
            self.share(&mut alone.blueprint);
            self.share_tags(&mut alone.tags);
        }
        share(&mut self.groups, group);
        self.last_group.clone_from(group);
    }

    /// Puts the make that came first in the place of an equal one.
    pub fn share_make(&mut self, make: &mut Arc<DeviceMake>) {
        if *make == self.last_make {
            make.clone_from(&self.last_make);
            return;
        }
        share(&mut self.makes, make);
        self.last_make.clone_from(make);
    }

    /// A group with these facts: the one that came first, if an equal one did.
    pub fn group<'a>(
        &mut self,
        platform: Platform,
        blueprint: &str,
        tags: impl Iterator<Item = &'a str> + Clone,
    ) -> Arc<DeviceGroup> {
        let last = &self.last_group;
        let is_last = last.platform == platform
            && last.blueprint == *blueprint
            && last.old_asset_tag.is_empty()
            && last.tags.iter().map(SharedText::as_str).eq(tags.clone());
        if !is_last {
            let (blueprint, tags) = (self.shared(blueprint), tags.collect());
            let old_asset_tag = SharedText::default();
            let mut group = Arc::new(DeviceGroup { platform, blueprint, tags, old_asset_tag });
            self.share_group(&mut group);
        }
        Arc::clone(&self.last_group)
    }

    /// A make with these texts: the one that came first, if an equal one did.
    pub fn make(&mut self, os_version: &str, model: &str, blueprint_id: &str) -> Arc<DeviceMake> {
        let last = &self.last_make;
        let is_last = last.os_version == *os_version
            && last.model == *model
            && last.blueprint_id == *blueprint_id;
        if !is_last {
            let mut make = Arc::new(DeviceMake {
                os_version: self.shared(os_version),
                model: self.shared(model),
                blueprint_id: self.shared(blueprint_id),
            });
            self.share_make(&mut make);
        }
        Arc::clone(&self.last_make)
    }
}

fn share<T: Clone + Eq + Hash>(known: &mut HashSet<T>, value: &mut T) {
    match known.get(&*value) {
        Some(same) => *value = same.clone(),
        None if known.len() < KNOWN_TEXTS_MAX => drop(known.insert(value.clone())),
        None => {}
    }
}

/// Long texts that belong together, one after the other in one piece of memory.
pub struct TextBlock {
    block: Arc<Box<str>>,
    taken: usize,
}

impl TextBlock {
    /// Puts the long ones of these texts together. They are taken out in the same order.
    #[must_use]
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let long = texts.into_iter().filter(|text| text.len() > SharedText::IN_PLACE_BYTES_MAX);
        let mut block = String::new();
        long.for_each(|text| block.push_str(text));
        Self { block: Arc::new(block.into_boxed_str()), taken: 0 }
    }

    /// This text: the next one of the block, or one of its own where the block has another.
    pub fn take(&mut self, text: &str) -> SharedText {
        let rest = self.block.get(self.taken..).unwrap_or_default();
        if text.len() <= SharedText::IN_PLACE_BYTES_MAX || !rest.starts_with(text) {
            return SharedText::from(text);
        }
        let part = SharedText::part_of(&self.block, self.taken, text.len());
        self.taken += text.len();
        part.unwrap_or_else(|| SharedText::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN_PLACE: usize = SharedText::IN_PLACE_BYTES_MAX;

    #[test]
    fn a_text_of_any_length_is_read_as_it_was_given() {
        assert_eq!(size_of::<SharedText>(), 16);
        assert_eq!(size_of::<Option<SharedText>>(), 16);
        for text in [
            "",
            "C02",
            "Noémie’s MacBook",
            &"x".repeat(IN_PLACE),
            &"é".repeat(IN_PLACE / 2),
            &"x".repeat(IN_PLACE + 1),
            &"x".repeat(300),
        ] {
            let shared = SharedText::from(text);
            assert_eq!(shared.as_str(), text);
            assert_eq!(shared.is_shared(), text.len() > IN_PLACE);
            assert_eq!(shared.clone(), shared);
            let json = serde_json::to_string(&shared).expect("a text");
            assert_eq!(json, serde_json::to_string(text).expect("a text"));
            assert_eq!(serde_json::from_str::<SharedText>(&json).expect("a text"), shared);
        }
        let (short, long) = (SharedText::from("a"), SharedText::from("b".repeat(30)));
        assert!(short < long);
    }

    #[test]
    fn an_equal_text_is_kept_once() {
        let mut known = KnownTexts::default();
        let (first, mut again) =
            (SharedText::from("x".repeat(30)), SharedText::from("x".repeat(30)));
        known.share(&mut first.clone());
        known.share(&mut again);
        assert_eq!((again.as_ptr(), &again), (first.as_ptr(), &first));
        let tags = || -> Tags { ["staff", "a tag with a longer name"].into_iter().collect() };
        let (one, mut two) = (tags(), tags());
        known.share_tags(&mut one.clone());
        known.share_tags(&mut two);
        assert_eq!((two.as_ptr(), &two), (one.as_ptr(), &one));
        let mut next = |names: &[&str], os_version: &str| {
            let group = known.group(Platform::Mac, "Staff", names.iter().copied());
            assert_eq!((group.platform, &*group.blueprint), (Platform::Mac, "Staff"));
            let tags = group.tags.clone();
            assert!(tags.iter().map(SharedText::as_str).eq(names.iter().copied()), "{tags:?}");
            let make = known.make(os_version, "MacBook Air (M2, 2022)", "");
            assert_eq!(make.os_version, os_version);
            assert_eq!(make.model, "MacBook Air (M2, 2022)");
            (group, make)
        };
        let (group, make) = next(&["staff"], "15.1");
        let others = [next(&["staff", "lab"], "15.2"), next(&[], ""), next(&["lab"], "15.1")];
        let (same_group, same_make) = next(&["staff"], "15.1");
        let mut equal = Arc::new((*group).clone());
        known.share_group(&mut equal);
        assert!(Arc::ptr_eq(&same_group, &group) && Arc::ptr_eq(&equal, &group));
        assert!(Arc::ptr_eq(&same_make, &make) && Arc::ptr_eq(&others[2].1, &make));
    }

    #[test]
    fn a_block_gives_each_text_even_if_made_of_others() {
        let far = "y".repeat(usize::from(u16::MAX));
        let texts = ["short", "Noémie Lindqvist’s MacBook", "", "ann.lindqvist@example.com", &far];
        let others = ["Noémie Lindqvist’s iPhone", "ann.lindqvist", &far, &far];
        let mut block = TextBlock::of(texts);
        for text in texts {
            assert_eq!(block.take(text), text);
        }
        let mut block = TextBlock::of(texts);
        for text in others.into_iter().chain(texts) {
            assert_eq!(block.take(text), text);
        }
        let mut empty = TextBlock::of([]);
        assert_eq!(empty.take(&far), far.as_str());
    }
}
