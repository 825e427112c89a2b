//! The notes about devices.
//!
//! Owns their life: created, read, changed, deleted. Must never know anything else of a device.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::ids::TenantIds;
use super::setup::switch_values::NoteAnswer;
use super::setup::switches::Switches;
use super::wire::answers;
use super::wire::exchange::{SimReply, SimRequest};
use super::wire::fields;
use super::wire::routes::NoteRequest;
use super::wire::spelling::spell;
use crate::model::UnixMillis;

/// Who writes notes over the API: a token is no person.
const AUTHOR: &str = "API token";

/// The notes of all devices, by place.
pub(super) struct NoteBook {
    ids: TenantIds,
    notes: HashMap<usize, Vec<Note>>,
}

struct Note {
    id: String,
    content: String,
    created: UnixMillis,
    updated: UnixMillis,
}

/// When a request for notes arrives, and its number among all requests, from which a new note's id is made.
#[derive(Copy, Clone)]
pub(super) struct NoteArrival {
    /// The moment.
    pub(super) now: UnixMillis,
    /// The number of the request.
    pub(super) request_number: u64,
}

impl NoteBook {
    /// No notes yet.
    pub(super) fn new(ids: TenantIds) -> Self {
        Self { ids, notes: HashMap::new() }
    }

    /// Answers `/devices/{id}/notes` and what is below it.
    pub(super) fn answer(
        &mut self,
        place: usize,
        note: &NoteRequest,
        request: &SimRequest,
        arrival: NoteArrival,
        switches: &Switches,
    ) -> SimReply {
        let notes = self.notes.entry(place).or_default();
        let id = match note {
            NoteRequest::List => {
                let rows: Value = notes.iter().map(note_row).collect();
                return answers::json(200, &rows);
            }
            NoteRequest::Create => return self.create(place, request, arrival, switches),
            NoteRequest::Read(id) | NoteRequest::Update(id) | NoteRequest::Delete(id) => id,
        };
        let Some(at) = notes.iter().position(|known| known.id == *id) else {
            return answers::not_found(switches);
        };
        match note {
            NoteRequest::Delete(_) => {
                notes.remove(at);
                let body = json!({ "note_id": id, "deleted_at": spell(arrival.now, 0) });
                return answers::json(200, &body);
            }
            NoteRequest::Update(_) => match read_content(request) {
                Ok(content) => {
                    notes[at].content = content;
                    notes[at].updated = arrival.now;
                }
                Err(refused) => return refused,
            },
            _ => {}
        }
        answers::json(200, &note_row(&notes[at]))
    }

    fn create(
        &mut self,
        place: usize,
        request: &SimRequest,
        arrival: NoteArrival,
        switches: &Switches,
    ) -> SimReply {
        if switches.note_answer == NoteAnswer::Missing {
            return answers::page(404, "<h1>Not Found</h1>");
        }
        let content = match read_content(request) {
            Ok(content) => content,
            Err(refused) => return refused,
        };
        let id = self.ids.note(arrival.request_number);
        let note = Note { id, content, created: arrival.now, updated: arrival.now };
        let reply = match switches.note_answer {
            NoteAnswer::Ok => answers::json(200, &note_row(&note)),
            NoteAnswer::NoContent => answers::empty(204),
            NoteAnswer::Created | NoteAnswer::Missing => answers::json(201, &note_row(&note)),
        };
        self.notes.entry(place).or_default().push(note);
        reply
    }
}

fn note_row(note: &Note) -> Value {
    json!({
        "note_id": note.id,
        "created_at": spell(note.created, 0),
        "updated_at": spell(note.updated, 0),
        "author": AUTHOR,
        "content": note.content,
    })
}

/// Reads the text of a note.
///
/// # Errors
/// The 400 or 415.
fn read_content(request: &SimRequest) -> Result<String, SimReply> {
    let body = fields::parse(request)?;
    let complaint = match body.get("content") {
        None => "This field is required.",
        Some(Value::String(content)) if !content.trim().is_empty() => return Ok(content.clone()),
        Some(Value::String(_)) => "This field may not be blank.",
        Some(_) => "Not a valid string.",
    };
    Err(answers::json(400, &json!({ "content": [complaint] })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::testbed::Testbed;

    #[test]
    fn notes_are_created_read_changed_and_deleted() {
        let mut bed = Testbed::macs(2);
        let path = format!("{}/notes", bed.path(0));
        assert_eq!(bed.get(&path).json(), json!([]));
        let created = bed.send("POST", &path, r#"{"content":"lent out"}"#);
        assert_eq!((created.status, &created.json()["content"]), (201, &json!("lent out")));
        let id = created.json()["note_id"].as_str().expect("an id").to_owned();
        let one = format!("{path}/{id}");
        assert_eq!(bed.get(&one).json(), created.json());
        bed.pass_ms(1_000);
        let changed = bed.send("PATCH", &one, r#"{"content":"back"}"#).json();
        assert_eq!(changed["content"], "back");
        assert_ne!(changed["created_at"], changed["updated_at"]);
        assert_eq!(bed.get(&path).json(), json!([changed]));
        let elsewhere = format!("{}/notes/{id}", bed.path(1));
        assert_eq!(bed.get(&elsewhere).status, 404);
        assert_eq!(bed.send("DELETE", &one, "").json()["note_id"], id);
        assert_eq!(bed.get(&one).status, 404);
    }

    #[test]
    fn a_note_needs_a_text() {
        let mut bed = Testbed::macs(1);
        let path = format!("{}/notes", bed.path(0));
        for body in ["", "{}", r#"{"content":" "}"#, r#"{"content":1}"#] {
            let reply = bed.send("POST", &path, body);
            assert_eq!(reply.status, 400, "{body}");
            assert!(reply.json()["content"].is_array(), "{}", reply.text());
        }
    }
}
