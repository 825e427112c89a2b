//! What `/details` says about a device.
//!
//! Owns the sections and keys as they were published for each platform, and the facts that only they show:
//! network addresses and builds. Flags are texts here, unlike in the device list. Must never change a
//! device.

use serde_json::{Map, Value, json};

use super::answers;
use super::device::{Device, DeviceKind, SimUser};
use super::draws::{Draw, draw, uuid_of};
use super::exchange::SimReply;
use super::spelling::spell;
use super::world::World;
use crate::model::{Platform, UnixMillis};

/// Most hardware addresses share this beginning: it is one of Apple's.
const MAC_PREFIX: u64 = 0xb8;
/// Version of the agent on a Mac.
pub(super) const MAC_AGENT: &str = "4.7.3 (5310)";
/// Version of the agent on Windows.
pub(super) const WINDOWS_AGENT: &str = "1.0.00002.0002";
/// The month of Android's security fixes.
pub(super) const ANDROID_PATCH: &str = "2025-05-05";
/// The full version of Windows.
pub(super) const WINDOWS_VERSION: &str = "10.0.26100.6584";

impl World {
    /// Answers `GET /devices/{id}/details`.
    pub(super) fn details(&self, place: usize) -> SimReply {
        let body = match self.devices[place].platform() {
            Platform::Windows => self.windows_details(place),
            Platform::Android => self.android_details(place),
            _ => self.apple_details(place),
        };
        answers::json(200, &body)
    }

    /// The hardware address of a device's network.
    pub(super) fn mac_address(&self, place: usize) -> String {
        let bits = draw(self.seed, Draw::Record, [place as u64, 0, 0]).below(1 << 40);
        let bytes = ((MAC_PREFIX << 40) | bits).to_be_bytes();
        bytes[2..].iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
    }

    /// The assigned user as an object; `None` for nobody.
    pub(super) fn user_object(&self, user: Option<&SimUser>) -> Option<Value> {
        user.map(|user| {
            json!({
                "email": user.email,
                "name": user.name,
                "id": self.user_id(&user.email),
                "is_archived": false,
            })
        })
    }

    fn apple_details(&self, place: usize) -> Value {
        let device = &self.devices[place];
        let platform = device.platform();
        let is_mac = platform == Platform::Mac;
        let mut body = json!({
            "general": self.apple_general(device),
            "mdm": self.apple_mdm(place),
            "activation_lock": activation_lock(device),
            "filevault": filevault(device),
            "automated_device_enrollment": enrollment(device),
            "kandji_agent": self.apple_agent(place),
            "hardware_overview": self.apple_hardware(device),
            "volumes": volumes(platform),
            "network": self.apple_network(place),
            "recovery_information": recovery(device),
            "users": { "regular_users": regular_users(device), "system_users": system_users(platform) },
            "installed_profiles": if is_mac { self.profiles(device) } else { json!([]) },
            "apple_business_manager": business_manager(device),
            "security_information": {
                "remote_desktop_enabled": is_mac.then_some(device.facts.remote_desktop),
            },
            "tags": device.facts.tags,
        });
        // Published for neither of them on an Apple TV.
        if platform != Platform::AppleTv {
            body["lost_mode"] = json!({});
            body["cellular"] = cellular(platform);
        }
        body
    }

    fn apple_general(&self, device: &Device) -> Value {
        let is_mac = device.platform() == Platform::Mac;
        let mut general = self.general(device);
        let build = build_of(device);
        let os_version = &device.facts.os_version;
        let apple = json!({
            "model": device.facts.model,
            "os_version": os_version,
            "supplemental_build_version": build,
            "supplemental_os_version_extra": "",
            "system_version": if is_mac { format!("{os_version} ({build})") } else { String::new() },
            "boot_volume": if is_mac { "Macintosh HD" } else { "" },
            "time_since_boot": if is_mac { "3 days ago" } else { "" },
            "last_user": if is_mac { "root" } else { "" },
            "assigned_user": self.user_object(device.facts.user.as_ref()).unwrap_or(json!("")),
        });
        extend(&mut general, apple);
        Value::Object(general)
    }

    /// What the section `general` says of every platform.
    fn general(&self, device: &Device) -> Map<String, Value> {
        let facts = &device.facts;
        let general = json!({
            "device_id": facts.device_id,
            "device_name": facts.name,
            "platform": device.platform().word(),
            "first_enrollment": spell(device.first_enrollment, 1),
            "last_enrollment": spell(facts.last_enrollment, 1),
            "asset_tag": facts.asset_tag,
            "blueprint_name": facts.blueprint,
            "blueprint_uuid": self.blueprint_id(&facts.blueprint),
        });
        let mut fields = Map::new();
        extend(&mut fields, general);
        fields
    }

