//! Devices with their gathered sections, laid out.
//!
//! Owns the table, the lines of the CSV and the objects of the JSON. Must never write a cell of the CSV that a job reads as
//! another device.

use serde_json::{Map, Value, json};

use super::devices::{DEVICE_FIELDS, device_cells, device_json, one_line};
use crate::app::{GatherCost, GatheredDevice, SetAside};
use crate::cli::text::layout::{counted, thousands};
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::kandji::{
    DETAIL_COLUMNS, DeviceSection, STATUS_COLUMNS, app_count, detail_cells, status_cells,
};
use crate::model::Device;
use crate::report::csv_line;

/// The fields of a device in JSON with its sections.
pub(crate) const GATHERED_FIELDS: [&str; 18] = [
    "device_id",
    "serial_number",
    "device_name",
    "user_email",
    "platform",
    "os_version",
    "model",
    "blueprint_name",
    "asset_tag",
    "tags",
    "mdm_enabled",
    "is_removed",
    "last_check_in",
    "details",
    "status",
    "apps",
    "gathered_at",
    "gather_errors",
];

/// The columns at the end of each line of the CSV.
const END_COLUMNS: [&str; 2] = ["gathered_at", "gather_errors"];

const TABLE_COLUMNS: [TableColumn; 11] = [
    TableColumn::whole("SERIAL"),
    TableColumn::text("NAME"),
    TableColumn::whole("PLATFORM"),
    TableColumn::whole("OS"),
    TableColumn::whole("FILEVAULT"),
    TableColumn::whole("SUPERVISED"),
    TableColumn::whole("ACTIVATION LOCK"),
    TableColumn::whole("STORAGE FREE").optional(),
    TableColumn::text("ATTENTION").optional(),
    TableColumn::whole("APPS").optional(),
    TableColumn::text("NOT READ").optional(),
];

/// What a gather costs, in one line, before it begins.
pub(crate) fn cost_line(cost: &GatherCost, screen: &Screen) -> String {
    let words: Vec<&str> = cost.sections.iter().map(|section| section.word()).collect();
    let what = format!("{} of {}", listed(&words), counted(cost.devices, "device"));
    let kept = cost.kept_since.map(|since| {
        let kept = thousands(cost.kept);
        format!("{kept} read since {} are used again (--fresh reads them anew)", screen.time(since))
    });
    let made = match cost.requests {
        0 => "no request".to_owned(),
        requests => format!(
            "{}, {}, {} % of the hour ({})",
            counted(requests, "request"),
            about(cost.seconds),
            cost.percent_of_hour(),
            thousands(cost.per_hour as usize)
        ),
    };
    kept.into_iter().fold(format!("{what}: {made}"), |line, kept| format!("{line}; {kept}"))
}

/// Why what was kept is read anew; `None` where nothing is to say.
pub(crate) fn set_aside_line(why: SetAside) -> Option<&'static str> {
    match why {
        SetAside::Asked => None,
        SetAside::Old => Some("what was read before is too old and is read anew"),
        SetAside::Altered => Some(
            "the file of what was read before was changed by another program; all is read anew",
        ),
        SetAside::Open => Some(
            "other users could read or change the file of what was read before; all is read anew, and the file is private now",
        ),
    }
}

fn listed(words: &[&str]) -> String {
    match words {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        words => words.concat(),
    }
}

/// A duration that is not exact.
pub(crate) fn about(seconds: u64) -> String {
    match seconds {
        0..120 => format!("about {seconds} s"),
        120..7_200 => format!("about {} min", seconds.div_ceil(60)),
        _ => format!("about {} h", seconds.div_ceil(3_600)),
    }
}

/// The header of the CSV.
pub(crate) fn header_line(sections: &[DeviceSection]) -> String {
    let of_sections = sections.iter().flat_map(|section| columns_of(*section).iter().copied());
    csv_line(DEVICE_FIELDS.into_iter().chain(of_sections).chain(END_COLUMNS))
}

fn columns_of(section: DeviceSection) -> &'static [&'static str] {
    match section {
        DeviceSection::Details => &DETAIL_COLUMNS,
        DeviceSection::Status => &STATUS_COLUMNS,
        DeviceSection::Apps => &["apps"],
    }
}

/// The line of a device in the CSV, which is valid job input.
pub(crate) fn device_line(
    device: &Device,
    found: &GatheredDevice,
    sections: &[DeviceSection],
) -> String {
    let mut cells = device_cells(device).to_vec();
    for section in sections {
        match found.sections.get(section) {
            Some(body) => cells.extend(section_cells(*section, body)),
            None => cells.extend(columns_of(*section).iter().map(|_| String::new())),
        }
    }
    cells.push(found.gathered_at.map(|at| at.to_string()).unwrap_or_default());
    cells.push(one_line(&errors_text(found)));
    csv_line(cells.iter().map(String::as_str))
}

