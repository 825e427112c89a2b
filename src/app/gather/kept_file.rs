//! The file that keeps what was gathered from a tenant.
//!
//! Owns its permissions, its age and its checksums. Invariant: a section counts as read only once its line is in the file, so
//! that a gather that was interrupted goes on where it was. Must never use a line that other users could have written.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;
use serde_json::Value;

use super::cost::SetAside;
use super::entries::{FORM, KeptLine, LineKind, verified, written};
use super::reason::GatherReason;
use crate::drive::SectionRead;
use crate::journal::HeldLock;
use crate::kandji::DeviceSection;
use crate::model::{DeviceId, UnixMillis};

/// How long sections of a gather that ended are used again, in milliseconds: long enough to print them in another form.
pub(super) const ENDED_MS_MAX: u64 = 15 * 60_000;
/// How long sections of a gather that was interrupted are used again, in milliseconds: a large fleet takes many hours.
pub(super) const INTERRUPTED_MS_MAX: u64 = 24 * 3_600_000;
/// Longest line that is read: the longest answer of the tenant, and what stands around it.
const LINE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Where a section stands in the file.
#[derive(Copy, Clone, Debug)]
pub(super) struct KeptPlace {
    start: u64,
    bytes: usize,
    pub at: UnixMillis,
}

/// The file, open and locked.
#[derive(Debug)]
pub(super) struct KeptFile {
    file: File,
    path: PathBuf,
    /// What can be used of it.
    pub places: HashMap<SectionRead, KeptPlace>,
    /// Why something that was there is not used.
    pub set_aside: Option<SetAside>,
    end: u64,
    _lock: HeldLock,
}

impl KeptFile {
    /// Opens the file of a tenant, and creates it where there is none.
    ///
    /// # Errors
    /// [`GatherReason`] when another process uses it, or the system refuses.
    pub fn open(
        path: &Path,
        tenant: &str,
        now: UnixMillis,
        is_fresh: bool,
    ) -> Result<Self, GatherReason> {
        let failed = |error: &std::io::Error| file_reason(path, error);
        if let Some(parent) = path.parent() {
            private_directory(parent).map_err(|error| failed(&error))?;
        }
        let file = open_private(path).map_err(|error| failed(&error))?;
        let lock = file.try_clone().and_then(HeldLock::take).map_err(|error| failed(&error))?;
        let lock = lock.ok_or_else(|| GatherReason::Busy { path: path.to_owned() })?;
        let (places, set_aside) = (HashMap::new(), None);
        let path = path.to_owned();
        let mut kept = Self { file, path, places, set_aside, end: 0, _lock: lock };
        kept.read(tenant, now, is_fresh).map_err(|error| failed(&error))?;
        Ok(kept)
    }

    fn read(&mut self, tenant: &str, now: UnixMillis, is_fresh: bool) -> std::io::Result<()> {
        let length = self.file.metadata()?.len();
        if length == 0 {
            return self.begin(tenant, now);
        }
        self.set_aside = match (is_fresh, is_open_to_others(&self.file)?) {
            (_, true) => Some(SetAside::Open),
            (true, false) => Some(SetAside::Asked),
            (false, false) => self.index(tenant, now)?,
        };
        match self.set_aside {
            Some(_) => self.begin(tenant, now),
            // What follows the last whole line was being written when the process ended.
            None => self.file.set_len(self.end),
        }
    }

    /// Empties the file and begins a gather.
    fn begin(&mut self, tenant: &str, now: UnixMillis) -> std::io::Result<()> {
        self.places.clear();
        self.file.set_len(0)?;
        make_private(&self.file)?;
        self.end = 0;
        let begins = KeptLine {
            form: Some(FORM),
            tenant: tenant.to_owned(),
            ..KeptLine::of(LineKind::Begins, now)
        };
        self.append(&begins).map(drop)
    }