    fn apple_mdm(&self, place: usize) -> Value {
        let device = &self.devices[place];
        let facts = &device.facts;
        let mut mdm = json!({
            "mdm_enabled": flag(facts.mdm_enabled),
            "install_date": spell(facts.last_enrollment, 1),
            "last_check_in": self.checked_in(place).map_or(String::new(), |at| spell(at, 1)),
            "mdm_enabled_user":
                facts.local_users.iter().take(1).filter(|_| device.platform() == Platform::Mac)
                    .collect::<Vec<_>>(),
        });
        // Published for all but the Apple TV.
        if device.platform() != Platform::AppleTv {
            let unsupervised = [DeviceKind::IPadUnsupervised, DeviceKind::IPhoneUserEnrolled];
            mdm["supervised"] = json!(flag(!unsupervised.contains(&facts.kind)));
        }
        mdm
    }

    fn apple_agent(&self, place: usize) -> Value {
        let device = &self.devices[place];
        let is_installed = device.platform() == Platform::Mac && device.facts.mdm_enabled;
        json!({
            "agent_installed": flag(is_installed),
            "install_date":
                if is_installed { spell(device.facts.last_enrollment, 2) } else { String::new() },
            "last_check_in": self.checked_in(place).map_or(String::new(), |at| spell(at, 0)),
            "agent_version": if is_installed { MAC_AGENT } else { "" },
        })
    }

