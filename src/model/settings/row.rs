//! The shape of a row.
//!
//! Owns the types of the table's columns. Must never hold a setting.

/// One setting: every name it has, what it takes and what it does.
///
/// ```
/// use sortie::model::settings::pace;
/// assert_eq!(pace::PER_HOUR.job_key, Some("limits.per_hour"));
/// assert_eq!(pace::PER_HOUR.flags[0].long, "per-hour");
/// ```
#[derive(Debug)]
pub struct SettingSpec {
    /// The name in listings and in `--format json`.
    pub name: &'static str,
    /// The flags that set it; several for a setting whose words are flags.
    pub flags: &'static [SettingFlag],
    /// Environment variables that set it, strongest first.
    pub variables: &'static [&'static str],
    /// The key in a YAML job, as a path: `limits.per_hour`.
    pub job_key: Option<&'static str>,
    /// A second key in a YAML job that takes the value alone: `secrets: capture`.
    pub job_key_short: Option<&'static str>,
    /// The key in a profile of the configuration.
    pub profile_key: Option<&'static str>,
    /// What it takes.
    pub kind: SettingKind,
    /// The default, in words where it depends on the job; empty for none.
    pub default: &'static str,
    /// The heading under which help lists it.
    pub heading: HelpHeading,
    /// Which commands take its flags.
    pub group: FlagGroup,
    /// What it does, in the imperative, without its default and its variables: help adds them.
    pub help: &'static str,
    /// The short help lists it too: people need it in their daily work.
    pub is_daily: bool,
    /// Listings show where the value comes from, and never the value.
    pub is_secret: bool,
    /// The values of all sources count together; otherwise the strongest source alone counts.
    pub is_union: bool,
}

/// One flag of a setting.
#[derive(Debug)]
pub struct SettingFlag {
    /// The flag without its dashes. It is also the id of the argument.
    pub long: &'static str,
    /// The flag of one letter.
    pub short: Option<char>,
    /// What help calls the value; `None` for a flag without a value.
    pub value: Option<&'static str>,
    /// The word that a flag without a value means; `None` for `true`.
    pub word: Option<&'static str>,
    /// Help for this flag where the help of the setting does not fit.
    pub help: Option<&'static str>,
    /// Flags that cannot be given together with this one.
    pub conflicts: &'static [&'static str],
    /// A flag without which this one has no meaning.
    pub requires: Option<&'static str>,
}

/// What a setting takes. Durations are milliseconds. Limits marked "in jobs" do not hold for flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// `true` or `false`; on the command line a flag without a value.
    Switch,
    /// How often a flag is given.
    Repeats,
    /// A whole number.
    Count {
        /// Smallest number.
        least: u32,
        /// Largest number in jobs.
        most: u32,
        /// Largest number on the command line.
        most_of_flag: u32,
    },
    /// A whole number of 64 bits.
    Number,
    /// A number with its unit.
    Duration {
        /// Shortest, in jobs.
        least_ms: u64,
        /// Longest, in jobs.
        most_ms: u64,
    },
    /// A duration above zero or, in jobs, a moment with its offset.
    DurationOrMoment {
        /// Longest duration, in jobs.
        most_ms: u64,
    },
    /// A number of tasks or a share in percent.
    CountOrShare,
    /// Numbers of devices or shares in percent, each reaching more devices than those before it.
    WaveEnds {
        /// Most waves, in jobs.
        items_max: usize,
    },
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words, each once.
    Words(&'static [&'static str]),
    /// Free text.
    Text,
    /// A file or a directory.
    Path,
    /// Public keys of age.
    Keys {
        /// Most keys.
        items_max: usize,
    },
    /// Names, each once: letters, digits, `-` and `_`.
    Names {
        /// Most names.
        items_max: usize,
    },
    /// Days, hours and a time zone.
    Window,
    /// What to do while another run is in progress.
    IfRunning,
}

/// The headings of help and of the documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HelpHeading {
    /// What job is read, and how.
    Input,
    /// Which devices are touched.
    Targets,
    /// Which tenant, and with which token.
    Tenant,
    /// What keeps a mistake small.
    Safety,
    /// How fast requests leave.
    Pace,
    /// How commands are followed.
    Following,
    /// What is written, and where.
    Output,
    /// What every command takes.
    Global,
}

impl HelpHeading {
    /// The heading as help shows it.
    #[must_use]
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Input => "Input",
            Self::Targets => "Targets",
            Self::Tenant => "Tenant",
            Self::Safety => "Safety",
            Self::Pace => "Pace",
            Self::Following => "Following",
            Self::Output => "Output",
            Self::Global => "Global",
        }
    }
}

