//! Names that a job gives, looked up at the tenant.
//!
//! Owns which requests a look-up makes, and that each distinct name is looked up once. A name has to be exactly and
//! uniquely that of one blueprint or user: filters of the API match parts. Must never take a name that is only similar.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};

use super::clock::Clock;
use super::inventory::InventoryError;
use super::read_ahead::{ListPage, read_to_end};
use super::reads::Reads;
use crate::kandji::{
    Endless, NamedKind, NamedPage, NamedRow, Paging, blueprints_page, named_by_id, read_named,
    read_named_page, users_page,
};
use crate::model::{NamedValue, comparable, is_alike, is_near, is_same_text};
use crate::transport::Transport;

/// The word that these requests are counted under.
const KIND: &str = "names";
/// Most pages of users with one address in theirs: a server that repeats itself would otherwise never end.
const USER_PAGES_MAX: u32 = 100;
/// Most names that a message suggests.
const NEAR_MAX: usize = 5;

/// Something that a job names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WantedName {
    /// What it is.
    pub kind: NamedKind,
    /// Its name or its id.
    pub text: String,
    /// The text is an id.
    pub is_id: bool,
}

/// Why a name is that of nothing that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameFlaw {
    /// The tenant has none with this name or id; these have similar names.
    Unknown {
        /// Similar names.
        near: Vec<String>,
    },
    /// Several have this name.
    Several {
        /// Their ids.
        ids: Vec<String>,
    },
    /// The user was archived.
    Archived,
}

/// What the tenant knows by each name.
pub type KnownNames = BTreeMap<WantedName, Result<NamedValue, NameFlaw>>;

/// Looks names up, several at a time.
///
/// # Errors
/// [`InventoryError`]; a name that the tenant does not know is no error.
pub async fn look_up_names<T: Transport, C: Clock>(
    reads: &Reads<T, C>,
    wanted: &BTreeSet<WantedName>,
) -> Result<KnownNames, InventoryError> {
    stream::iter(wanted)
        .map(|name| async move { Ok((name.clone(), look_up(reads, name).await?)) })
        .buffered(reads.at_once())
        .try_collect()
        .await
}

async fn look_up<T: Transport, C: Clock>(
    reads: &Reads<T, C>,
    wanted: &WantedName,
) -> Result<Result<NamedValue, NameFlaw>, InventoryError> {
    if wanted.is_id {
        let reply = reads.read(&named_by_id(wanted.kind, &wanted.text), KIND).await?;
        let found = read_named(&reply, wanted.kind)?;
        let own = found.filter(|row| row.id.eq_ignore_ascii_case(&wanted.text));
        return Ok(chosen(own.into_iter().collect(), Vec::new()));
    }
    let (rows, all) = match wanted.kind {
        NamedKind::User => (users(reads, &wanted.text).await?, Vec::new()),
        NamedKind::Blueprint => {
            let rows = blueprints(reads, &wanted.text).await?;
            let is_there = rows.iter().any(|row| is_same_text(&row.name, &wanted.text));
            // The whole list is read only for the names that a message suggests.
            let all = if is_there { Vec::new() } else { blueprints(reads, "").await? };
            (rows, all)
        }
    };
    let near = near_names(&wanted.text, rows.iter().chain(&all));
    let is_it = |row: &NamedRow| match wanted.kind {
        NamedKind::Blueprint => is_same_text(&row.name, &wanted.text),
        NamedKind::User => is_alike(&row.name, &wanted.text),
    };
    Ok(chosen(rows.into_iter().filter(is_it).collect(), near))
}

