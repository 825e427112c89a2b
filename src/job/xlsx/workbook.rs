//! What a workbook says about itself: its sheets, its texts, its formats and its calendar.
//!
//! Owns how those lists are read. Must never read a sheet.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use quick_xml::events::Event;

use super::limits::{
    CELL_BYTES_MAX, FORMATS_MAX, LIST_BYTES_MAX, SHEETS_MAX, STRINGS_BYTES_MAX, STRINGS_MAX,
};
use super::package::{Package, target_name};
use super::xml::{Part, attribute, damaged, is_on, unescaped};
use crate::job::diagnostics::Flaw;
use crate::job::file_limits::SHEET_TEXT_BYTES_MAX;

/// Numbers of built-in formats that show a date or a time; those of East Asian versions included.
const DATE_FORMATS: [std::ops::RangeInclusive<u32>; 5] =
    [14..=22, 27..=36, 45..=47, 50..=58, 71..=81];

/// One sheet of the list.
pub(super) struct SheetEntry {
    /// Its name on the tab.
    pub name: String,
    /// Its part.
    pub part: String,
    /// Whether its tab is shown.
    pub is_visible: bool,
}

/// A workbook, without the cells of its sheets.
pub(super) struct Workbook {
    /// The sheets with cells, in the order of the tabs.
    pub sheets: Vec<SheetEntry>,
    /// Days count from 1904 and not from 1900.
    pub is_1904: bool,
    /// The texts that cells share.
    pub strings: Strings,
    /// Which formats of cells show a date or a time.
    pub date_formats: Vec<bool>,
}

/// The texts that cells share, one behind the other.
#[derive(Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<usize>,
}

impl Strings {
    /// The text of a number, from 0.
    pub fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        self.text.get(start.unwrap_or_default()..end)
    }
}

impl Workbook {
    /// Reads the lists of a workbook.
    pub fn read(package: &mut Package<'_>) -> Result<Self, Flaw> {
        let roots = relations(package, "_rels/.rels")?;
        let is_main = |kind: &str| kind.ends_with("/officeDocument");
        let main = roots.into_values().find(|it| is_main(&it.kind));
        let main = main.map_or_else(
            || "xl/workbook.xml".to_owned(),
            |relation| target_name("", &relation.target),
        );
        let (folder, file) = main.rsplit_once('/').unwrap_or(("", &main));
        let separator = if folder.is_empty() { "" } else { "/" };
        let relations = relations(package, &format!("{folder}{separator}_rels/{file}.rels"))?;
        let of_kind = |wanted: &str| {
            let mut hits = relations.values().filter(|it| it.kind.ends_with(wanted));
            hits.next().map(|relation| target_name(&main, &relation.target))
        };
        let strings = match of_kind("/sharedStrings") {
            Some(name) => read_strings(&mut package.required(&name, STRINGS_BYTES_MAX)?)?,
            None => Strings::default(),
        };
        let date_formats = match of_kind("/styles") {
            Some(name) => read_formats(&mut package.required(&name, LIST_BYTES_MAX)?)?,
            None => Vec::new(),
        };
        let mut part = package.required(&main, LIST_BYTES_MAX)?;
        let (entries, is_1904) = read_sheets(&mut part)?;
        let mut sheets = Vec::new();
        for (name, id, is_visible) in entries {
            let relation = relations.get(&id);
            let relation = relation.ok_or_else(|| damaged("a sheet has no part"))?;
            // Sheets of charts and dialogs have no cells.
            if relation.kind.ends_with("/worksheet") {
                sheets.push(SheetEntry {
                    name,
                    part: target_name(&main, &relation.target),
                    is_visible,
                });
            }
        }
        Ok(Self { sheets, is_1904, strings, date_formats })
    }
}

struct Relation {
    kind: String,
    target: String,
}

fn relations(package: &mut Package<'_>, name: &str) -> Result<BTreeMap<String, Relation>, Flaw> {
    let mut found = BTreeMap::new();
    let mut part = package.required(name, LIST_BYTES_MAX)?;
    while let Some(event) = part.next()? {
        let Event::Start(element) = event else { continue };
        if element.local_name().as_ref() != "Relationship" {
            continue;
        }
        let value = |name| attribute(&element, name);
        let relation = Relation { kind: value("Type")?, target: value("Target")? };
        if found.insert(value("Id")?, relation).is_some() {
            return Err(part.damaged("a name is used twice"));
        }
    }
    Ok(found)
}

type NamedSheet = (String, String, bool);

fn read_sheets<R: Read>(part: &mut Part<R>) -> Result<(Vec<NamedSheet>, bool), Flaw> {
    let mut sheets: Vec<NamedSheet> = Vec::new();
    let mut is_1904 = false;
    while let Some(event) = part.next()? {
        let Event::Start(element) = event else { continue };
        match element.local_name().as_ref() {
            "sheet" => {
                let is_visible = matches!(attribute(&element, "state")?.as_str(), "" | "visible");
                let name = attribute(&element, "name")?;
                let relation = element
                    .attributes()
                    .flatten()
                    .find(|it| it.key.prefix().is_some() && it.key.local_name().as_ref() == "id");
                let id = relation.map(|it| it.value.into_owned()).unwrap_or_default();
                sheets.push((name, id, is_visible));
            }
            "workbookPr" => is_1904 |= is_on(Some(&attribute(&element, "date1904")?)),
            _ => {}
        }
        if sheets.len() > SHEETS_MAX {
            let flaw = format!("the workbook has more than {SHEETS_MAX} sheets");
            return Err(Flaw::new(flaw).hint("save the sheet of the job as a workbook of its own"));
        }
    }
    Ok((sheets, is_1904))
}

