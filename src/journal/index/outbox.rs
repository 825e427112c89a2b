//! The outbox: notices about runs that people want to get, until they are delivered.
//!
//! Owns the table. Invariant: a notice is recorded once for each run, kind, detail, profile and channel. Must never hold a
//! secret, the address of a channel included, nor know what a notice says.

use rusqlite::{Row, params};

use super::super::error::{At, JournalError};
use super::Index;
use crate::model::UnixMillis;

/// The columns, in the order of [`notice_of`].
const COLUMNS: &str =
    "id, run, kind, detail, profile, channel, facts, made_at, state, attempts, next_at, held_until,
    last_error, ended_at";

/// What became of a notice.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum OutboxState {
    /// It has not been delivered yet.
    Waiting,
    /// The channel accepted it.
    Delivered,
    /// It is no longer tried.
    GivenUp,
}

impl OutboxState {
    /// The state in listings and in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
        }
    }

    fn parse(word: &str) -> Self {
        // A word of a newer program is not tried by this one.
        [Self::Waiting, Self::Delivered]
            .into_iter()
            .find(|state| state.word() == word)
            .unwrap_or(Self::GivenUp)
    }
}

/// A notice for one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxNotice {
    /// Its id, which goes with each delivery, so that a receiver can drop a repeated one.
    pub id: String,
    /// Id of the run.
    pub run: String,
    /// Its kind, such as `doubt`.
    pub kind: String,
    /// What distinguishes it from others of its kind in the run, such as the wave.
    pub detail: String,
    /// Name of the profile that has the channel.
    pub profile: String,
    /// Name of the channel.
    pub channel: String,
    /// What it says, as JSON.
    pub facts: String,
    /// When it was recorded.
    pub made_at: UnixMillis,
    /// What became of it.
    pub state: OutboxState,
    /// Number of deliveries that were tried.
    pub attempts: u32,
    /// It is not tried before this moment.
    pub next_at: UnixMillis,
    /// The receiver asked to wait until this moment.
    pub held_until: Option<UnixMillis>,
    /// Why the last delivery failed.
    pub last_error: Option<String>,
    /// When it was delivered or given up.
    pub ended_at: Option<UnixMillis>,
}

impl Index {
    /// Records a notice. `false` where it is recorded already.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn add_notice(&self, notice: &OutboxNotice) -> Result<bool, JournalError> {
        let added = self
            .connection
            .execute(
                &format!(
                    "INSERT INTO notices ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)
                     ON CONFLICT DO NOTHING"
                ),
                params![
                    notice.id,
                    notice.run,
                    notice.kind,
                    notice.detail,
                    notice.profile,
                    notice.channel,
                    notice.facts,
                    notice.made_at.0,
                    notice.state.word(),
                    notice.attempts,
                    notice.next_at.0,
                    notice.held_until.map(|at| at.0),
                    notice.last_error,
                    notice.ended_at.map(|at| at.0),
                ],
            )
            .at(&self.path)?;
        Ok(added == 1)
    }

    /// Writes down what became of a notice: state, attempts, moments and the last failure.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn update_notice(&self, notice: &OutboxNotice) -> Result<(), JournalError> {
        self.connection
            .execute(
                "UPDATE notices SET state = ?2, attempts = ?3, next_at = ?4, held_until = ?5, last_error = ?6,
                 ended_at = ?7 WHERE id = ?1",
                params![
                    notice.id,
                    notice.state.word(),
                    notice.attempts,
                    notice.next_at.0,
                    notice.held_until.map(|at| at.0),
                    notice.last_error,
                    notice.ended_at.map(|at| at.0),
                ],
            )
            .at(&self.path)
            .map(drop)
    }

    /// The notices of a profile that are not delivered yet, oldest first.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn waiting_notices(&self, profile: &str) -> Result<Vec<OutboxNotice>, JournalError> {
        self.notices_where(
            "profile = ?1 AND state = 'waiting' ORDER BY made_at, id LIMIT ?2",
            profile,
            i64::MAX,
        )
    }

    /// The newest notices of all profiles, newest first. Nothing where an older program wrote the index.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn latest_notices(&self, most: u32) -> Result<Vec<OutboxNotice>, JournalError> {
        self.notices_where("?1 = '' ORDER BY made_at DESC, id LIMIT ?2", "", i64::from(most))
    }

    fn notices_where(
        &self,
        condition: &str,
        profile: &str,
        most: i64,
    ) -> Result<Vec<OutboxNotice>, JournalError> {
        if !self.has_table("notices")? {
            return Ok(Vec::new());
        }
        let mut select = self
            .connection
            .prepare(&format!("SELECT {COLUMNS} FROM notices WHERE {condition}"))
            .at(&self.path)?;
        let rows = select.query_map(params![profile, most], notice_of).at(&self.path)?;
        rows.collect::<Result<_, _>>().at(&self.path)
    }
}

fn notice_of(row: &Row<'_>) -> Result<OutboxNotice, rusqlite::Error> {
    Ok(OutboxNotice {
        id: row.get(0)?,
        run: row.get(1)?,
        kind: row.get(2)?,
        detail: row.get(3)?,
        profile: row.get(4)?,
        channel: row.get(5)?,
        facts: row.get(6)?,
        made_at: UnixMillis(row.get(7)?),
        state: OutboxState::parse(&row.get::<_, String>(8)?),
        attempts: row.get(9)?,
        next_at: UnixMillis(row.get(10)?),
        held_until: row.get::<_, Option<i64>>(11)?.map(UnixMillis),
        last_error: row.get(12)?,
        ended_at: row.get::<_, Option<i64>>(13)?.map(UnixMillis),
    })
}