/// The one row, if it is one. Of several users with one address only those count that are not archived.
fn chosen(rows: Vec<NamedRow>, near: Vec<String>) -> Result<NamedValue, NameFlaw> {
    let has_any = !rows.is_empty();
    let mut usable: Vec<NamedRow> = rows.into_iter().filter(|row| !row.is_archived).collect();
    match (usable.pop(), usable.is_empty()) {
        (None, _) if has_any => Err(NameFlaw::Archived),
        (None, _) => Err(NameFlaw::Unknown { near }),
        (Some(row), true) => Ok(NamedValue { id: row.id, name: row.name }),
        (Some(row), false) => Err(NameFlaw::Several {
            ids: usable.into_iter().chain([row]).map(|it| it.id).collect(),
        }),
    }
}

/// Names that are probably meant: those that differ in case or by a few letters first, then those that contain the text.
fn near_names<'r>(text: &str, rows: impl Iterator<Item = &'r NamedRow>) -> Vec<String> {
    let text = comparable(text);
    let mut found: Vec<(bool, &str)> = rows
        .filter_map(|row| {
            let name = comparable(&row.name);
            let is_near = name == text || is_near(&text, &name);
            let is_part = !text.is_empty() && name.contains(&text);
            (is_near || is_part).then_some((!is_near, row.name.as_str()))
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found.into_iter().take(NEAR_MAX).map(|(_, name)| name.to_owned()).collect()
}

async fn blueprints<T: Transport, C: Clock>(
    reads: &Reads<T, C>,
    name: &str,
) -> Result<Vec<NamedRow>, InventoryError> {
    let page_at = |offset| blueprints_page(name, offset);
    let key = |row: &NamedRow| row.id.clone();
    let read_page = |reply: &_, _| -> Result<_, InventoryError> {
        let NamedPage { rows, count, remainder, .. } =
            read_named_page(reply, NamedKind::Blueprint)?;
        Ok(ListPage { rows, remainder, listed: count })
    };
    read_to_end(reads, KIND, Paging::default(), page_at, read_page, key).await
}

async fn users<T: Transport, C: Clock>(
    reads: &Reads<T, C>,
    email: &str,
) -> Result<Vec<NamedRow>, InventoryError> {
    let (mut rows, mut cursor) = (Vec::new(), None);
    for _ in 0..USER_PAGES_MAX {
        let reply = reads.read(&users_page(email, cursor.as_deref()), KIND).await?;
        let page = read_named_page(&reply, NamedKind::User)?;
        rows.extend(page.rows);
        match page.cursor.filter(|next| cursor.as_ref() != Some(next)) {
            Some(next) => cursor = Some(next),
            None => return Ok(rows),
        }
    }
    Err(Endless { page: USER_PAGES_MAX }.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, name: &str, is_archived: bool) -> NamedRow {
        NamedRow { id: id.to_owned(), name: name.to_owned(), is_archived }
    }

    #[test]
    fn one_row_is_chosen_and_several_are_named() {
        let chosen_of = |rows: &[(&str, bool)]| {
            chosen(
                rows.iter().map(|(id, archived)| row(id, "Lab", *archived)).collect(),
                Vec::new(),
            )
        };
        let named = NamedValue { id: "1".to_owned(), name: "Lab".to_owned() };
        assert_eq!(chosen_of(&[("1", false)]), Ok(named.clone()));
        assert_eq!(
            chosen_of(&[("2", true), ("1", false)]),
            Ok(named),
            "archived ones do not count"
        );
        assert_eq!(chosen_of(&[("2", true)]), Err(NameFlaw::Archived));
        assert_eq!(chosen_of(&[]), Err(NameFlaw::Unknown { near: Vec::new() }));
        let ids = vec!["1".to_owned(), "2".to_owned()];
        assert_eq!(chosen_of(&[("1", false), ("2", false)]), Err(NameFlaw::Several { ids }));
    }

    #[test]
    fn near_names_come_before_names_that_contain_the_text() {
        let rows = ["Design Lab", "Desing", "DESIGN", "Sales"].map(|name| row(name, name, false));
        assert_eq!(near_names("Design", rows.iter()), ["DESIGN", "Desing", "Design Lab"]);
    }
}
