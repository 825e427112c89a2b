//! The questions of `sortie init`.
//!
//! Owns their order and defaults; a question is asked again where its answer cannot be used. Must never show a token, and never
//! store one without a yes.

use std::path::Path;

use super::question::{ask, ask_hidden};
use crate::app::settings::{NewProfile, ProfileList, ProfileWishes, SecretKeys, is_profile_name};
use crate::app::{Recipients, has_keyring, is_yes};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::model::Sealed;
use crate::transport::{BaseUrlError, OtherHosts, Region, base_url_of, check_base_url};

/// How often a question is asked before it is given up.
const TRIES: u32 = 5;

/// What is known before the first question.
pub(crate) struct Known<'a> {
    /// The profiles that there are.
    pub list: &'a ProfileList,
    /// The configuration file.
    pub configuration: &'a Path,
}

/// What was asked for.
pub(crate) struct Answers {
    pub profile: NewProfile,
    pub wishes: ProfileWishes,
    /// The token, where it is to be stored in the profile's token file.
    pub token: Option<Sealed>,
}

/// Asks for everything that `given` leaves open.
pub(crate) fn ask_all(
    given: NewProfile,
    wishes: ProfileWishes,
    known: &Known<'_>,
) -> Result<Answers, Failure> {
    let mut answers = Answers { profile: given, wishes, token: None };
    let suggested = ask_address(&mut answers.profile)?;
    ask_name(&mut answers, &suggested, known)?;
    ask_token(&mut answers, known)?;
    if answers.profile.encrypt_to.is_empty() {
        answers.profile.encrypt_to = ask_keys()?;
    }
    if !answers.wishes.is_default {
        answers.wishes.is_default = match &known.list.default {
            None => confirmed("Use this profile by default? [Y/n] ", true)?,
            Some(old) if *old == answers.profile.name => true,
            Some(old) => confirmed(
                &format!("Use this profile by default, instead of '{old}'? [y/N] "),
                false,
            )?,
        };
    }
    Ok(answers)
}

/// Asks for the tenant, and returns the name that it suggests for the profile.
fn ask_address(profile: &mut NewProfile) -> Result<String, Failure> {
    for _ in 0..TRIES {
        let text = line("Subdomain or API address of the tenant, such as acme: ", None)?;
        if !text.contains(['.', ':', '/']) {
            match base_url_of(&text, Region::Us) {
                Ok(_) => {
                    profile.region = Some(ask_region()?);
                    profile.subdomain = Some(text.to_ascii_lowercase());
                    return Ok(text.to_ascii_lowercase());
                }
                Err(error) => say(&error.to_string()),
            }
            continue;
        }
        match check_base_url(&text, OtherHosts::Refuse) {
            Ok(checked) => {
                profile.base_url = Some(checked.url);
                return Ok(checked.tenant);
            }
            Err(BaseUrlError::UnknownHost { host }) => {
                let question =
                    format!("{host} is not a Kandji or Iru host. Send the token there? [y/N] ");
                if let (true, Ok(checked)) =
                    (confirmed(&question, false)?, check_base_url(&text, OtherHosts::Allow))
                {
                    profile.is_other_host_allowed = true;
                    profile.base_url = Some(checked.url);
                    return Ok(checked.tenant);
                }
            }
            Err(error) => say(&error.to_string()),
        }
    }
    Err(given_up("the tenant"))
}

fn ask_region() -> Result<String, Failure> {
    for _ in 0..TRIES {
        let region = line("Region, us or eu [us]: ", Some("us"))?.to_ascii_lowercase();
        if Region::parse(&region).is_some() {
            return Ok(region);
        }
        say("type us or eu");
    }
    Err(given_up("the region"))
}

fn ask_name(answers: &mut Answers, suggested: &str, known: &Known<'_>) -> Result<(), Failure> {
    if answers.profile.name.is_empty() {
        let suggested: String = suggested
            .chars()
            .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
            .collect();
        answers.profile.name = ask_new_name(&suggested)?;
    }
    let name = &answers.profile.name;
    if known.list.has(name) && !answers.wishes.is_replacement {
        if !confirmed(&format!("The profile '{name}' exists. Replace it? [y/N] "), false)? {
            return Err(Failure::new(Exit::Policy, "not confirmed")
                .state("the configuration was not changed"));
        }
        answers.wishes.is_replacement = true;
    }
    Ok(())
}

fn ask_new_name(suggested: &str) -> Result<String, Failure> {
    for _ in 0..TRIES {
        let name = line(&format!("Profile name [{suggested}]: "), Some(suggested))?;
        if is_profile_name(&name) {
            return Ok(name);
        }
        say("use letters, digits, '-' and '_'");
    }
    Err(given_up("the profile name"))
}