fn section_cells(section: DeviceSection, body: &Value) -> Vec<String> {
    let cells = match section {
        DeviceSection::Details => detail_cells(body).to_vec(),
        DeviceSection::Status => status_cells(body).to_vec(),
        DeviceSection::Apps => vec![app_count(body).to_string()],
    };
    cells.iter().map(|cell| one_line(cell)).collect()
}

fn errors_text(found: &GatheredDevice) -> String {
    let texts = found.errors.iter().map(|(section, error)| format!("{}: {error}", section.word()));
    texts.collect::<Vec<_>>().join("; ")
}

/// A device for programs, with the whole answers of the tenant.
pub(crate) fn gathered_json(device: &Device, found: GatheredDevice) -> Value {
    let mut object = match device_json(device) {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    let errors: Map<String, Value> = found
        .errors
        .iter()
        .map(|(section, error)| (section.word().to_owned(), json!(error)))
        .collect();
    for (section, mut body) in found.sections {
        // The list of apps stands under this name in the answer too.
        let body = match section {
            DeviceSection::Apps => body["apps"].take(),
            _ => body,
        };
        object.insert(section.word().to_owned(), body);
    }
    object.insert("gathered_at".to_owned(), json!(found.gathered_at.map(|at| at.to_string())));
    object.insert("gather_errors".to_owned(), Value::Object(errors));
    Value::Object(object)
}

/// The table for people, filled device by device.
pub(crate) struct GatheredTable(Table);

impl GatheredTable {
    pub(crate) fn new() -> Self {
        Self(Table::new(&TABLE_COLUMNS))
    }

    /// Adds a device.
    pub(crate) fn add(&mut self, device: &Device, found: &GatheredDevice) {
        let details = found.sections.get(&DeviceSection::Details).map(detail_cells);
        let detail = |column: &str| {
            let at = DETAIL_COLUMNS.iter().position(|name| *name == column);
            let cell = details.as_ref().zip(at).and_then(|(cells, at)| cells.get(at));
            cell.map(|text| one_line(text)).unwrap_or_default()
        };
        let [.., attention] = found
            .sections
            .get(&DeviceSection::Status)
            .map_or_else(|| [const { String::new() }; STATUS_COLUMNS.len()], status_cells);
        let apps = found.sections.get(&DeviceSection::Apps).map(app_count);
        let tone = if device.is_managed() { Tone::Plain } else { Tone::Faint };
        self.0.row::<TableCell>([
            TableCell::toned(tone, &device.serial_number),
            TableCell::toned(tone, &device.name),
            device.platform.to_string().into(),
            device.make.os_version.as_str().into(),
            on_or_off(&detail("filevault_enabled")).into(),
            yes_or_no(&detail("supervised")).into(),
            on_or_off(&detail("activation_lock")).into(),
            detail("storage_available").into(),
            one_line(&attention).into(),
            apps.map(|count| count.to_string()).unwrap_or_default().into(),
            TableCell::toned(Tone::Caution, one_line(&errors_text(found))),
        ]);
    }

    /// Lays it out.
    pub(crate) fn render(self, screen: &Screen) -> String {
        self.0.render(screen)
    }
}

fn on_or_off(flag: &str) -> &'static str {
    match flag {
        "true" => "on",
        "false" => "off",
        _ => "",
    }
}

fn yes_or_no(flag: &str) -> &'static str {
    match flag {
        "true" => "yes",
        "false" => "no",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_those_of_a_device_and_its_sections() {
        assert_eq!(GATHERED_FIELDS[..DEVICE_FIELDS.len()], DEVICE_FIELDS);
        let found = GatheredDevice {
            sections: [(DeviceSection::Apps, json!({"device_id": "a", "apps": [{"name": "x"}]}))]
                .into(),
            errors: vec![(DeviceSection::Status, "HTTP 404: Not found".to_owned())],
            ..GatheredDevice::default()
        };
        let object = gathered_json(&Device::default(), found);
        assert_eq!(object["apps"][0]["name"], "x");
        assert_eq!(object["gather_errors"]["status"], "HTTP 404: Not found");
        let known = |key: &String| GATHERED_FIELDS.contains(&key.as_str());
        assert!(object.as_object().expect("an object").keys().all(known), "{object}");
    }

    #[test]
    fn a_cost_says_requests_time_and_share_of_the_hour() {
        let cost = GatherCost {
            devices: 412,
            sections: DeviceSection::ALL.to_vec(),
            requests: 1_236,
            kept: 0,
            kept_since: None,
            seconds: 62,
            per_hour: 8_000,
            set_aside: None,
        };
        let line = "details, status and apps of 412 devices: 1,236 requests, about 62 s, 16 % of the hour (8,000)";
        assert_eq!(cost_line(&cost, &Screen::plain()), line);
        let kept = GatherCost {
            sections: vec![DeviceSection::Details],
            requests: 0,
            kept: 412,
            kept_since: Some(crate::model::UnixMillis(1_800_000_000_000)),
            ..cost
        };
        let line = cost_line(&kept, &Screen::plain());
        assert!(line.starts_with("details of 412 devices: no request; 412 read since "), "{line}");
    }
}
