//! A CSV file of apps: a row for each device and app.
//!
//! Owns its columns. It is written beside its place and then moved there. Must never leave half a file.

use std::io::{BufWriter, Write};
use std::path::Path;

use super::gathered::Gathered;
use super::reason::GatherReason;
use crate::kandji::{APP_COLUMNS, DeviceSection, app_cells};
use crate::model::Device;
use crate::report::csv_line;

/// The columns that say whose app it is.
const DEVICE_COLUMNS: [&str; 6] =
    ["device_id", "serial_number", "device_name", "user_email", "platform", "os_version"];

impl Gathered {
    /// Writes the apps of these devices to a CSV file: a row for each device and app. Returns the number of rows.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn write_apps(&mut self, devices: &[Device], path: &Path) -> Result<usize, GatherReason> {
        let failed = |error: std::io::Error| GatherReason::File {
            path: path.to_owned(),
            error: error.to_string(),
        };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut file =
            tempfile::NamedTempFile::new_in(parent.unwrap_or(Path::new("."))).map_err(failed)?;
        let mut rows = 0;
        let mut lines = BufWriter::new(file.as_file_mut());
        let header = DEVICE_COLUMNS.into_iter().chain(APP_COLUMNS);
        lines.write_all(csv_line(header).as_bytes()).map_err(failed)?;
        for device in devices {
            let found = self.device(&device.id)?;
            let Some(body) = found.sections.get(&DeviceSection::Apps) else { continue };
            for cells in app_cells(body) {
                let whose = [
                    device.id.as_str(),
                    device.serial_number.as_str(),
                    device.name.as_str(),
                    device.user_email.as_str(),
                    device.platform.word(),
                    device.make.os_version.as_str(),
                ];
                let line = csv_line(whose.into_iter().chain(cells.iter().map(String::as_str)));
                lines.write_all(line.as_bytes()).map_err(failed)?;
                rows += 1;
            }
        }
        lines.flush().map_err(failed)?;
        drop(lines);
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(rows)
    }
}
