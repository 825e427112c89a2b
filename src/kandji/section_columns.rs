//! Sections of a device as cells of a table: what people filter and report by.
//!
//! Owns the columns, and the keys that fill them on each platform. A value is given as the tenant writes it. Must never take a
//! missing key for a no: its cell is empty.

use serde_json::Value;

use super::details::{details_in, flag_of};

/// The columns of the details, in their order.
pub const DETAIL_COLUMNS: [&str; 24] = [
    "filevault_enabled",
    "filevault_escrowed",
    "supervised",
    "activation_lock",
    "auto_enrolled",
    "first_enrollment",
    "last_enrollment",
    "agent_installed",
    "agent_version",
    "os_build",
    "model_identifier",
    "processor",
    "memory",
    "storage_capacity",
    "storage_available",
    "storage_used",
    "recovery_lock",
    "remote_desktop",
    "lost_mode",
    "management_mode",
    "ownership",
    "ip_address",
    "mac_address",
    "local_users",
];

/// The columns of the status, in their order.
pub const STATUS_COLUMNS: [&str; 4] =
    ["library_items", "library_items_ok", "library_items_pending", "attention"];

/// The columns of an app besides those of its device.
pub const APP_COLUMNS: [&str; 5] =
    ["app_name", "app_identifier", "app_version", "app_path", "app_source"];

/// States of library items and parameters that mean success or no need. Documented are `success` and `PASS`.
const GOOD_STATES: [&str; 6] = ["success", "pass", "available", "cached", "excluded", "remediated"];
/// States that mean that the device has yet to report.
const OPEN_STATES: [&str; 4] = ["pending", "installing", "downloading", "incomplete"];

/// The cells of the details of a device.
#[must_use]
pub fn detail_cells(body: &Value) -> [String; DETAIL_COLUMNS.len()] {
    let first = |paths: &[&str]| {
        let found = paths.iter().filter_map(|path| body.pointer(path)).map(text_of);
        found.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    };
    let flag = |paths: &[&str]| {
        let found = paths.iter().filter_map(|path| body.pointer(path));
        found.filter_map(flag_of).next().map(word_of).unwrap_or_default()
    };
    let known = details_in(body);
    let volume = |key: &str| first(&[&format!("/volumes/0/{key}")]);
    let or = |text: String, paths: &[&str]| if text.is_empty() { first(paths) } else { text };
    [
        flag(&["/filevault/filevault_enabled"]),
        flag(&["/filevault/filevault_prk_escrowed"]),
        known.is_supervised.map(word_of).unwrap_or_default(),
        known.is_activation_locked.map(word_of).unwrap_or_default(),
        flag(&["/automated_device_enrollment/auto_enrolled"]),
        first(&["/general/first_enrollment"]),
        first(&["/general/last_enrollment"]),
        flag(&["/kandji_agent/agent_installed", "/kandji_agent/is_agent_installed"]),
        first(&["/kandji_agent/agent_version", "/kandji_agent/version"]),
        first(&["/general/supplemental_build_version", "/general/os_build"]),
        first(&["/hardware_overview/model_identifier"]),
        first(&["/hardware_overview/processor_name", "/hardware_overview/processor_architecture"]),
        first(&[
            "/hardware_overview/memory",
            "/hardware_overview/total_ram",
            "/hardware/total_ram",
        ]),
        or(volume("capacity"), &["/hardware_overview/total_capacity", "/hardware/total_capacity"]),
        or(
            volume("available"),
            &["/hardware_overview/free_capacity", "/hardware/available_capacity"],
        ),
        volume("percent_used"),
        flag(&["/recovery_information/recovery_lock_enabled"]),
        flag(&["/security_information/remote_desktop_enabled"]),
        first(&["/lost_mode/lost_mode_status"]),
        first(&["/management/management_mode"]),
        first(&["/management/ownership"]),
        first(&["/network/ip_address", "/network/wifi_ipv4_address"]),
        first(&["/network/mac_address", "/hardware/wifi_mac_address"]),
        local_users(body),
    ]
}

/// The cells of the status of a device. What is neither good nor open is named.
#[must_use]
pub fn status_cells(body: &Value) -> [String; STATUS_COLUMNS.len()] {
    let rows = |key: &str| body[key].as_array().map(Vec::as_slice).unwrap_or_default();
    let state = |row: &Value| text_of(&row["status"]).to_ascii_lowercase();
    let is_good = |row: &&Value| GOOD_STATES.contains(&state(row).as_str());
    let is_open = |row: &&Value| OPEN_STATES.contains(&state(row).as_str());
    let items = rows("library_items");
    let attention =
        items.iter().chain(rows("parameters")).filter(|row| !is_good(row) && !is_open(row));
    let named =
        attention.map(|row| format!("{}: {}", text_of(&row["name"]), text_of(&row["status"])));
    [
        items.len().to_string(),
        items.iter().filter(is_good).count().to_string(),
        items.iter().filter(is_open).count().to_string(),
        named.collect::<Vec<_>>().join("; "),
    ]
}

