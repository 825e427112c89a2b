//! YAML as a tree that remembers the place of every node.
//!
//! Owns the strict subset of YAML that jobs may use, and the limits on it. It keeps every scalar as it was
//! written: a serial number that was read as a number is damaged. It reads on after a problem, which a typed
//! reader (serde) cannot: that stops at the first, and turns `012345` into a number. Must never follow an anchor,
//! a merge key or a tag.

use std::collections::HashSet;
use std::ops::Range;

use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, ScanError, Span};

use super::diagnostics::{Diagnostics, Flaw, quote};
use super::source::Source;
use super::steps::Form;

/// Most nodes: 250,000 devices of two fields are 1,250,000.
const NODES_MAX: usize = 2_000_000;
/// Deepest nesting; a job needs six.
const DEPTH_MAX: usize = 16;
/// Longest scalar, in bytes: as long as the longest cell of a table.
const SCALAR_BYTES_MAX: usize = 4 * 1024;

/// One node.
#[derive(Debug)]
pub(super) struct Node {
    /// Its bytes in the text.
    pub range: Range<usize>,
    /// The value of the node.
    pub content: Content,
}

/// What a node says.
#[derive(Debug)]
pub(super) enum Content {
    /// A text, exactly as written.
    Scalar(String, Form),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file.
    Map(Vec<MapEntry>),
}

/// One entry of a map.
#[derive(Debug)]
pub(super) struct MapEntry {
    /// The key as written.
    pub key: String,
    /// Range of the key in the file.
    pub key_range: Range<usize>,
    /// The value of the key.
    pub value: Node,
}

impl Node {
    /// Whether it is a text without quotation marks.
    pub fn is_plain(&self) -> bool {
        matches!(self.content, Content::Scalar(_, Form::Plain))
    }

    /// Whether it is nothing: no text, `~` or `null` without quotation marks.
    pub fn is_null(&self) -> bool {
        match &self.content {
            Content::Scalar(text, Form::Plain) => {
                matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            _ => false,
        }
    }
}

enum Frame {
    List(usize, Vec<Node>),
    Map(usize, Vec<MapEntry>, Option<(String, Range<usize>)>),
}

struct Builder<'s, 'a, 'p> {
    source: &'s Source<'a>,
    problems: &'p mut Diagnostics,
    stack: Vec<Frame>,
    root: Option<Node>,
    nodes: usize,
    documents: usize,
}

/// Reads the one document of a text. `None` when it uses what jobs may not use.
pub(super) fn read_tree(source: &Source<'_>, problems: &mut Diagnostics) -> Option<Node> {
    let mut options = Options::default();
    options.emit_comments = false;
    options.disallow_directives = true;
    // Our own message, because the parser's own words do not say what to do.
    options.emit_unresolved_aliases = true;
    options.flow_nesting_limit = DEPTH_MAX;
    options.block_nesting_limit = DEPTH_MAX;
    let count_before = problems.count();
    let mut builder =
        Builder { source, problems, stack: Vec::new(), root: None, nodes: 0, documents: 0 };
    let parser = Parser::new_from_str_with_options(source.text, options);
    for item in parser {
        match item {
            Ok((event, span)) => {
                if builder.take(event, &span).is_none() {
                    break;
                }
            }
            Err(error) => {
                builder.refuse_syntax(&error);
                break;
            }
        }
    }
    let root = builder.root;
    if problems.count() > count_before {
        return None;
    }
    if root.is_none() {
        let flaw = Flaw::new("the file holds no document: 0 jobs")
            .hint("a YAML job begins with 'version: 1'");
        problems.push_for_file(source.file, flaw);
    }
    root
}