/// Flags that commands take together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagGroup {
    /// No flag: the setting is for files only.
    None,
    /// Every command.
    Global,
    /// Commands that reach a tenant.
    Tenant,
    /// Commands that read a job or name its devices.
    Tenants,
    /// Commands that send, a resume included.
    Pace,
    /// Commands that make a plan.
    Plan,
    /// Commands that make a plan, for its text and its reports.
    Purpose,
    /// Commands that make a plan or write reports, for the form of the reports.
    Report,
    /// Commands that start a run, or let one go on.
    Start,
    /// Commands that follow a run to its end.
    Ending,
}

impl SettingSpec {
    /// A row without names, to be completed.
    pub(super) const BLANK: Self = Self {
        name: "",
        flags: &[],
        variables: &[],
        job_key: None,
        job_key_short: None,
        profile_key: None,
        kind: SettingKind::Switch,
        default: "",
        heading: HelpHeading::Global,
        group: FlagGroup::None,
        help: "",
        is_daily: false,
        is_secret: false,
        is_union: false,
    };

    /// The last part of the key in a job, by which diagnostics call the setting.
    #[must_use]
    pub fn job_word(&self) -> &'static str {
        self.job_key.map_or(self.name, |key| key.rsplit('.').next().unwrap_or(key))
    }

    /// What it takes, in a few words with its unit and range.
    #[must_use]
    pub fn takes(&self) -> String {
        match self.kind {
            SettingKind::Switch => "true or false".to_owned(),
            SettingKind::Repeats => "repeatable".to_owned(),
            SettingKind::Count { least, most: u32::MAX, .. } => format!("number, at least {least}"),
            SettingKind::Count { least, most, .. } => format!("number from {least} to {most}"),
            SettingKind::Number => "number".to_owned(),
            SettingKind::Duration { .. } => "duration".to_owned(),
            SettingKind::DurationOrMoment { .. } => "duration, or in a job a time".to_owned(),
            SettingKind::CountOrShare => "number or share".to_owned(),
            SettingKind::WaveEnds { .. } => "list of numbers or shares".to_owned(),
            SettingKind::Word(words) => words.join(", "),
            SettingKind::Words(words) => format!("some of {}", words.join(", ")),
            SettingKind::Text => "text".to_owned(),
            SettingKind::Path => "path".to_owned(),
            SettingKind::Keys { .. } => "list of public keys of age".to_owned(),
            SettingKind::IfRunning => "fail, skip, wait or wait=DURATION".to_owned(),
            SettingKind::Names { .. } => "list of names".to_owned(),
            SettingKind::Window => "map of days, from, to, timezone".to_owned(),
        }
    }
}

impl SettingFlag {
    /// A flag with a value.
    pub(super) const fn value(long: &'static str, value: &'static str) -> Self {
        Self { value: Some(value), ..Self::switch(long) }
    }

    /// A flag without a value.
    pub(super) const fn switch(long: &'static str) -> Self {
        Self {
            long,
            short: None,
            value: None,
            word: None,
            help: None,
            conflicts: &[],
            requires: None,
        }
    }

    /// The flag with a letter.
    pub(super) const fn short(self, letter: char) -> Self {
        Self { short: Some(letter), ..self }
    }

    /// The flag, refused beside others.
    pub(super) const fn against(self, conflicts: &'static [&'static str]) -> Self {
        Self { conflicts, ..self }
    }

    /// The flag, refused without another.
    pub(super) const fn with(self, requires: &'static str) -> Self {
        Self { requires: Some(requires), ..self }
    }

    /// A flag without a value that means a word.
    pub(super) const fn meaning(self, word: &'static str, help: &'static str) -> Self {
        Self { word: Some(word), help: Some(help), ..self }
    }
}

/// Declares the rows of one heading and lists them in `ROWS`.
macro_rules! rows {
    ($heading:ident: $($(#[$doc:meta])* $id:ident { $($field:tt)* })*) => {
        $(
            $(#[$doc])*
            pub static $id: $crate::model::settings::SettingSpec =
                $crate::model::settings::SettingSpec {
                    heading: $crate::model::settings::HelpHeading::$heading,
                    $($field)*
                    ..$crate::model::settings::SettingSpec::BLANK
                };
        )*
        /// The rows of this heading.
        pub static ROWS: &[&$crate::model::settings::SettingSpec] = &[$(&$id),*];
    };
}
