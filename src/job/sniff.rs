//! Table or YAML: what a file is, by its name and by its first line.
//!
//! Owns that decision. Must never read more than the first line that says something.

use super::cells::TargetField;
use super::delimiter::separator;
use super::diagnostics::Flaw;
use crate::kandji::fold;

/// Keys with which a YAML job may begin.
const FIRST_KEYS: [&str; 22] = [
    "version",
    "name",
    "reason",
    "targets",
    "exclude",
    "steps",
    "action",
    "with",
    "wait",
    "send_until",
    "limits",
    "retries",
    "stop",
    "rollout",
    "window",
    "require",
    "report",
    "columns",
    "skip_refused",
    "devices",
    "params",
    "defaults",
];

/// A format of job files.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum JobFormat {
    /// Delimited text.
    Table,
    /// YAML.
    Yaml,
}

/// Whether a file is named as YAML, or as JSON, which is read as YAML.
pub(super) fn is_named_as_yaml(name: &str) -> bool {
    matches!(extension(name).as_str(), "yaml" | "yml" | "json")
}

fn extension(name: &str) -> String {
    name.rsplit_once('.').map(|(_, end)| end.to_lowercase()).unwrap_or_default()
}

/// Finds the format; refuses a file whose name and content disagree.
pub(super) fn find_format(name: &str, text: &str) -> Result<JobFormat, Flaw> {
    let extension = extension(name);
    let content = content_format(text);
    match (extension.as_str(), content) {
        ("yaml" | "yml", Some(JobFormat::Table)) => {
            Err(Flaw::new("the file name says YAML, but the content is CSV")
                .hint("rename it to end in .csv"))
        }
        ("csv" | "tsv", Some(JobFormat::Yaml)) => {
            Err(Flaw::new("the file name says CSV, but the content is YAML")
                .hint("rename it to end in .yaml"))
        }
        ("xlsx" | "xlsm", _) => {
            Err(Flaw::new("the file name says XLSX, but the content is plain text")
                .hint("rename it to end in .csv, or save it as an Excel workbook (.xlsx)"))
        }
        ("yaml" | "yml" | "json", _) => Ok(JobFormat::Yaml),
        ("csv" | "tsv" | "txt", _) => Ok(JobFormat::Table),
        (_, content) => Ok(content.unwrap_or(JobFormat::Table)),
    }
}

/// Refuses the name of a workbook that says something else. A name without a known ending says nothing.
pub(super) fn misnamed_workbook(name: &str) -> Option<Flaw> {
    let extension = extension(name);
    let says = match extension.as_str() {
        "csv" | "tsv" | "txt" => "CSV",
        "yaml" | "yml" => "YAML",
        "json" => "JSON",
        _ => return None,
    };
    let flaw = format!("the file name says {says}, but the content is an Excel workbook");
    Some(Flaw::new(flaw).hint("rename it to end in .xlsx"))
}

/// What the content looks like, if it looks like one of the two.
fn content_format(text: &str) -> Option<JobFormat> {
    if separator(text).is_some() {
        return Some(JobFormat::Table);
    }
    let line = text
        .split(['\n', '\r'])
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))?;
    if line.starts_with("---") || line.starts_with('{') || line.starts_with("%YAML") {
        return Some(JobFormat::Yaml);
    }
    if let Some((key, rest)) = line.split_once(':')
        && (rest.is_empty() || rest.starts_with([' ', '\t']))
        && FIRST_KEYS.contains(&key.trim().trim_matches('"'))
    {
        return Some(JobFormat::Yaml);
    }
    let is_column = |cell: &str| {
        let cell = cell.trim().trim_matches('"');
        TargetField::find(cell).is_some() || fold(cell) == "action"
    };
    let is_table = line.split([',', ';', '\t']).any(is_column) && !line.contains(": ");
    is_table.then_some(JobFormat::Table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_content_must_agree() {
        let yaml = "# lab\n\nversion: 1\n";
        let table = "\"serial_number\";action\n";
        for (name, text, expect) in [
            ("a.csv", table, Ok(JobFormat::Table)),
            ("a.CSV", "whatever\n", Ok(JobFormat::Table)),
            ("a.yml", yaml, Ok(JobFormat::Yaml)),
            ("<stdin>", yaml, Ok(JobFormat::Yaml)),
            ("<stdin>", table, Ok(JobFormat::Table)),
            ("job", "---\n", Ok(JobFormat::Yaml)),
            ("a.yaml", table, Err("rename it to end in .csv")),
            (
                "a.xlsx",
                table,
                Err("rename it to end in .csv, or save it as an Excel workbook (.xlsx)"),
            ),
            ("a.csv", yaml, Err("rename it to end in .yaml")),
        ] {
            let found = find_format(name, text).map_err(|flaw| flaw.hint.unwrap_or_default());
            assert_eq!(found, expect.map_err(str::to_owned), "{name} {text}");
        }
    }
}
