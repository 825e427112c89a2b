//! What `/details` says about a Mac, iPhone, iPad, Apple TV or Vision Pro.
//!
//! Owns the sections that depend on more than one fact, and which of them a platform has. Flags are texts
//! here, unlike in the device list. Must never change a device.

use serde_json::{Value, json};

use super::apple_sections::{
    activation_lock, business_manager, cellular, enrollment, filevault, flag, recovery,
    regular_users, system_users, volumes,
};
use super::device_row::user_object;
use super::general_section::{extend, general};
use super::lost_mode::lost_mode;
use super::versions::{MAC_AGENT, build_of};
use crate::model::Platform;
use crate::simulator::mdm::device_view::DeviceView;
use crate::simulator::setup::device_kind::DeviceKind;
use crate::simulator::wire::spelling::spell;

/// The details of an Apple device.
pub(super) fn apple_details(view: &DeviceView<'_>) -> Value {
    let platform = view.platform();
    let is_mac = platform == Platform::Mac;
    let mut body = json!({
        "general": apple_general(view),
        "mdm": apple_mdm(view),
        "activation_lock": activation_lock(view),
        "filevault": filevault(view),
        "automated_device_enrollment": enrollment(view),
        "kandji_agent": apple_agent(view),
        "hardware_overview": apple_hardware(view),
        "volumes": volumes(platform),
        "network": apple_network(view),
        "recovery_information": recovery(view),
        "users": { "regular_users": regular_users(view), "system_users": system_users(platform) },
        "installed_profiles": if is_mac { profiles(view) } else { json!([]) },
        "apple_business_manager": business_manager(view),
        "security_information": {
            "remote_desktop_enabled": is_mac.then_some(view.facts().remote_desktop),
        },
        "tags": view.facts().tags,
    });
    // Published for neither of them on an Apple TV.
    if platform != Platform::AppleTv {
        body["lost_mode"] = view.device.lost_mode().map_or(json!({}), |it| lost_mode(view, it));
        body["cellular"] = cellular(platform);
    }
    body
}

fn apple_general(view: &DeviceView<'_>) -> Value {
    let is_mac = view.platform() == Platform::Mac;
    let mut general = general(view);
    let build = build_of(view.device);
    let os_version = &view.facts().os_version;
    let apple = json!({
        "model": view.facts().model,
        "os_version": os_version,
        "supplemental_build_version": build,
        "supplemental_os_version_extra": "",
        "system_version": if is_mac { format!("{os_version} ({build})") } else { String::new() },
        "boot_volume": if is_mac { "Macintosh HD" } else { "" },
        "time_since_boot": if is_mac { "3 days ago" } else { "" },
        "last_user": if is_mac { "root" } else { "" },
        "assigned_user": user_object(view.facts().user.as_ref(), view.ids()).unwrap_or(json!("")),
    });
    extend(&mut general, apple);
    Value::Object(general)
}

fn apple_mdm(view: &DeviceView<'_>) -> Value {
    let facts = view.facts();
    let mut mdm = json!({
        "mdm_enabled": flag(facts.mdm_enabled),
        "install_date": spell(facts.last_enrollment, 1),
        "last_check_in": view.checked_in().map_or(String::new(), |at| spell(at, 1)),
        "mdm_enabled_user":
            facts.local_users.iter().take(1).filter(|_| view.platform() == Platform::Mac)
                .collect::<Vec<_>>(),
    });
    // Published for all but the Apple TV.
    if view.platform() != Platform::AppleTv {
        let unsupervised = [DeviceKind::IPadUnsupervised, DeviceKind::IPhoneUserEnrolled];
        mdm["supervised"] = json!(flag(!unsupervised.contains(&facts.kind)));
    }
    mdm
}

fn apple_agent(view: &DeviceView<'_>) -> Value {
    let is_installed = view.platform() == Platform::Mac && view.facts().mdm_enabled;
    json!({
        "agent_installed": flag(is_installed),
        "install_date":
            if is_installed { spell(view.facts().last_enrollment, 2) } else { String::new() },
        "last_check_in": view.checked_in().map_or(String::new(), |at| spell(at, 0)),
        "agent_version": if is_installed { MAC_AGENT } else { "" },
    })
}

fn apple_hardware(view: &DeviceView<'_>) -> Value {
    let facts = view.facts();
    let udid = view.ids().of(&format!("udid/{}", facts.device_id));
    let family = facts.model.split(" (").next().unwrap_or_default();
    let identifier = format!("{}14,2", family.replace(' ', ""));
    if view.platform() != Platform::Mac {
        return json!({
            "uuid": udid,
            "serial_number": facts.serial_number,
            "model_identifier": identifier,
        });
    }
    json!({
        "model_name": family,
        "model_identifier": identifier,
        "processor_name": facts.kind.facts().processor,
        "processor_speed": "",
        "number_of_processors": "8",
        "total_number_of_cores": "8",
        "memory": "16 GB",
        "udid": udid,
        "serial_number": facts.serial_number,
    })
}

fn apple_network(view: &DeviceView<'_>) -> Value {
    let is_mac = view.platform() == Platform::Mac;
    let local_hostname: String =
        view.facts().name.replace(' ', "-").chars().filter(|one| *one != '\'').collect();
    json!({
        "local_hostname": if is_mac { local_hostname } else { String::new() },
        "mac_address": view.mac_address(),
        "ip_address": if is_mac { view.ip_address() } else { String::new() },
        "public_ip": "",
    })
}

fn profiles(view: &DeviceView<'_>) -> Value {
    let profiles = [
        (
            "MDM Profile",
            "com.kandji.profile.mdmprofile",
            json!(["com.apple.mdm", "com.apple.security.scep"]),
        ),
        (
            "Kandji Agent Settings",
            "com.kandji.profile.pppc",
            json!(["com.apple.TCC.configuration-profile-policy", "io.kandji.extensions"]),
        ),
    ];
    let rows = profiles.into_iter().map(|(name, identifier, payload_types)| {
        json!({
            "name": name,
            "uuid": view.ids().of(&format!("{identifier}/{}", view.facts().device_id)),
            "verified": "verified",
            "identifier": identifier,
            "organization": "Kandji, Inc.",
            "payload_types": payload_types,
            "install_date": spell(view.facts().last_enrollment, 3),
        })
    });
    rows.collect()
}