/// The places of a token; the keyring is one where there is none else.
fn token_places() -> String {
    let keyring = match has_keyring() {
        true => ", or in the keyring\n     (store it afterwards: sortie token set PROFILE)",
        false => "",
    };
    TOKEN_PLACES.replace("{keyring}", keyring)
}

const TOKEN_PLACES: &str = "\
Where is the API token?
  1  in a file (mode 0600)
  2  a command prints it, such as: op read op://IT/sortie/token
  3  in the environment: SORTIE_TOKEN together with SORTIE_BASE_URL{keyring}
Type 1, 2 or 3 [1]: ";

fn ask_token(answers: &mut Answers, known: &Known<'_>) -> Result<(), Failure> {
    let profile = &mut answers.profile;
    if profile.token_file.is_some() || profile.token_command.is_some() {
        return Ok(());
    }
    let places = token_places();
    for _ in 0..TRIES {
        match line(&places, Some("1"))?.as_str() {
            "1" => {
                let file = ask_token_file(&profile.name, known)?;
                if !Path::new(&file).exists() {
                    answers.token = ask_new_token()?;
                }
                profile.token_file = Some(file);
                return Ok(());
            }
            "2" => {
                profile.token_command = Some(line("Command that prints the token: ", None)?);
                return Ok(());
            }
            "3" => return Ok(()),
            _ => {}
        }
    }
    Err(given_up("the place of the token"))
}

fn ask_token_file(name: &str, known: &Known<'_>) -> Result<String, Failure> {
    let beside = known.configuration.with_file_name(format!("{name}.token"));
    let beside = std::path::absolute(&beside).unwrap_or(beside);
    let beside = beside.to_string_lossy().into_owned();
    let typed = line(&format!("Token file [{beside}]: "), Some(&beside))?;
    // No shell is there that would know what ~ means.
    let home = etcetera::home_dir().ok();
    let path = match (typed.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => std::path::absolute(&typed).unwrap_or_else(|_| (&typed).into()),
    };
    Ok(path.to_string_lossy().into_owned())
}

/// Asks for a token to store; `None` where the person stores it later.
fn ask_new_token() -> Result<Option<Sealed>, Failure> {
    let question = "The file does not exist. Type the token now to create it (mode 0600)? [y/N] ";
    if !confirmed(question, false)? {
        return Ok(None);
    }
    for _ in 0..TRIES {
        let token = ask_hidden("API token (not shown): ").ok_or_else(no_answer)?;
        if token.expose().is_some_and(|text| !text.trim().is_empty()) {
            return Ok(Some(token));
        }
    }
    Err(given_up("the token"))
}

fn ask_keys() -> Result<Vec<String>, Failure> {
    let question = "Age keys (age1...) that encrypt PINs, separated by spaces; Enter for none: ";
    for _ in 0..TRIES {
        let text = line(question, Some(""))?;
        let keys: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let known = SecretKeys { encrypt_to: Some(keys.clone()), single_key: true };
        match Recipients::of_configuration(&known) {
            Err(reason) => say(&Failure::from(reason).what),
            Ok(Some(recipients)) if recipients.texts().len() == 1 => {
                let question = "If this key is lost, every PIN is lost. Use one key? [y/N] ";
                if confirmed(question, false)? {
                    return Ok(keys);
                }
            }
            Ok(_) => return Ok(keys),
        }
    }
    Err(given_up("the keys"))
}

/// Asks for one line; where it is empty the default counts, and without one it is asked again.
fn line(question: &str, default: Option<&str>) -> Result<String, Failure> {
    for _ in 0..TRIES {
        let answer = ask(question).ok_or_else(no_answer)?;
        match (answer.trim(), default) {
            ("", Some(default)) => return Ok(default.to_owned()),
            ("", None) => {}
            (text, _) => return Ok(text.to_owned()),
        }
    }
    Err(given_up("an answer"))
}

fn confirmed(question: &str, default: bool) -> Result<bool, Failure> {
    let answer = ask(question).ok_or_else(no_answer)?;
    Ok(if answer.trim().is_empty() { default } else { is_yes(&answer) })
}

fn say(text: &str) {
    anstream::eprintln!("{}", super::printer::harmless(text));
}

fn given_up(what: &str) -> Failure {
    Failure::usage(format!("{what} was not given"))
        .state("the configuration was not changed")
        .next("give it as a flag:\n  sortie init --help")
}

fn no_answer() -> Failure {
    Failure::usage("interrupted").state("the configuration was not changed")
}
