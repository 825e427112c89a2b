//! Tenants in a YAML job.
//!
//! Owns `targets.tenants`, and the tenant of a device in a list. Must never let a device of a job for several tenants go without
//! one.

use std::sync::Arc;

use super::ParseOptions;
use super::diagnostics::Flaw;
use super::nodes::NodeReader;
use super::tenant_choice::{
    ALL_TENANTS, TENANT_NAME, TENANTS, TenantChoice, TenantNames, without_tenant,
};
use super::tree::{Content, MapEntry, Node, find};
use super::yaml_setting_values::{read_value, source_of};
use crate::model::settings::{SettingValue, SettingValues, targets};

/// Reads `targets.tenants`, and notes it among the settings.
pub(super) fn read_tenants(
    reader: &mut NodeReader<'_, '_>,
    entries: &[MapEntry],
    options: &ParseOptions,
    values: &mut SettingValues,
) -> Option<TenantChoice> {
    let Content::Map(keys) = &find(entries, "targets")?.value.content else { return None };
    let entry = find(keys, TENANTS)?;
    let value = read_value(reader, &entry.value, &targets::TENANTS, TENANTS)?;
    let SettingValue::Texts(names) = &value else { return None };
    let Some(choice) = TenantChoice::of(names) else {
        let flaw = Flaw::new("'all' stands beside other names")
            .hint("write 'tenants: all', or list the profiles");
        reader.refuse(&entry.value.range, flaw);
        return None;
    };
    let known = TenantNames { known: options.known_tenants.as_deref(), chosen: None };
    for (item, name) in reader.texts(&entry.value, TENANTS) {
        if name != ALL_TENANTS {
            let checked = known.check(name);
            reader.settle(&item.range, checked);
        }
    }
    values.set(&targets::TENANTS, value, source_of(reader, entry));
    Some(choice)
}

/// Whether a device of the list names its tenant.
pub(super) fn names_tenant(device: &Node) -> bool {
    matches!(&device.content, Content::Map(entries) if find(entries, TENANT_NAME).is_some())
}

/// The tenant of a device in a list. Where `is_needed`, a device without one is refused.
pub(super) fn read_tenant(
    reader: &mut NodeReader<'_, '_>,
    device: &Node,
    names: TenantNames<'_>,
    is_needed: bool,
) -> Option<Arc<str>> {
    let Content::Map(entries) = &device.content else { return None };
    let Some(entry) = find(entries, TENANT_NAME) else {
        if is_needed {
            let flaw = without_tenant("the device names none")
                .hint("add 'tenant: NAME' to the device, with the name of a profile");
            reader.refuse(&device.range, flaw);
        }
        return None;
    };
    let name = reader.text(&entry.value, TENANT_NAME)?.trim();
    let checked = names.check(name);
    reader.settle(&entry.value.range, checked).map(|()| Arc::from(name))
}
