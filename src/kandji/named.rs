//! Blueprints and users: requests for them, and their rows.
//!
//! Owns the look-ups by name, address and id. Must never decide which of several rows is meant: filters of the API match
//! parts.

use serde_json::Value;

use super::actions::{LIST_BODY_BYTES_MAX, NamedKind};
use super::body::{is_own_not_found, json};
use super::devices::ListError;
use super::paging::{LIST_ROWS_MAX, Remainder};
use super::path::query_value;
use crate::model::Repeat;
use crate::model::wire::{Method, Reply, Request};

/// A blueprint or a user of the tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRow {
    /// Its id.
    pub id: String,
    /// Its name; of a user the address, or the name where there is none.
    pub name: String,
    /// A user who was archived.
    pub is_archived: bool,
}

/// One page of these rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPage {
    /// The rows.
    pub rows: Vec<NamedRow>,
    /// How many there are in all, where the answer says so.
    pub count: Option<u32>,
    /// What comes after this page.
    pub remainder: Remainder,
    /// The cursor of the next page, where pages go by cursor.
    pub cursor: Option<String>,
}

/// `GET /blueprints`: those whose name contains the text, from this row on.
#[must_use]
pub fn blueprints_page(name: &str, offset: u32) -> Request {
    let name = match name {
        "" => String::new(),
        name => format!("&name={}", query_value(name)),
    };
    get(format!("/api/v1/blueprints?limit={LIST_ROWS_MAX}&offset={offset}{name}"))
}

/// `GET /users`: those whose address contains the text, from this cursor on.
#[must_use]
pub fn users_page(email: &str, cursor: Option<&str>) -> Request {
    let cursor = cursor.map_or_else(String::new, |it| format!("&cursor={}", query_value(it)));
    let email = query_value(email);
    get(format!("/api/v1/users?email={email}&sizePerPage={LIST_ROWS_MAX}{cursor}"))
}

/// One blueprint or user by its id.
#[must_use]
pub fn named_by_id(kind: NamedKind, id: &str) -> Request {
    let list = match kind {
        NamedKind::Blueprint => "blueprints",
        NamedKind::User => "users",
    };
    get(format!("/api/v1/{list}/{}", query_value(id)))
}

fn get(path_and_query: String) -> Request {
    Request {
        method: Method::Get,
        path_and_query,
        body: None,
        repeat: Repeat::Safe,
        body_bytes_max: LIST_BODY_BYTES_MAX,
    }
}

/// Reads a page of blueprints or users.
///
/// # Errors
/// [`ListError`] where the answer is not one.
pub fn read_named_page(reply: &Reply, kind: NamedKind) -> Result<NamedPage, ListError> {
    let expected = format!("a list of {}s", kind.word());
    let unusable = || ListError::Form { detail: super::unusable(reply, &expected) };
    let value: Value = match reply.status {
        200 => json(&reply.body).map_err(|_| unusable())?,
        _ => return Err(unusable()),
    };
    let rows = value["results"].as_array().ok_or_else(unusable)?;
    let next = value.get("next");
    let cursor = next.and_then(Value::as_str).and_then(cursor_of);
    let remainder = match next {
        Some(Value::String(_)) => Remainder::Some,
        Some(Value::Null) => Remainder::Nothing,
        _ => Remainder::Unsaid,
    };
    Ok(NamedPage {
        rows: rows
            .iter()
            .map(|row| read_row(row, kind))
            .collect::<Option<_>>()
            .ok_or_else(unusable)?,
        count: value["count"].as_u64().and_then(|count| u32::try_from(count).ok()),
        remainder,
        cursor,
    })
}