    /// Finds the sections that can be used. Returns why none can.
    fn index(&mut self, tenant: &str, now: UnixMillis) -> std::io::Result<Option<SetAside>> {
        self.file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::new(&self.file);
        let (mut places, mut start, mut ended) = (HashMap::new(), 0, None);
        let mut line = Vec::new();
        loop {
            line.clear();
            let bytes = reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
            if line.pop() != Some(b'\n') {
                break;
            }
            let text = std::str::from_utf8(&line).ok().and_then(verified);
            let Some(head) =
                text.and_then(|text| serde_json::from_str::<KeptLine<IgnoredAny>>(text).ok())
            else {
                return Ok(Some(SetAside::Altered));
            };
            match (head.line, start) {
                (LineKind::Begins, 0) if head.form == Some(FORM) && head.tenant == tenant => {}
                (LineKind::Begins, _) | (_, 0) => return Ok(Some(SetAside::Altered)),
                (LineKind::Ends, _) => ended = Some(head.at),
                (LineKind::Section, _) => {
                    ended = None;
                    if let Some(section) = DeviceSection::parse(&head.section) {
                        let device = DeviceId::from_api(&head.device);
                        let place = KeptPlace { start, bytes: line.len(), at: head.at };
                        places.insert(SectionRead { device, section }, place);
                    }
                }
            }
            start += bytes as u64;
        }
        if start == 0 {
            return Ok(Some(SetAside::Altered));
        }
        let is_young =
            |since: UnixMillis, limit_ms| since <= now && now.remaining_ms(since) <= limit_ms;
        if ended.is_some_and(|ended| !is_young(ended, ENDED_MS_MAX)) {
            return Ok(Some(SetAside::Old));
        }
        let count = places.len();
        places.retain(|_, place| is_young(place.at, INTERRUPTED_MS_MAX));
        if places.is_empty() && count > 0 {
            return Ok(Some(SetAside::Old));
        }
        (self.places, self.end) = (places, start);
        Ok(None)
    }

    /// Keeps a section.
    pub fn keep(
        &mut self,
        read: &SectionRead,
        at: UnixMillis,
        body: Value,
    ) -> Result<(), GatherReason> {
        let line = KeptLine {
            device: read.device.as_str().to_owned(),
            section: read.section.word().to_owned(),
            body: Some(body),
            ..KeptLine::of(LineKind::Section, at)
        };
        let place = self.append(&line).map_err(|error| file_reason(&self.path, &error))?;
        self.places.insert(read.clone(), place);
        Ok(())
    }

    /// Notes that all was read.
    pub fn end(&mut self, at: UnixMillis) -> Result<(), GatherReason> {
        let ends = KeptLine::of(LineKind::Ends, at);
        self.append(&ends).map(drop).map_err(|error| file_reason(&self.path, &error))
    }

    /// Writes a line behind the others.
    fn append(&mut self, line: &KeptLine<Value>) -> std::io::Result<KeptPlace> {
        let text = written(line)?;
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(text.as_bytes())?;
        let place = KeptPlace { start: self.end, bytes: text.len() - 1, at: line.at };
        self.end += text.len() as u64;
        Ok(place)
    }

    /// Reads a section that is kept; `None` where it is not.
    pub fn body(
        &mut self,
        read: &SectionRead,
    ) -> Result<Option<(UnixMillis, Value)>, GatherReason> {
        let Some(place) = self.places.get(read).copied() else { return Ok(None) };
        let body = self.body_at(place).map_err(|error| file_reason(&self.path, &error))?;
        Ok(Some((place.at, body)))
    }

    fn body_at(&mut self, place: KeptPlace) -> std::io::Result<Value> {
        let mut line = vec![0; place.bytes];
        self.file.seek(SeekFrom::Start(place.start))?;
        self.file.read_exact(&mut line)?;
        let text = std::str::from_utf8(&line).ok().and_then(verified);
        let line = text.and_then(|text| serde_json::from_str::<KeptLine<Value>>(text).ok());
        line.and_then(|line| line.body).ok_or_else(|| {
            std::io::Error::new(ErrorKind::InvalidData, "it was changed while sortie used it")
        })
    }
}

fn file_reason(path: &Path, error: &std::io::Error) -> GatherReason {
    GatherReason::File { path: path.to_owned(), error: error.to_string() }
}

fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // A link that another user left is not followed.
        let no_follow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default();
        options.mode(0o600).custom_flags(no_follow);
    }
    options.open(path)
}

fn private_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Whether other users could read or write the file.
#[cfg(unix)]
fn is_open_to_others(file: &File) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let metadata = file.metadata()?;
    let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
    Ok(!is_ours || metadata.mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &File) -> std::io::Result<bool> {
    Ok(false)
}

#[cfg(unix)]
fn make_private(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn make_private(_: &File) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
