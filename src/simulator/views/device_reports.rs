//! The short reports about a device: apps, library items, parameters, status.
//!
//! Owns their rows as they were published. Must never change a device.

use serde_json::{Value, json};

use crate::model::{Platform, UnixMillis};
use crate::simulator::draws::{Draw, draw};
use crate::simulator::ids::TenantIds;
use crate::simulator::library_items::LIBRARY;
use crate::simulator::mdm::device_view::DeviceView;
use crate::simulator::wire::answers;
use crate::simulator::wire::exchange::SimReply;
use crate::simulator::wire::routes::DeviceRecord;
use crate::simulator::wire::spelling::spell;

/// The first number of a library item's report.
const REPORT_ID_START: usize = 102_000;
/// The first number of an app on a Mac.
const APP_ID_START: usize = 83_000;

/// Apps: name, identifier, version, and the path on a Mac or a PC.
const MAC_APPS: [(&str, &str, &str, &str); 3] = [
    ("App Store", "com.apple.AppStore", "3.0", "/System/Applications/App Store.app"),
    ("Safari", "com.apple.Safari", "18.1", "/Applications/Safari.app"),
    ("zoom.us", "us.zoom.xos", "6.2.5", "/Applications/zoom.us.app"),
];
const MOBILE_APPS: [(&str, &str, &str); 2] = [
    ("Kandji Self Service", "io.kandji.Self-Service-Mobile", "1.4.11"),
    ("Slack", "com.tinyspeck.chatlyio", "25.10.10"),
];
const WINDOWS_APPS: [(&str, &str, &str); 2] = [
    ("Kandji Agent", "1.0.00002.0002", "C:\\Program Files\\Kandji\\Agent\\"),
    ("Microsoft Edge", "141.0.3537.57", "C:\\Program Files (x86)\\Microsoft\\Edge\\Application"),
];
const ANDROID_APPS: [(&str, &str, &str); 2] = [
    ("Google Play Store", "com.android.vending", "48.2.19-31"),
    ("Slack", "com.Slack", "25.10.10.0"),
];

/// Answers one of the short reports.
pub(crate) fn report(view: &DeviceView<'_>, record: DeviceRecord) -> SimReply {
    let device_id = &view.facts().device_id;
    let body = match record {
        DeviceRecord::Apps => json!({ "device_id": device_id, "apps": apps(view) }),
        DeviceRecord::LibraryItems => {
            json!({ "device_id": device_id, "library_items": library_items(view) })
        }
        DeviceRecord::Parameters => {
            json!({ "device_id": device_id, "parameters": parameters(view) })
        }
        DeviceRecord::Status => json!({
            "device_id": device_id,
            "library_items": library_states(view),
            "parameters": parameters(view),
        }),
    };
    answers::json(200, &body)
}

fn apps(view: &DeviceView<'_>) -> Value {
    let installed = spell(view.facts().last_enrollment, 0);
    match view.platform() {
        Platform::Windows => WINDOWS_APPS.iter().map(windows_app).collect(),
        Platform::Android => ANDROID_APPS.iter().map(|app| android_app(app, view.ids())).collect(),
        Platform::Mac => MAC_APPS
            .iter()
            .enumerate()
            .map(|(at, app)| {
                let (name, bundle_id, version, path) = *app;
                apple_app(at, (name, bundle_id, version), path, &installed)
            })
            .collect(),
        _ => MOBILE_APPS
            .iter()
            .enumerate()
            .map(|(at, app)| apple_app(at, *app, "", &installed))
            .collect(),
    }
}

fn android_app(app: &(&str, &str, &str), ids: TenantIds) -> Value {
    let (display_name, package_name, version_name) = *app;
    let is_system = package_name == "com.android.vending";
    let hash = ids.of(package_name).replace('-', "");
    json!({
        "display_name": display_name,
        "package_name": package_name,
        "version_name": version_name,
        "application_source":
            if is_system { "SYSTEM_APP_FACTORY_VERSION" } else { "INSTALLED_FROM_PLAY_STORE" },
        "installer_package_name": if is_system { "" } else { "com.android.vending" },
        "sha256_hash": format!("{hash}{hash}"),
        "sha1_hashes": [format!("{hash}{}", &hash[..8])],
    })
}

/// When the device reported a library item; `None` while it is pending.
fn reported(view: &DeviceView<'_>, at: usize) -> Option<UnixMillis> {
    let mut random = draw(view.seed, Draw::Record, [view.place as u64, at as u64, 2]);
    if random.percent(10.0) { None } else { view.checked_in() }
}

