//! Objects of listings for programs, and the fields that `--json` picks from them.
//!
//! Owns how a list of fields becomes objects, so that what `--json` offers is what a listing has. Must never hold a field
//! of its own.

use serde_json::{Map, Value};

/// One object of a listing: each field with its value.
pub(crate) fn object<const N: usize>(fields: &[&str; N], values: [Value; N]) -> Value {
    fields.iter().map(|field| (*field).to_owned()).zip(values).collect()
}

/// The objects as one array, with the picked fields only; all of them where none is picked.
pub(crate) fn array(rows: Vec<Value>, picked: &[String]) -> Value {
    rows.into_iter().map(|row| pick(row, picked)).collect()
}

/// An object with the picked fields only; all of it where none is picked. A field that it lacks is null.
pub(crate) fn pick(row: Value, picked: &[String]) -> Value {
    match row {
        Value::Object(mut all) if !picked.is_empty() => {
            let field = |name: &String| (name.clone(), all.remove(name).unwrap_or_default());
            Value::Object(picked.iter().map(field).collect::<Map<_, _>>())
        }
        whole => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_listing_has_the_picked_fields_or_all() {
        let row = || object(&["id", "job"], [json!("1"), json!("lock")]);
        assert_eq!(array(vec![row()], &[]), json!([{ "id": "1", "job": "lock" }]));
        assert_eq!(array(vec![row()], &["job".to_owned()]), json!([{ "job": "lock" }]));
    }
}