fn read_strings<R: Read>(part: &mut Part<R>) -> Result<Strings, Flaw> {
    let mut strings = Strings::default();
    loop {
        let is_string = match part.next()? {
            None => return Ok(strings),
            Some(Event::Start(element)) => element.local_name().as_ref() == "si",
            Some(_) => false,
        };
        if !is_string {
            continue;
        }
        let text = read_string(part)?;
        strings.text.push_str(&text);
        strings.ends.push(strings.text.len());
        if strings.text.len() > SHEET_TEXT_BYTES_MAX || strings.ends.len() > STRINGS_MAX {
            let limit = SHEET_TEXT_BYTES_MAX / 1024 / 1024;
            let flaw =
                format!("the workbook has more than {STRINGS_MAX} texts or {limit} MiB of text");
            return Err(Flaw::new(flaw).hint("save the sheet of the job as a workbook of its own"));
        }
    }
}

/// The text inside the element that was just opened: all its runs together, without what tells their pronunciation.
pub(super) fn read_string<R: Read>(part: &mut Part<R>) -> Result<String, Flaw> {
    let mut text = String::new();
    let mut depth = 1_usize;
    while depth > 0 {
        let (is_text, is_phonetic, is_preserved) = match part.next()? {
            None => return Err(part.damaged("a text does not end")),
            Some(Event::End(_)) => {
                depth -= 1;
                continue;
            }
            Some(Event::Start(element)) => {
                let name = element.local_name();
                let is_preserved = attribute(&element, "space")? == "preserve";
                (name.as_ref() == "t", name.as_ref() == "rPh", is_preserved)
            }
            Some(_) => continue,
        };
        if is_phonetic {
            part.skip()?;
        } else if is_text {
            let piece = part.text(CELL_BYTES_MAX)?;
            // Without the attribute a spreadsheet shows no spaces around a text.
            let piece = if is_preserved { &piece } else { piece.trim_matches(SPACES) };
            text.push_str(&unescaped(piece));
        } else {
            depth += 1;
        }
        if text.len() > CELL_BYTES_MAX {
            return Err(
                part.damaged(&format!("there is a text of more than {CELL_BYTES_MAX} bytes"))
            );
        }
    }
    Ok(text)
}

/// What XML takes for spaces.
pub(super) const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

fn read_formats<R: Read>(part: &mut Part<R>) -> Result<Vec<bool>, Flaw> {
    let mut formats = Vec::new();
    let mut dates: BTreeSet<u32> = DATE_FORMATS.into_iter().flatten().collect();
    let mut is_inside = false;
    while let Some(event) = part.next()? {
        let element = match event {
            Event::Start(element) => element,
            Event::End(end) => {
                is_inside &= end.local_name().as_ref() != "cellXfs";
                continue;
            }
            _ => continue,
        };
        let number = attribute(&element, "numFmtId")?.parse::<u32>().ok();
        match (element.local_name().as_ref(), number) {
            ("numFmt", Some(id)) => {
                let code = attribute(&element, "formatCode")?;
                if is_date(&code) {
                    dates.insert(id)
                } else {
                    dates.remove(&id)
                };
            }
            ("cellXfs", _) => is_inside = true,
            ("xf", number) if is_inside => {
                formats.push(number.is_some_and(|id| dates.contains(&id)));
            }
            _ => {}
        }
        if formats.len() > FORMATS_MAX || dates.len() > FORMATS_MAX {
            return Err(part.damaged("there are too many formats"));
        }
    }
    Ok(formats)
}

/// Whether a format shows a date or a time: it has a letter for one outside of quoted text and of brackets.
fn is_date(code: &str) -> bool {
    let mut letters = code.chars();
    let mut close = None;
    while let Some(letter) = letters.next() {
        match (close, letter) {
            (Some(end), letter) if end == letter => close = None,
            (Some(_), _) => {}
            (None, '"') => close = Some('"'),
            (None, '[') => {
                // Elapsed time, such as [h]:mm, has its letter inside.
                let rest = letters.as_str();
                if rest.starts_with(['h', 'H', 'm', 'M', 's', 'S']) && !is_color(rest) {
                    return true;
                }
                close = Some(']');
            }
            (None, '\\' | '_' | '*') => {
                letters.next();
            }
            (None, ';') => return false,
            (None, 'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S') => return true,
            (None, _) => {}
        }
    }
    false
}

fn is_color(rest: &str) -> bool {
    rest.get(..7).is_some_and(|word| word.eq_ignore_ascii_case("magenta"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_dates_are_told_from_formats_of_numbers() {
        for code in ["yyyy-mm-dd", "[h]:mm", "[$-407]d. mmm", "\"am\" d", "[Red]hh:mm"] {
            assert!(is_date(code), "{code}");
        }
        for code in ["000000", "0.00", "[Magenta]0", "\"day\" 0", "0\\d", "#,##0;[Red]d", "General"]
        {
            assert!(!is_date(code), "{code}");
        }
    }

    #[test]
    fn runs_of_a_text_are_joined_and_pronunciations_left_out() {
        let xml = "<sst count=\"99999999999\" uniqueCount=\"99999999999\"><si><t>a</t></si><si/>\
            <si><r><rPr><b/></rPr><t>C02</t></r><r><t xml:space=\"preserve\"> X</t></r>\
            <rPh sb=\"0\"><t>no</t></rPh></si><si><t> &lt;&#65;<![CDATA[&]]> </t></si></sst>";
        let strings = read_strings(&mut Part::new("s.xml", xml.as_bytes(), 10_000)).expect("read");
        let texts: Vec<Option<&str>> = (0..5).map(|at| strings.get(at)).collect();
        assert_eq!(texts, [Some("a"), Some(""), Some("C02 X"), Some("<A&"), None]);
    }
}