    fn apple_hardware(&self, device: &Device) -> Value {
        let facts = &device.facts;
        let udid = uuid_of(self.seed, &format!("udid/{}", facts.device_id));
        let family = facts.model.split(" (").next().unwrap_or_default();
        let identifier = format!("{}14,2", family.replace(' ', ""));
        if device.platform() != Platform::Mac {
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

    fn apple_network(&self, place: usize) -> Value {
        let device = &self.devices[place];
        let is_mac = device.platform() == Platform::Mac;
        let local_hostname: String =
            device.facts.name.replace(' ', "-").chars().filter(|one| *one != '\'').collect();
        json!({
            "local_hostname": if is_mac { local_hostname } else { String::new() },
            "mac_address": self.mac_address(place),
            "ip_address": if is_mac { ip_address(place) } else { String::new() },
            "public_ip": "",
        })
    }

    fn profiles(&self, device: &Device) -> Value {
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
                "uuid": uuid_of(self.seed, &format!("{identifier}/{}", device.facts.device_id)),
                "verified": "verified",
                "identifier": identifier,
                "organization": "Kandji, Inc.",
                "payload_types": payload_types,
                "install_date": spell(device.facts.last_enrollment, 3),
            })
        });
        rows.collect()
    }

    fn windows_details(&self, place: usize) -> Value {
        let device = &self.devices[place];
        let facts = &device.facts;
        let mut general = self.general(device);
        let windows = json!({
            "assigned_user": self.user_object(facts.user.as_ref()),
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
        let device_id = uuid_of(self.seed, &format!("windows/{}", facts.device_id));
        let checked_in = self.checked_in(place).map_or(String::new(), |at| spell(at, 0));
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
                "wifi_ipv4_address": ip_address(place),
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

    fn android_details(&self, place: usize) -> Value {
        let device = &self.devices[place];
        let facts = &device.facts;
        let is_personal = facts.kind == DeviceKind::AndroidWorkProfile;
        let enterprise_id = uuid_of(self.seed, &format!("android/{}", facts.device_id));
        let mut general = self.general(device);
        let android = json!({
            "assigned_user": self.user_object(facts.user.as_ref()),
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
                "wifi_mac_address": self.mac_address(place),
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
}

/// The build of an Apple device's system; an empty text elsewhere.
pub(super) fn build_of(device: &Device) -> String {
    let mut parts = device.facts.os_version.split('.').map(|part| part.parse::<u8>().unwrap_or(0));
    let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    // Apple counts builds by year: macOS 14 and iOS 17 came out in the same one, and all are 26 at once.
    let year = match device.platform() {
        Platform::Windows | Platform::Android | Platform::Unknown => return String::new(),
        _ if major >= 26 => major - 1,
        Platform::Mac => major + 9,
        Platform::Vision => major + 20,
        _ => major + 4,
    };
    format!("{year}{}81", char::from(b'A' + minor.min(25)))
}

fn flag(on: bool) -> &'static str {
    if on { "True" } else { "False" }
}

fn extend(fields: &mut Map<String, Value>, more: Value) {
    if let Value::Object(more) = more {
        fields.extend(more);
    }
}

fn activation_lock(device: &Device) -> Value {
    let platform = device.platform();
    let is_tv = platform == Platform::AppleTv;
    let facts = &device.facts;
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

fn filevault(device: &Device) -> Value {
    let is_mac = device.platform() == Platform::Mac;
    let is_on = is_mac && device.facts.filevault;
    json!({
        "filevault_enabled": is_mac.then_some(is_on),
        "filevault_recoverykey_type": if is_on { "Personal" } else { "" },
        "filevault_prk_escrowed": is_on,
        "filevault_next_rotation": "",
        "filevault_regen_required": false,
    })
}

fn enrollment(device: &Device) -> Value {
    let by_hand = [DeviceKind::IPadUnsupervised, DeviceKind::IPhoneUserEnrolled];
    if device.platform() == Platform::AppleTv || by_hand.contains(&device.facts.kind) {
        return json!({});
    }
    json!({ "auto_enroll_eligible": true, "auto_enrolled": true })
}

fn volumes(platform: Platform) -> Value {
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

fn recovery(device: &Device) -> Value {
    let is_mac = device.platform() == Platform::Mac;
    let is_intel = device.facts.kind == DeviceKind::MacIntel;
    let rotation = device.facts.last_enrollment.plus_ms(10_368_000_000);
    json!({
        "recovery_lock_enabled": is_mac && !is_intel,
        "firmware_password_exist": is_intel,
        "firmware_password_pending": false,
        "password_rotation_scheduled": is_mac.then(|| spell(rotation, 0)),
        "password_has_been_set": is_mac,
    })
}

fn regular_users(device: &Device) -> Value {
    if device.platform() != Platform::Mac {
        return json!([]);
    }
    let users = device.facts.local_users.iter().enumerate().map(|(at, name)| {
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

fn system_users(platform: Platform) -> Value {
    let user = |name: &str, uid: &str, path: &str| json!({ "username": name, "uid": uid, "path": path, "admin": "No" });
    match platform {
        Platform::Mac => {
            json!([user("_lp", "26", "/var/spool/cups"), user("_ard", "67", "/var/empty")])
        }
        _ => json!([]),
    }
}

fn business_manager(device: &Device) -> Value {
    let (family, os) = match device.platform() {
        Platform::Mac => ("Mac", "macOS"),
        Platform::IPhone => ("iPhone", "iOS"),
        Platform::IPad => ("iPad", "iPadOS"),
        // Published empty for an Apple TV; nothing is published of a Vision Pro.
        _ => return json!({}),
    };
    if device.facts.kind == DeviceKind::IPhoneUserEnrolled {
        return json!({});
    }
    let facts = &device.facts;
    let assigned = UnixMillis(device.first_enrollment.0.saturating_sub(864_000_000));
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

fn cellular(platform: Platform) -> Value {
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

/// An address in a private network.
fn ip_address(place: usize) -> String {
    format!("10.{}.{}.{}", (place >> 16) % 250, (place >> 8) % 256, place % 254 + 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::simulator::NewDevice;
    use crate::simulator::testbed::Testbed;

    fn details(bed: &mut Testbed, place: usize) -> Value {
        let path = format!("{}/details", bed.path(place));
        bed.get(&path).json()
    }

    fn keys(section: &Value) -> BTreeSet<&str> {
        section.as_object().expect("an object").keys().map(String::as_str).collect()
    }

    #[test]
    fn details_have_the_published_sections_of_each_platform() {
        let apple = "activation_lock apple_business_manager automated_device_enrollment cellular \
            filevault general hardware_overview installed_profiles kandji_agent lost_mode mdm network \
            recovery_information security_information tags users volumes";
        let windows = "general hardware_overview kandji_agent mdm network tags";
        let android = "cellular general hardware management security tags";
        let television = apple.replace("cellular ", "").replace("lost_mode ", "");
        for (kind, sections) in [
            (DeviceKind::MacAppleSilicon, apple),
            (DeviceKind::IPhone, apple),
            (DeviceKind::IPad, apple),
            (DeviceKind::SharedIPad, apple),
            (DeviceKind::Vision, apple),
            (DeviceKind::AppleTv, television.as_str()),
            (DeviceKind::Windows, windows),
            (DeviceKind::Android, android),
            (DeviceKind::AndroidWorkProfile, android),
        ] {
            let mut bed = Testbed::of(&[kind]);
            let details = details(&mut bed, 0);
            assert_eq!(keys(&details), sections.split_whitespace().collect(), "{kind:?}");
        }
    }

    #[test]
    fn sections_have_the_published_keys() {
        let mut bed = Testbed::of(&[DeviceKind::IPad, DeviceKind::MacIntel]);
        let (ipad, mac) = (details(&mut bed, 0), details(&mut bed, 1));
        let published = |text: &'static str| text.split_whitespace().collect::<BTreeSet<_>>();
        for (section, expected) in [
            (
                "apple_business_manager",
                "model color description serial_number device_family os device_assigned_date \
                    device_assigned_by",
            ),
            (
                "general",
                "device_id device_name last_enrollment first_enrollment model platform os_version \
                    supplemental_build_version supplemental_os_version_extra system_version boot_volume \
                    time_since_boot last_user asset_tag assigned_user blueprint_name blueprint_uuid",
            ),
            ("automated_device_enrollment", "auto_enroll_eligible auto_enrolled"),
            ("cellular", "voice_roaming data_roaming cellular_technology subscriptions"),
            ("kandji_agent", "agent_installed install_date last_check_in agent_version"),
            ("network", "local_hostname mac_address ip_address public_ip"),
            (
                "recovery_information",
                "recovery_lock_enabled firmware_password_exist firmware_password_pending \
                    password_rotation_scheduled password_has_been_set",
            ),
            ("mdm", "mdm_enabled supervised install_date last_check_in mdm_enabled_user"),
            ("hardware_overview", "uuid serial_number model_identifier"),
        ] {
            assert_eq!(keys(&ipad[section]), published(expected), "{section}");
        }
        let volume = "name format percent_used identifier capacity available encrypted";
        assert_eq!(keys(&ipad["volumes"][0]), published(volume));
        let profile = "name uuid verified identifier organization payload_types install_date";
        assert_eq!(keys(&mac["installed_profiles"][0]), published(profile));
        assert_eq!(ipad["kandji_agent"]["agent_installed"], "False");
        assert_eq!(mac["kandji_agent"]["agent_version"], MAC_AGENT);
    }

    #[test]
    fn only_macs_have_local_users_filevault_and_remote_desktop() {
        let mut bed = Testbed::of(&[DeviceKind::MacIntel, DeviceKind::IPhone, DeviceKind::IPad]);
        let mac = details(&mut bed, 0);
        assert_eq!(mac["mdm"]["mdm_enabled"], "True");
        assert_eq!(mac["filevault"]["filevault_enabled"], true);
        assert_eq!(mac["security_information"]["remote_desktop_enabled"], false);
        assert_eq!(mac["users"]["regular_users"][0]["username"], "admin");
        assert_eq!(mac["users"]["regular_users"][0]["admin"], "Yes");
        for place in [1, 2] {
            let mobile = details(&mut bed, place);
            assert_eq!(mobile["users"], json!({ "regular_users": [], "system_users": [] }));
            assert_eq!(mobile["filevault"].get("filevault_enabled"), Some(&Value::Null));
            let security = json!({ "remote_desktop_enabled": null });
            assert_eq!(mobile["security_information"], security);
        }
    }

    #[test]
    fn details_tell_activation_lock_of_apple_devices() {
        let locked = |kind| NewDevice { is_activation_locked: true, ..NewDevice::new(kind) };
        let mut bed = Testbed::with(vec![
            locked(DeviceKind::IPad),
            locked(DeviceKind::Windows),
            NewDevice::new(DeviceKind::AppleTv),
        ]);
        let ipad = details(&mut bed, 0);
        assert_eq!(ipad["activation_lock"]["user_activation_lock_enabled"], true);
        assert!(details(&mut bed, 1)["activation_lock"].is_null());
        let television = details(&mut bed, 2);
        assert_eq!(television["activation_lock"]["activation_lock_supported"], false);
    }

    #[test]
    fn builds_follow_the_version() {
        for (kind, os_version, build) in [
            (DeviceKind::MacIntel, "14.4.1", "23E81"),
            (DeviceKind::MacAppleSilicon, "26.0.1", "25A81"),
            (DeviceKind::IPad, "17.5.1", "21F81"),
            (DeviceKind::Windows, "24H2", ""),
        ] {
            let device = NewDevice { os_version: os_version.to_owned(), ..NewDevice::new(kind) };
            let bed = Testbed::with(vec![device]);
            assert_eq!(build_of(&bed.world.devices[0]), build);
        }
    }
}
