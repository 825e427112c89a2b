//! Problems that many rows share, reported once.
//!
//! Owns counting them and naming their first lines. Must never hold back a problem that rows do not share.

use std::collections::BTreeMap;
use std::ops::Range;

use super::diagnostics::{Diagnostics, Flaw, PlaceUnit};
use super::scan::Record;
use super::source::Source;

/// Lines that a repeated problem names.
const LINES_NAMED_MAX: usize = 3;

struct Shared {
    range: Range<usize>,
    flaw: Flaw,
    lines: Vec<u32>,
    count: usize,
}

/// Problems by their message.
#[derive(Default)]
pub(super) struct Repeated {
    by_message: BTreeMap<String, Shared>,
    count: usize,
}

impl Repeated {
    /// How often any of them occurred.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Notes one for a record.
    pub fn add(&mut self, record: &Record<'_>, flaw: Flaw) {
        self.count += 1;
        let shared = self.by_message.entry(flaw.message.clone()).or_insert_with(|| Shared {
            range: record.range.clone(),
            flaw,
            lines: Vec::new(),
            count: 0,
        });
        shared.count += 1;
        if shared.lines.len() < LINES_NAMED_MAX {
            shared.lines.push(record.line);
        }
    }

    /// Tells each of them at its first record.
    pub fn tell(self, source: &Source<'_>, problems: &mut Diagnostics) {
        for shared in self.by_message.into_values() {
            let mut flaw = shared.flaw;
            if shared.count > 1 {
                let lines: Vec<String> = shared.lines.iter().map(u32::to_string).collect();
                let dots = if shared.count > lines.len() { ", ..." } else { "" };
                let (count, lines) = (shared.count, lines.join(", "));
                flaw.message = match source.unit() {
                    PlaceUnit::Line => {
                        format!("{} ({count} rows: lines {lines}{dots})", flaw.message)
                    }
                    PlaceUnit::Row => format!("{} ({count} rows: {lines}{dots})", flaw.message),
                };
            }
            problems.push(source.diagnostic(shared.range, flaw));
        }
    }
}