/// Reads one blueprint or user; `None` where there is none with the id.
///
/// # Errors
/// [`ListError`] where the answer is not one.
pub fn read_named(reply: &Reply, kind: NamedKind) -> Result<Option<NamedRow>, ListError> {
    if reply.status == 404 && is_own_not_found(reply) {
        return Ok(None);
    }
    let expected = format!("a {}", kind.word());
    let unusable = || ListError::Form { detail: super::unusable(reply, &expected) };
    let value: Value = match reply.status {
        200 => json(&reply.body).map_err(|_| unusable())?,
        _ => return Err(unusable()),
    };
    read_row(&value, kind).map(Some).ok_or_else(unusable)
}

fn read_row(row: &Value, kind: NamedKind) -> Option<NamedRow> {
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    let is_true = |key: &str| row[key].as_bool().unwrap_or(false);
    let name = match kind {
        NamedKind::User if !text("email").is_empty() => text("email"),
        _ => text("name"),
    };
    let id = Some(text("id")).filter(|id| !id.is_empty())?;
    Some(NamedRow { id, name, is_archived: is_true("archived") || is_true("is_archived") })
}

/// The cursor in the address of the next page. The address itself is never followed: it may name another host.
fn cursor_of(next: &str) -> Option<String> {
    let (_, query) = next.split_once('?')?;
    let pair = query.split('&').find_map(|pair| pair.strip_prefix("cursor="))?;
    Some(decoded(pair)).filter(|cursor| !cursor.is_empty())
}

/// A value of a query as it was before it was escaped.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).and_then(|digits| {
            let digits = std::str::from_utf8(digits).ok().filter(|_| *first == b'%')?;
            u8::from_str_radix(digits, 16).ok()
        });
        match escaped {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, body: body.as_bytes().to_vec(), ..Reply::default() }
    }

    #[test]
    fn look_ups_escape_what_people_type() {
        let path = |request: Request| request.path_and_query;
        assert_eq!(
            path(blueprints_page("R&D / Lab", 300)),
            "/api/v1/blueprints?limit=300&offset=300&name=R%26D%20%2F%20Lab"
        );
        assert_eq!(
            path(users_page("jo+x@example.com", Some("a=="))),
            "/api/v1/users?email=jo%2Bx%40example.com&sizePerPage=300&cursor=a%3D%3D"
        );
        assert_eq!(path(named_by_id(NamedKind::User, "../x")), "/api/v1/users/..%2Fx");
    }

    #[test]
    fn pages_tell_rows_count_and_cursor() {
        let body = r#"{"count":2,"next":null,"previous":null,"results":[{"id":"1","name":"Lab"},{"id":"2","name":"Labor"}]}"#;
        let page = read_named_page(&reply(200, body), NamedKind::Blueprint).expect("a page");
        assert_eq!((page.count, page.remainder, page.cursor), (Some(2), Remainder::Nothing, None));
        assert_eq!(page.rows[1].name, "Labor");
        let body = r#"{"next":"https://other.example/api/v1/users?sizePerPage=25&cursor=cD0x%3D","previous":null,
            "results":[{"id":"u","email":"Jo@example.com","name":"Jo","archived":true},{"id":"v","email":"","name":"Kiosk"}]}"#;
        let page = read_named_page(&reply(200, body), NamedKind::User).expect("a page");
        assert_eq!((page.cursor.as_deref(), page.remainder), (Some("cD0x="), Remainder::Some));
        let names: Vec<_> =
            page.rows.iter().map(|row| (row.name.as_str(), row.is_archived)).collect();
        assert_eq!(names, [("Jo@example.com", true), ("Kiosk", false)]);
    }

    #[test]
    fn what_is_no_list_is_an_error_and_no_empty_list() {
        for (status, body) in
            [(200, "[]"), (200, "{}"), (200, "<html>"), (404, ""), (200, r#"{"results":[{}]}"#)]
        {
            assert!(read_named_page(&reply(status, body), NamedKind::Blueprint).is_err(), "{body}");
        }
        let none = reply(404, r#"{"detail":"Not found."}"#);
        assert_eq!(read_named(&none, NamedKind::User), Ok(None));
        assert!(read_named(&reply(404, "<html>"), NamedKind::User).is_err());
    }
}
