//! What `/details` says about a Windows PC and an Android device.
//!
//! Owns the sections and keys as they were published for both platforms. Must never change a device.

use serde_json::{Value, json};

use super::device_row::user_object;
use super::general_section::{extend, general};
use super::versions::{ANDROID_PATCH, WINDOWS_AGENT, WINDOWS_VERSION};
use crate::simulator::mdm::device_view::DeviceView;
use crate::simulator::setup::device_kind::DeviceKind;
use crate::simulator::wire::spelling::spell;

/// The details of a Windows PC.
pub(super) fn windows_details(view: &DeviceView<'_>) -> Value {
    let facts = view.facts();
    let mut general = general(view);
    let windows = json!({
        "assigned_user": user_object(facts.user.as_ref(), view.ids()),
        "manufacturer": if facts.model.starts_with("ThinkPad") { "LENOVO" } else { "Dell Inc." },
        "device_model": facts.model,
        "device_type": facts.model,
        "os_name": "Windows 11",
        "os_version": WINDOWS_VERSION,
        "os_build": "26100.6584",
        "os_edition": "Professional",
        "update_build_revision": "6584",
        "language": "en-US",
    });
    extend(&mut general, windows);
    let device_id = view.ids().of(&format!("windows/{}", facts.device_id));
    let checked_in = view.checked_in().map_or(String::new(), |at| spell(at, 0));
    json!({
        "general": general,
        "mdm": {
            "management_client_revision": "1.3",
            "windows_device_id": device_id.replace('-', "").to_uppercase(),
        },
        "hardware_overview": {
            "bios_version": "19.104.143",
            "commercialization_operator": "Not Present",
            "free_capacity": "403272",
            "processor_architecture": "X64",
            "radio_software_version": "Not Present",
            "smbios_serial_number": facts.serial_number,
            "total_ram": "16384",
            "total_capacity": "486061",
        },
        "network": {
            "dns_computer_name": facts.name.replace(' ', "-"),
            "iccid": "",
            "volte_service_setting": "False",
            "wifi_dns_suffix": "example.com",
            "wifi_ipv4_address": view.ip_address(),
            "wifi_ipv6_address": "",
            "wifi_subnet_mask": "255.255.255.0",
        },
        "kandji_agent": {
            "is_agent_installed": facts.mdm_enabled,
            "install_date": spell(facts.last_enrollment, 0),
            "last_check_in_datetime": checked_in,
            "version": WINDOWS_AGENT,
        },
        "tags": facts.tags,
    })
}

/// The details of an Android device.
pub(super) fn android_details(view: &DeviceView<'_>) -> Value {
    let facts = view.facts();
    let is_personal = facts.kind == DeviceKind::AndroidWorkProfile;
    let enterprise_id = view.ids().of(&format!("android/{}", facts.device_id));
    let mut general = general(view);
    let android = json!({
        "assigned_user": user_object(facts.user.as_ref(), view.ids()),
        "manufacturer": if facts.model.starts_with("Pixel") { "Google" } else { "Samsung" },
        "model_name": facts.model,
        "serial_number": facts.serial_number,
        "os_version": facts.os_version,
        "os_build": "AP4A.241205.013",
        "api_level": if facts.os_version == "14" { "34" } else { "35" },
        "security_patch_level": ANDROID_PATCH,
        "enterprise_id": "LC0187hrje",
        "enterprise_device_id": enterprise_id[..8].to_owned() + &enterprise_id[24..32],
    });
    extend(&mut general, android);
    json!({
        "general": general,
        "hardware": {
            "available_capacity": "105.93",
            "total_capacity": "110.28",
            "total_ram": "11.28",
            "wifi_mac_address": view.mac_address(),
        },
        "management": {
            "management_mode": if is_personal { "PROFILE_OWNER" } else { "DEVICE_OWNER" },
            "ownership": if is_personal { "PERSONALLY_OWNED" } else { "COMPANY_OWNED" },
        },
        "cellular": { "imei": "", "meid": "" },
        "security": {
            "android_debug_bridge_enabled": Value::Null,
            "device_posture": "SECURE",
            "developer_mode_enabled": Value::Null,
            "encryption_status": "ACTIVE_PER_USER",
            "has_google_play_protect": true,
            "has_passcode": true,
            "is_encrypted": true,
            "unknown_app_sources_enabled": Value::Null,
        },
        "tags": facts.tags,
    })
}
