//! What `/details` says about a device.
//!
//! Owns which platform has which details. Must never change a device.

use super::apple_details::apple_details;
use super::other_details::{android_details, windows_details};
use crate::model::Platform;
use crate::simulator::mdm::device_view::DeviceView;
use crate::simulator::wire::answers;
use crate::simulator::wire::exchange::SimReply;

/// Answers `GET /devices/{id}/details`. Sections and keys are documented for each platform; those of a
/// Vision Pro are assumed to be an iPad's.
pub(crate) fn details(view: &DeviceView<'_>) -> SimReply {
    let body = match view.platform() {
        Platform::Windows => windows_details(view),
        Platform::Android => android_details(view),
        _ => apple_details(view),
    };
    answers::json(200, &body)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use crate::simulator::testbed::Testbed;
    use crate::simulator::views::versions::MAC_AGENT;
    use crate::simulator::{DeviceKind, NewDevice};

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
}
