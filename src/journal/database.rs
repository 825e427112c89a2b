//! Opening SQLite databases the way a journal needs them.
//!
//! Owns pragmas, format versions, and the order in which files are made. Must never know a table.

use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::path::Path;
use std::time::Duration;

use super::error::{At, JournalError};

/// How long to wait for another process that holds a lock. Every lock here is held for one batch.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How often, and with which pause, the pragmas of a database are tried that others open at the same
/// moment: the change to WAL does not wait by itself. Together as long as [`BUSY_TIMEOUT`].
const PRAGMA_TRIES: u32 = 200;
const PRAGMA_PAUSE: Duration = Duration::from_millis(50);

/// Opens the file at `path`. SQLite is built to read a name that begins with `file:` as a URI, even against the flags, so a
/// relative name would open another file: an absolute one never begins so.
fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, JournalError> {
    let absolute = std::path::absolute(path).at(path)?;
    Connection::open_with_flags(absolute, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).at(path)
}

/// Opens a database for writing. `migrations` are the scripts from each format to the next; the first one starts
/// from nothing. Those that the database has not seen yet are run, all in one transaction.
pub(super) fn open_to_write(path: &Path, migrations: &[&str]) -> Result<Connection, JournalError> {
    super::state_dir::prepare_file(path)?;
    super::state_dir::refuse_public(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let mut connection = connect(path, flags)?;
    set_pragmas(&connection).at(path)?;
    connection.busy_timeout(BUSY_TIMEOUT).at(path)?;
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).at(path)?;
    let found = version_of(&transaction, path)?;
    let known = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(JournalError::Newer { path: path.to_owned(), found, known });
    }
    for script in migrations.iter().skip(found as usize) {
        transaction.execute_batch(script).at(path)?;
    }
    if found < known {
        transaction.pragma_update(None, "user_version", known).at(path)?;
    }
    transaction.commit().at(path)?;
    Ok(connection)
}

fn set_pragmas(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(Duration::ZERO)?;
    let mut tries_left = PRAGMA_TRIES;
    loop {
        // FULL syncs the log at every commit; fullfsync makes macOS really do it.
        let result = connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;
             PRAGMA foreign_keys = ON;",
        );
        tries_left -= 1;
        match result {
            Err(error)
                if tries_left > 0 && error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) =>
            {
                std::thread::sleep(PRAGMA_PAUSE);
            }
            result => return result,
        }
    }
}

/// Opens a database for reading, of any format: tables and columns are only ever added.
pub(super) fn open_to_read(path: &Path) -> Result<Connection, JournalError> {
    super::state_dir::refuse_public(path)?;
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.busy_timeout(BUSY_TIMEOUT).at(path)?;
    Ok(connection)
}

/// Opens a database for reading, beside the connection that writes it in this process. The one that is closed last takes the
/// log into the database and removes it, which a connection that is only for reading cannot.
pub(super) fn open_beside_writer(path: &Path) -> Result<Connection, JournalError> {
    super::state_dir::refuse_public(path)?;
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY_TIMEOUT).at(path)?;
    connection.pragma_update(None, "query_only", true).at(path)?;
    Ok(connection)
}

/// The format in which a database was written.
pub(super) fn version_of(connection: &Connection, path: &Path) -> Result<u32, JournalError> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).at(path)
}