fn library_items(view: &DeviceView<'_>) -> Value {
    let facts = view.facts();
    let rows = LIBRARY.iter().enumerate().map(|(at, item)| {
        let reported = reported(view, at);
        json!({
            "id": REPORT_ID_START + at,
            "status": if reported.is_some() { item.passed } else { item.pending },
            "reported_at": reported.map(|at| spell(at, 0)),
            "log": Value::Null,
            "last_audit_run": reported.map(|at| spell(at, 0)),
            "last_audit_log": Value::Null,
            "control_log": Value::Null,
            "control_reported_at": Value::Null,
            "item_id": view.ids().library_item(item.name),
            "name": item.name,
            "type": item.kind,
            "computer": { "id": facts.device_id, "name": facts.name },
            "blueprint": { "id": view.ids().blueprint(&facts.blueprint), "name": facts.blueprint },
            "rules_present": false,
        })
    });
    rows.collect()
}

/// The library items as the status has them, with fewer keys.
fn library_states(view: &DeviceView<'_>) -> Value {
    let rows = LIBRARY.iter().enumerate().map(|(at, item)| {
        let reported = reported(view, at);
        json!({
            "id": REPORT_ID_START + at,
            "item_id": view.ids().library_item(item.name),
            "name": item.name,
            "status": if reported.is_some() { item.passed } else { item.pending },
            "reported_at": reported.map(|at| spell(at, 0)),
            "type": item.kind,
            "last_audit_log": Value::Null,
            "log": Value::Null,
        })
    });
    rows.collect()
}

/// Parameters belong to Macs only.
fn parameters(view: &DeviceView<'_>) -> Value {
    if view.platform() != Platform::Mac {
        return json!([]);
    }
    json!([{
        "status": "PASS",
        // The documents' own example: parameters have the same id in every tenant.
        "item_id": "1e4be748-e072-4c1f-b1ff-a98f076b8e8e",
        "name": "Disable the \"root\" user",
        "category": "User Accounts & Authentication",
        "subcategory": "User Accounts",
    }])
}

fn apple_app(at: usize, app: (&str, &str, &str), path: &str, installed: &str) -> Value {
    let (app_name, bundle_id, version) = app;
    json!({
        "app_id": (APP_ID_START + at).to_string(),
        "app_name": app_name,
        "bundle_id": bundle_id,
        "bundle_size": "1",
        "app_store_vendable": "",
        "device_based_vpp": "",
        "source": if bundle_id.starts_with("com.apple.") { "Apple" } else { "" },
        "process": app_name,
        "signature": "",
        "creation_date": installed,
        "modification_date": installed,
        "path": path,
        "version": version,
    })
}

fn windows_app(app: &(&str, &str, &str)) -> Value {
    let (name, version, installed_path) = *app;
    let publisher =
        if name.starts_with("Kandji") { "Kandji, Inc." } else { "Microsoft Corporation" };
    json!({
        "name": name,
        "display_name": name,
        "publisher": publisher,
        "publisher_display_name": publisher,
        "product_code": "",
        "version": version,
        "architecture": "x64",
        "installed_path": installed_path,
        "application_type": "Win32",
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::simulator::DeviceKind;
    use crate::simulator::testbed::Testbed;

    fn keys(row: &Value) -> BTreeSet<&str> {
        row.as_object().expect("an object").keys().map(String::as_str).collect()
    }

    fn published(text: &'static str) -> BTreeSet<&'static str> {
        text.split_whitespace().collect()
    }

    #[test]
    fn apps_have_the_published_keys_of_each_platform() {
        let apple = "app_id app_name bundle_id bundle_size app_store_vendable device_based_vpp source \
            process signature creation_date modification_date path version";
        let windows = "name display_name publisher publisher_display_name product_code version \
            architecture installed_path application_type";
        let android = "display_name package_name version_name application_source \
            installer_package_name sha256_hash sha1_hashes";
        for (kind, expected) in [
            (DeviceKind::MacIntel, apple),
            (DeviceKind::IPad, apple),
            (DeviceKind::Windows, windows),
            (DeviceKind::Android, android),
        ] {
            let mut bed = Testbed::of(&[kind]);
            let body = bed.get(&format!("{}/apps", bed.path(0))).json();
            assert_eq!(body["device_id"], bed.id(0));
            assert_eq!(keys(&body["apps"][0]), published(expected), "{kind:?}");
        }
    }

    #[test]
    fn library_items_and_status_have_their_published_keys() {
        let mut bed = Testbed::of(&[DeviceKind::MacIntel, DeviceKind::IPhone]);
        let mut get = |place, report| {
            let path = format!("{}/{report}", bed.path(place));
            bed.get(&path).json()
        };
        let items = get(0, "library-items");
        let expected = "id status reported_at log last_audit_run last_audit_log control_log \
            control_reported_at item_id name type computer blueprint rules_present";
        assert_eq!(keys(&items["library_items"][0]), published(expected));
        let status = get(0, "status");
        assert_eq!(keys(&status), published("device_id library_items parameters"));
        let expected = "id item_id name status reported_at type last_audit_log log";
        assert_eq!(keys(&status["library_items"][0]), published(expected));
        let parameters = get(0, "parameters");
        let expected = "status item_id name category subcategory";
        assert_eq!(keys(&parameters["parameters"][0]), published(expected));
        assert_eq!(get(1, "parameters")["parameters"], json!([]));
    }
}
