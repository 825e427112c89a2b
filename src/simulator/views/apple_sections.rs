//! The sections of an Apple device's `/details`, one function a section.
//!
//! Owns the keys and values as they were published for each platform. Must never change a device.

use serde_json::{Value, json};

use crate::model::{Platform, UnixMillis};
use crate::simulator::mdm::device_view::DeviceView;
use crate::simulator::setup::device_kind::DeviceKind;
use crate::simulator::wire::spelling::spell;

/// How the details write a flag.
pub(super) fn flag(on: bool) -> &'static str {
    if on { "True" } else { "False" }
}

/// The section `activation_lock`. Published for every Apple device; an Apple TV has none.
pub(super) fn activation_lock(view: &DeviceView<'_>) -> Value {
    let platform = view.platform();
    let is_tv = platform == Platform::AppleTv;
    let facts = view.facts();
    json!({
        "bypass_code_failed": false,
        // An Apple TV has no Activation Lock; a test may say that this one has all the same.
        "user_activation_lock_enabled":
            (!is_tv || facts.is_activation_locked).then_some(facts.is_activation_locked),
        "device_activation_lock_enabled": false,
        "activation_lock_allowed_while_supervised": (!is_tv).then_some(false),
        "activation_lock_supported": !is_tv,
    })
}

/// The section `filevault`: `null` and empty texts except on Macs.
pub(super) fn filevault(view: &DeviceView<'_>) -> Value {
    let is_mac = view.platform() == Platform::Mac;
    let is_on = is_mac && view.facts().filevault;
    json!({
        "filevault_enabled": is_mac.then_some(is_on),
        "filevault_recoverykey_type": if is_on { "Personal" } else { "" },
        "filevault_prk_escrowed": is_on,
        "filevault_next_rotation": "",
        "filevault_regen_required": false,
    })
}

/// The section `automated_device_enrollment`: `{}` for devices that were enrolled by hand.
pub(super) fn enrollment(view: &DeviceView<'_>) -> Value {
    let by_hand = [DeviceKind::IPadUnsupervised, DeviceKind::IPhoneUserEnrolled];
    if view.platform() == Platform::AppleTv || by_hand.contains(&view.facts().kind) {
        return json!({});
    }
    json!({ "auto_enroll_eligible": true, "auto_enrolled": true })
}

/// The section `volumes`: two on a Mac, one without a name on mobile devices, none on an Apple TV.
pub(super) fn volumes(platform: Platform) -> Value {
    let volume = |name: &str, format: &str, identifier: &str, encrypted: &str| {
        json!({
            "name": name,
            "format": format,
            "percent_used": "19%",
            "identifier": identifier,
            "capacity": "228.27 GB",
            "available": "182.66 GB",
            "encrypted": encrypted,
        })
    };
    match platform {
        Platform::Mac => json!([
            volume("Macintosh HD", "APFS", "disk3s3s1", "No"),
            volume("Macintosh HD - Data", "APFS", "disk3s1", "Yes"),
        ]),
        Platform::AppleTv => json!([]),
        _ => json!([volume("", "", "", "")]),
    }
}

/// The section `recovery_information`: a firmware password on Intel Macs, a recovery lock on others.
pub(super) fn recovery(view: &DeviceView<'_>) -> Value {
    let is_mac = view.platform() == Platform::Mac;
    let is_intel = view.facts().kind == DeviceKind::MacIntel;
    let rotation = view.facts().last_enrollment.plus_ms(10_368_000_000);
    json!({
        "recovery_lock_enabled": is_mac && !is_intel,
        "firmware_password_exist": is_intel,
        "firmware_password_pending": false,
        "password_rotation_scheduled": is_mac.then(|| spell(rotation, 0)),
        "password_has_been_set": is_mac,
    })
}

/// The regular users of the section `users`: Macs only, the first one an administrator.
pub(super) fn regular_users(view: &DeviceView<'_>) -> Value {
    if view.platform() != Platform::Mac {
        return json!([]);
    }
    let users = view.facts().local_users.iter().enumerate().map(|(at, name)| {
        json!({
            "username": name,
            "uid": (501 + at).to_string(),
            "path": format!("/Users/{name}"),
            "admin": if at == 0 { "Yes" } else { "No" },
            "name": name,
        })
    });
    users.collect()
}

/// The system users of the section `users`: Macs only.
pub(super) fn system_users(platform: Platform) -> Value {
    let user = |name: &str, uid: &str, path: &str| json!({ "username": name, "uid": uid, "path": path, "admin": "No" });
    match platform {
        Platform::Mac => {
            json!([user("_lp", "26", "/var/spool/cups"), user("_ard", "67", "/var/empty")])
        }
        _ => json!([]),
    }
}

/// The section `apple_business_manager`: `{}` where nothing was published.
pub(super) fn business_manager(view: &DeviceView<'_>) -> Value {
    let (family, os) = match view.platform() {
        Platform::Mac => ("Mac", "macOS"),
        Platform::IPhone => ("iPhone", "iOS"),
        Platform::IPad => ("iPad", "iPadOS"),
        // Published empty for an Apple TV; nothing is published of a Vision Pro.
        _ => return json!({}),
    };
    if view.facts().kind == DeviceKind::IPhoneUserEnrolled {
        return json!({});
    }
    let facts = view.facts();
    let assigned = UnixMillis(view.device.first_enrollment.0.saturating_sub(864_000_000));
    json!({
        "model": facts.model,
        "color": "SILVER",
        "description": facts.model.to_uppercase(),
        "serial_number": facts.serial_number,
        "device_family": family,
        "os": os,
        "device_assigned_date": spell(assigned, 2),
        "device_assigned_by": "admin@example.com",
    })
}

/// The section `cellular`: `{}` except on iPhones and iPads.
pub(super) fn cellular(platform: Platform) -> Value {
    match platform {
        Platform::IPhone | Platform::IPad => json!({
            "voice_roaming": false,
            "data_roaming": false,
            "cellular_technology": 0,
            "subscriptions": Value::Null,
        }),
        _ => json!({}),
    }
}
