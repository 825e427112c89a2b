//! One row of the device list, which is also the answer for one device.
//!
//! Owns the keys of the row as they were published. Must never change a device.

use serde_json::{Value, json};

use super::lost_mode::ENABLED;
use super::versions::{ANDROID_PATCH, MAC_AGENT, WINDOWS_AGENT, WINDOWS_VERSION, build_of};
use crate::model::Platform;
use crate::simulator::ids::TenantIds;
use crate::simulator::mdm::device_view::DeviceView;
use crate::simulator::setup::new_device::SimUser;
use crate::simulator::setup::switch_values::ListTimes;
use crate::simulator::wire::spelling::{LIST_SPELLINGS, spell};

/// One row of the list, which is also the answer for one device.
pub(crate) fn device_row(view: &DeviceView<'_>, list_times: ListTimes) -> Value {
    let facts = view.facts();
    let (checked_in_spelling, enrolled_spelling) = match list_times {
        ListTimes::Published => (0, 1),
        ListTimes::Mixed => {
            let spelling = view.place as u64 % LIST_SPELLINGS;
            (spelling, spelling)
        }
    };
    let user = user_object(facts.user.as_ref(), view.ids()).unwrap_or(json!(""));
    let (agent_version, security_patch_level, full_software_version) = match view.platform() {
        Platform::Mac => (MAC_AGENT, "", ""),
        Platform::Windows => (WINDOWS_AGENT, "", WINDOWS_VERSION),
        Platform::Android => ("", ANDROID_PATCH, ""),
        _ => ("", "", ""),
    };
    json!({
        "device_id": facts.device_id,
        "device_name": facts.name,
        "model": facts.model,
        "serial_number": facts.serial_number,
        "platform": view.platform().word(),
        "os_version": facts.os_version,
        "supplemental_build_version": build_of(view.device),
        "supplemental_os_version_extra": "",
        "last_check_in": view.checked_in().map_or(String::new(), |at| spell(at, checked_in_spelling)),
        "user": user,
        "asset_tag": facts.asset_tag,
        "blueprint_id": view.ids().blueprint(&facts.blueprint),
        "blueprint_name": facts.blueprint,
        "mdm_enabled": facts.mdm_enabled,
        // Published as true even of iPhones and iPads, whose details say no.
        "agent_installed": facts.mdm_enabled && view.platform() != Platform::Android,
        "agent_version": agent_version,
        "is_missing": facts.is_missing,
        "is_removed": facts.is_removed,
        "first_enrollment": spell(view.device.first_enrollment, enrolled_spelling),
        "last_enrollment": spell(facts.last_enrollment, enrolled_spelling),
        "lost_mode_status": if view.device.lost_mode().is_some() { ENABLED } else { "" },
        "tags": facts.tags,
        "api_level": "",
        "security_patch_level": security_patch_level,
        "full_software_version": full_software_version,
    })
}

/// The assigned user as an object; `None` if there is none.
pub(super) fn user_object(user: Option<&SimUser>, ids: TenantIds) -> Option<Value> {
    user.map(|user| {
        json!({
            "email": user.email,
            "name": user.name,
            "id": ids.user(&user.email),
            "is_archived": false,
        })
    })
}