/// The cells of each app of a device. Platforms use keys of their own.
pub fn app_cells(body: &Value) -> impl Iterator<Item = [String; APP_COLUMNS.len()]> {
    let apps = body["apps"].as_array().map(Vec::as_slice).unwrap_or_default();
    apps.iter().map(|app| {
        let first = |keys: &[&str]| {
            let found = keys.iter().map(|key| text_of(&app[*key]));
            found.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
        };
        [
            first(&["app_name", "display_name", "name"]),
            first(&["bundle_id", "package_name", "product_code"]),
            first(&["version", "version_name"]),
            first(&["path", "installed_path"]),
            first(&["source", "application_source", "application_type"]),
        ]
    })
}

/// The number of apps of a device.
#[must_use]
pub fn app_count(body: &Value) -> usize {
    body["apps"].as_array().map_or(0, Vec::len)
}

fn local_users(body: &Value) -> String {
    let users = body["users"]["regular_users"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: Vec<String> = users.iter().map(|user| text_of(&user["username"])).collect();
    names.join(";")
}

/// A single value as a text; empty for null, lists and objects.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => word_of(*flag),
        _ => String::new(),
    }
}

fn word_of(flag: bool) -> String {
    flag.to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cell(body: &Value, column: &str) -> String {
        let at = DETAIL_COLUMNS.iter().position(|name| *name == column).expect("a column");
        detail_cells(body)[at].clone()
    }

    #[test]
    fn details_of_each_platform_fill_the_same_columns() {
        let mac = json!({
            "mdm": {"supervised": "True"},
            "filevault": {"filevault_enabled": true, "filevault_prk_escrowed": false},
            "kandji_agent": {"agent_installed": "True", "agent_version": "4.8"},
            "hardware_overview": {"processor_name": "Apple M1", "memory": "16 GB"},
            "volumes": [{"capacity": "228.27 GB", "available": "182.66 GB", "percent_used": "19%"}],
            "users": {"regular_users": [{"username": "ann"}, {"username": "bo"}]},
        });
        let windows = json!({
            "kandji_agent": {"is_agent_installed": true, "version": "1.0"},
            "hardware_overview": {"total_ram": "16384", "total_capacity": "486061"},
            "network": {"wifi_ipv4_address": "10.0.0.7"},
        });
        for (body, column, expected) in [
            (&mac, "supervised", "true"),
            (&mac, "filevault_enabled", "true"),
            (&mac, "filevault_escrowed", "false"),
            (&mac, "activation_lock", ""),
            (&mac, "agent_installed", "true"),
            (&mac, "storage_available", "182.66 GB"),
            (&mac, "storage_used", "19%"),
            (&mac, "local_users", "ann;bo"),
            (&windows, "agent_version", "1.0"),
            (&windows, "memory", "16384"),
            (&windows, "storage_capacity", "486061"),
            (&windows, "ip_address", "10.0.0.7"),
            (&windows, "supervised", ""),
            (&json!({}), "filevault_enabled", ""),
            (&json!({"filevault": {"filevault_enabled": null}}), "filevault_enabled", ""),
        ] {
            assert_eq!(cell(body, column), expected, "{column}");
        }
    }

    #[test]
    fn states_are_counted_and_unusual_ones_named() {
        let body = json!({
            "library_items": [
                {"name": "Wi-Fi", "status": "success"},
                {"name": "zoom", "status": "FAIL"},
                {"name": "Onboarding", "status": "PENDING"},
                {"name": "New", "status": null},
            ],
            "parameters": [{"name": "Root", "status": "PASS"}, {"name": "Guest", "status": "ALERT"}],
        });
        let cells = status_cells(&body);
        assert_eq!(cells, ["4", "1", "1", "zoom: FAIL; New: ; Guest: ALERT"]);
    }

    #[test]
    fn apps_of_each_platform_have_the_same_cells() {
        let body = json!({"apps": [
            {"app_name": "Safari", "bundle_id": "com.apple.Safari", "version": "18.1", "path": "/Applications/Safari.app"},
            {"name": "Edge", "display_name": "Microsoft Edge", "version": "141", "product_code": ""},
            {"display_name": "Slack", "package_name": "com.Slack", "version_name": "25.10"},
        ]});
        let rows: Vec<_> = app_cells(&body).collect();
        assert_eq!(
            rows[0][..4],
            ["Safari", "com.apple.Safari", "18.1", "/Applications/Safari.app"]
        );
        assert_eq!(rows[1][..3], ["Microsoft Edge", "", "141"]);
        assert_eq!(rows[2][..3], ["Slack", "com.Slack", "25.10"]);
        assert_eq!((app_count(&body), app_count(&json!({}))), (3, 0));
    }
}