impl Builder<'_, '_, '_> {
    fn offset(&self, marker: &Marker) -> usize {
        marker.byte_offset().unwrap_or_else(|| {
            let mut letters = self.source.text.char_indices();
            letters.nth(marker.index()).map_or(self.source.text.len(), |(at, _)| at)
        })
    }

    fn range(&self, span: &Span) -> Range<usize> {
        self.offset(&span.start)..self.offset(&span.end)
    }

    fn refuse(&mut self, range: Range<usize>, flaw: Flaw) {
        self.problems.push(self.source.diagnostic(range, flaw));
    }

    fn refuse_syntax(&mut self, error: &ScanError) {
        let at = self.offset(error.marker()).min(self.source.text.len());
        if let Some(tab) = self.tab_near(at) {
            let flaw = Flaw::new("the line is indented with a tab").hint("indent with spaces");
            self.refuse(tab..tab + 1, flaw);
            return;
        }
        let flaw = Flaw::new(format!("not YAML: {}", error.info()))
            .hint("check indentation, brackets and quotation marks on this line and above");
        self.refuse(at..at + 1, flaw);
    }

    /// A tab in the indentation of this line or the next: the parser stops at the end of the text before.
    fn tab_near(&self, at: usize) -> Option<usize> {
        let line = self.source.line_of(at);
        [line, line + 1].into_iter().find_map(|line| {
            let start = self.source.line_start(line)?;
            let text = self.source.text.get(start..)?;
            let indent = &text[..text.len() - text.trim_start_matches([' ', '\t']).len()];
            indent.find('\t').map(|tab| start + tab)
        })
    }

    /// Takes one event; `None` when reading must end.
    fn take(&mut self, event: Event<'_>, span: &Span) -> Option<()> {
        let range = self.range(span);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    let flaw =
                        Flaw::new("a second document begins here").hint("write one job per file");
                    self.refuse(range, flaw);
                    return None;
                }
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.refuse(range.clone(), anchor_flaw("alias"));
                self.add(Node { range, content: Content::Scalar(String::new(), Form::Plain) });
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.check_properties(&range, anchor, tag.is_some());
                self.count(&range)?;
                if text.len() > SCALAR_BYTES_MAX {
                    let flaw = format!(
                        "the text has {} bytes; at most {SCALAR_BYTES_MAX} are allowed",
                        text.len()
                    );
                    self.refuse(range.start..range.start + 1, Flaw::new(flaw));
                    return None;
                }
                let form = if style == ScalarStyle::Plain { Form::Plain } else { Form::Quoted };
                self.add(Node { range, content: Content::Scalar(text.into_owned(), form) });
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.check_properties(&range, anchor, tag.is_some());
                self.count(&range)?;
                self.open(range.start, Frame::List(range.start, Vec::new()))?;
            }
            Event::MappingStart(_, anchor, tag) => {
                self.check_properties(&range, anchor, tag.is_some());
                self.count(&range)?;
                self.open(range.start, Frame::Map(range.start, Vec::new(), None))?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            _ => {}
        }
        Some(())
    }

    fn count(&mut self, range: &Range<usize>) -> Option<()> {
        self.nodes += 1;
        if self.nodes <= NODES_MAX {
            return Some(());
        }
        let flaw = Flaw::new(format!("the file has more than {NODES_MAX} values"))
            .hint("split the job into several files, or list the targets in a CSV file");
        self.refuse(range.clone(), flaw);
        None
    }

    fn open(&mut self, at: usize, frame: Frame) -> Option<()> {
        if self.stack.len() >= DEPTH_MAX {
            let flaw = Flaw::new(format!("nested more than {DEPTH_MAX} levels deep"));
            self.refuse(at..at + 1, flaw);
            return None;
        }
        self.stack.push(frame);
        Some(())
    }

    fn close(&mut self, end: usize) {
        let node = match self.stack.pop() {
            Some(Frame::List(start, items)) => {
                Node { range: start..end.max(start), content: Content::List(items) }
            }
            Some(Frame::Map(start, entries, _)) => {
                self.check_keys(&entries);
                Node { range: start..end.max(start), content: Content::Map(entries) }
            }
            None => return,
        };
        self.add(node);
    }

    fn add(&mut self, node: Node) {
        let odd_key = match self.stack.last_mut() {
            None => {
                self.root.get_or_insert(node);
                None
            }
            Some(Frame::List(_, items)) => {
                items.push(node);
                None
            }
            Some(Frame::Map(_, entries, pending)) => match (pending.take(), node.content) {
                (Some((key, key_range)), content) => {
                    entries.push(MapEntry {
                        key,
                        key_range,
                        value: Node { range: node.range, content },
                    });
                    None
                }
                (None, Content::Scalar(text, _)) => {
                    *pending = Some((text, node.range));
                    None
                }
                (None, _) => {
                    *pending = Some((String::new(), node.range.clone()));
                    Some(node.range)
                }
            },
        };
        if let Some(range) = odd_key {
            let flaw = Flaw::new("found a list or map instead of a key")
                .hint("write 'key: value'; a text with brackets or braces needs quotation marks");
            self.refuse(range, flaw);
        }
    }

    fn check_keys(&mut self, entries: &[MapEntry]) {
        let mut seen: HashSet<&str> = HashSet::new();
        for entry in entries {
            if entry.key == "<<" {
                let flaw = Flaw::new("merge keys ('<<') are not allowed in a job")
                    .hint("write the values out");
                self.problems.push(self.source.diagnostic(entry.key_range.clone(), flaw));
            } else if !seen.insert(&entry.key) {
                let flaw = Flaw::new(format!("key {} is given twice", quote(&entry.key)))
                    .hint("remove one");
                self.problems.push(self.source.diagnostic(entry.key_range.clone(), flaw));
            }
        }
    }

    fn check_properties(&mut self, range: &Range<usize>, anchor: usize, has_tag: bool) {
        if anchor != 0 {
            self.refuse(range.clone(), anchor_flaw("anchor"));
        }
        if has_tag {
            let flaw = Flaw::new("tags ('!...') are not allowed in a job")
                .hint("remove the tag; a text that begins with '!' needs quotation marks");
            self.refuse(range.clone(), flaw);
        }
    }
}

fn anchor_flaw(what: &str) -> Flaw {
    Flaw::new(format!("anchors and aliases ('&', '*') are not allowed in a job; this is an {what}"))
        .hint("write the values out; a text that begins with '&' or '*' needs quotation marks")
}

/// The entry of a map with this key.
pub(super) fn find<'n>(entries: &'n [MapEntry], key: &str) -> Option<&'n MapEntry> {
    entries.iter().find(|entry| entry.key == key)
}
