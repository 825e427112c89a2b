//! Every outcome of a command, on every platform, in virtual time.
//!
//! Owns the proof that each end is told for what it is: done, failed, not now, still pending, in doubt, and
//! that no PIN is lost on the way. Must never wait for the wall clock.

use crate::rig::{
    Happening, MINUTE_MS, Ran, SECOND_MS, START, Scene, add_device, by_another_tool, empty_world,
    play, policy_with_wait, task_with,
};
use sortie::kandji::{ACTIONS, ActionSpec};
use sortie::model::{
    CommandStatus, DeviceFacts, End, Event, MaxErrors, Outcome, PinOrigin, Platform, Policy,
    Repeat, Risk, SecretSource, Task, TaskRecord,
};
use sortie::simulator::{
    CannedAnswer, CommandEnd, CommandNames, CommandOrder, CommandTimes, DeviceKind, Erased,
    FaultKind, FaultMatcher, FaultMoment, Faults, ForeignCommands, LockAgain, NewDevice,
    PinVisible, Presence, SamePending, ScriptedFault, Switches, World,
};

const WAIT_MS: u64 = 60 * MINUTE_MS;
const NOT_NOW_MS: u64 = 5 * MINUTE_MS;

/// What becomes of a device's command.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum CommandOutcome {
    Completes,
    Fails,
    NotNowFirst,
    NotNowThroughout,
    NeverEnds,
    BackTooLate,
    BackInTime,
}

const COMMAND_OUTCOMES: [CommandOutcome; 7] = [
    CommandOutcome::Completes,
    CommandOutcome::Fails,
    CommandOutcome::NotNowFirst,
    CommandOutcome::NotNowThroughout,
    CommandOutcome::NeverEnds,
    CommandOutcome::BackTooLate,
    CommandOutcome::BackInTime,
];

impl CommandOutcome {
    fn put_on(self, device: NewDevice) -> NewDevice {
        let ends = |command_end| NewDevice { command_end, ..device.clone() };
        let away_ms = |ms| {
            let presence = Presence::OfflineUntil(START.plus_ms(ms));
            NewDevice { presence, command_end: CommandEnd::Completes, ..device.clone() }
        };
        match self {
            Self::Completes => ends(CommandEnd::Completes),
            Self::Fails => ends(CommandEnd::Fails),
            Self::NotNowFirst => ends(CommandEnd::NotNowFirst { ms: NOT_NOW_MS }),
            Self::NotNowThroughout => ends(CommandEnd::NotNowFirst { ms: 10 * WAIT_MS }),
            Self::NeverEnds => ends(CommandEnd::NeverEnds),
            Self::BackTooLate => away_ms(2 * WAIT_MS),
            Self::BackInTime => away_ms(20 * MINUTE_MS),
        }
    }

    /// How a task ends whose device reports it, and the last status of its command.
    fn expected(self) -> (Outcome, CommandStatus) {
        match self {
            Self::Completes | Self::NotNowFirst | Self::BackInTime => {
                (Outcome::Completed, CommandStatus::Completed)
            }
            Self::Fails => (Outcome::Failed, CommandStatus::Failed),
            Self::NotNowThroughout => (Outcome::NotNow, CommandStatus::NotNow),
            Self::NeverEnds => (Outcome::Pending, CommandStatus::Running),
            Self::BackTooLate => (Outcome::Pending, CommandStatus::Pending),
        }
    }
}

fn switches() -> Switches {
    Switches { background_commands_max: 5, ..Switches::default() }
}

fn policy() -> Policy {
    Policy { max_errors: MaxErrors::Count(10_000), ..policy_with_wait(WAIT_MS) }
}

/// Every action that changes something, with every platform that the table supports it on.
fn pairs() -> impl Iterator<Item = (&'static ActionSpec, Platform)> {
    let changing = ACTIONS.into_iter().filter(|action| action.risk != Risk::Read);
    changing.flat_map(|action| action.platforms.iter().map(move |platform| (action, *platform)))
}

fn kind_for(action: &ActionSpec, platform: Platform) -> DeviceKind {
    match (action.name, platform) {
        ("delete-user", Platform::IPad) => DeviceKind::SharedIPad,
        _ => DeviceKind::of_platform(platform),
    }
}

/// A device on which the action has something to do.
fn device_for(action: &ActionSpec, platform: Platform) -> NewDevice {
    let needs_lost_mode =
        ["disable-lost-mode", "cancel-lost-mode", "play-lost-mode-sound", "update-location"];
    let is_in_lost_mode = needs_lost_mode.contains(&action.name);
    NewDevice { is_in_lost_mode, ..NewDevice::new(kind_for(action, platform)) }
}

/// The task with the least parameters that the action needs.
fn least(action: &str, device: DeviceFacts) -> Task {
    let given: &[(&str, &str)] = match action {
        "set-name" => &[("DeviceName", "Studio 7")],
        "remote-desktop" => &[("EnableRemoteDesktop", "true")],
        "delete-user" | "unlock-account" => &[("UserName", "admin")],
        "refresh-esim" => &[("eSIMServerURL", "https://esim.example.com")],
        "data-roaming" | "personal-hotspot" => &[("Enabled", "true")],
        "update-device" => &[("asset_tag", "1040")],
        "reset-work-profile-passcode" => &[("resetPasswordFlags", "LOCK_NOW")],
        _ => &[],
    };
    task_with(action, device, given)
}

/// A tenant under construction, with its tasks.
struct Stage {
    world: World,
    tasks: Vec<Task>,
    happenings: Vec<Happening>,
}

impl Stage {
    fn new(switches: Switches) -> Self {
        let world = empty_world(3, switches, Faults::latency());
        Self { world, tasks: Vec::new(), happenings: Vec::new() }
    }

    fn add(&mut self, action: &str, device: NewDevice) -> String {
        let device = add_device(&mut self.world, device);
        let id = device.id.as_str().to_owned();
        self.tasks.push(least(action, device));
        id
    }

    fn add_mac(&mut self, action: &str) -> String {
        self.add(action, NewDevice::new(DeviceKind::MacAppleSilicon))
    }

    fn fault(&mut self, kind_of_request: &str, id: &str, kind: FaultKind) {
        let matcher = FaultMatcher::action_on(kind_of_request, id);
        self.world.faults_mut().script.push(ScriptedFault { matcher, kind });
    }

    fn play(self) -> Ran {
        let Self { world, tasks, happenings } = self;
        play(Scene { world, tasks, policy: policy(), happenings })
    }
}

fn texts(record: &TaskRecord) -> Vec<String> {
    let exposed = |held: &sortie::model::HeldPin| held.pin.expose().expect("in clear").to_owned();
    record.pins.iter().map(exposed).collect()
}

fn assert_seen(what: &str, record: &TaskRecord, command_outcome: CommandOutcome) {
    let (outcome, status) = command_outcome.expected();
    assert_eq!(record.outcome(), outcome, "{what}: {record:?}");
    let command = record.command.as_ref().unwrap_or_else(|| panic!("{what}: no command"));
    assert_eq!(command.status, status, "{what}");
    assert_eq!(command.uuid.len(), 36, "{what}");
    if outcome == Outcome::Completed {
        assert!(command.completed_at.is_some(), "{what}");
        assert_eq!(record.completed_at, command.completed_at, "{what}");
        let at = record.completed_at.expect("just seen");
        assert!(
            command_outcome != CommandOutcome::BackInTime || at > START.plus_ms(20 * MINUTE_MS),
            "{what}: {at}"
        );
        assert!(
            command_outcome != CommandOutcome::NotNowFirst || at > START.plus_ms(NOT_NOW_MS),
            "{what}: {at}"
        );
    }
    if outcome == Outcome::Failed {
        assert!(record.reason.starts_with("The device could not carry out"), "{what}: {record:?}");
    }
}

/// What the table promises for an action on a platform comes true with this command_outcome.
fn assert_outcome(what: &str, task: &Task, record: &TaskRecord, command_outcome: CommandOutcome) {
    match &task.end {
        End::Acceptance { why } => {
            assert_eq!(record.outcome(), Outcome::Accepted, "{what}: {record:?}");
            // The report gives it as the reason.
            assert!(!why.is_empty(), "{what}: accepted, and nobody says why");
        }
        End::Recorded => {
            assert_eq!(record.outcome(), Outcome::Completed, "{what}: {record:?}");
        }
        End::Gone => {
            assert_eq!(record.outcome(), Outcome::Completed, "{what}: {record:?}");
            assert!(record.reason.contains("no longer in the tenant"), "{what}: {}", record.reason);
        }
        End::State(_) => {
            assert_eq!(record.outcome(), Outcome::Completed, "{what}: {record:?}");
            assert_eq!(record.reason, "Device is not in lost mode.", "{what}");
        }
        // The list may show the new name before the history shows that the command is done.
        End::Command { or_named: Some(name), .. }
            if record.reason == format!("the device has the name '{name}'") =>
        {
            assert_eq!(Outcome::Completed, command_outcome.expected().0, "{what}: {record:?}");
            assert_eq!(record.outcome(), Outcome::Completed, "{what}: {record:?}");
        }
        End::Command { .. } => assert_seen(what, record, command_outcome),
        End::Answer => panic!("{what}: not a change"),
    }
}

fn play_all(switches: Switches, command_outcomes: &[CommandOutcome]) {
    let how = format!("{switches:?}");
    let mut stage = Stage::new(switches);
    let mut expected = Vec::new();
    for (action, platform) in pairs() {
        for command_outcome in command_outcomes {
            let device = command_outcome.put_on(device_for(action, platform));
            stage.add(action.name, device);
            expected.push((
                format!("{} on {platform}, {command_outcome:?}", action.name),
                *command_outcome,
            ));
        }
    }
    let tasks = stage.tasks.clone();
    let ran = stage.play();
    // Each target of an irreversible request is read again once, and no other.
    let irreversible = tasks.iter().filter(|task| task.risk == Risk::Irreversible).count();
    assert_eq!(ran.count(&["recheck"]), irreversible as u64, "{how}");
    for (((what, command_outcome), task), record) in expected.iter().zip(&tasks).zip(&ran.records) {
        assert_outcome(&format!("{what} ({how})"), task, record, *command_outcome);
        ran.with_world(|world| {
            assert_eq!(world.ledger().count(task.device.id.as_str(), &task.action), 1, "{what}");
        });
    }
    assert!(expected.len() >= 40 * command_outcomes.len(), "only {} cases", expected.len());
}

#[test]
fn every_command_outcome_is_reported_on_every_platform() {
    play_all(switches(), &COMMAND_OUTCOMES);
}

#[test]
fn inferred_tenant_behavior_changes_no_command_outcome() {
    let command_outcomes =
        [CommandOutcome::Completes, CommandOutcome::Fails, CommandOutcome::NotNowFirst];
    for switches in [
        Switches { command_names: CommandNames::House, ..switches() },
        Switches { command_order: CommandOrder::Descending, ..switches() },
        Switches { command_times: CommandTimes::Offset, ..switches() },
        Switches { command_times: CommandTimes::Zulu, ..switches() },
        Switches { foreign_commands: ForeignCommands::BadRequest, ..switches() },
        Switches { foreign_commands: ForeignCommands::NotFound, ..switches() },
        Switches { background_percent: 100.0, ..switches() },
        Switches { command_visible_after_ms: 30_000, ..switches() },
    ] {
        if switches.command_visible_after_ms > 0 {
            // What the history does not show yet may be shown by the record first.
            let mut stage = Stage::new(switches);
            stage.add_mac("restart");
            assert_seen("late", &stage.play().records[0], CommandOutcome::Completes);
            continue;
        }
        play_all(switches, &command_outcomes);
    }
}

#[test]
fn a_command_is_found_in_a_history_of_many_pages() {
    for command_order in [CommandOrder::Ascending, CommandOrder::Descending] {
        let switches = Switches { background_commands_max: 1_500, command_order, ..switches() };
        let mut stage = Stage::new(switches);
        for _ in 0..8 {
            stage.add_mac("restart");
        }
        for record in &stage.play().records {
            assert_seen(&format!("{command_order:?}"), record, CommandOutcome::Completes);
        }
    }
}

#[test]
fn a_rename_is_seen_at_the_name_where_the_history_shows_nothing() {
    let hidden = Switches { command_visible_after_ms: 10 * WAIT_MS, ..switches() };
    let mut stage = Stage::new(hidden);
    stage.add_mac("set-name");
    stage.add("set-name", CommandOutcome::BackInTime.put_on(NewDevice::new(DeviceKind::IPad)));
    stage.add("set-name", CommandOutcome::BackTooLate.put_on(NewDevice::new(DeviceKind::IPad)));
    let ran = stage.play();
    for record in &ran.records[..2] {
        assert_eq!(record.outcome(), Outcome::Completed, "{record:?}");
        assert_eq!(record.reason, "the device has the name 'Studio 7'");
    }
    assert_eq!(ran.records[2].outcome(), Outcome::Pending);
}

#[test]
fn an_erase_is_seen_by_its_command_a_404_or_a_new_enrollment() {
    for (erased, erase_acknowledged, reason) in [
        (Erased::RecordStays, true, ""),
        (Erased::Gone, true, "the device is no longer in the tenant"),
        (Erased::Gone, false, "the device is no longer in the tenant"),
        (Erased::Reenrols, true, ""),
        (Erased::Reenrols, false, "the device enrolled again at"),
    ] {
        let switches = Switches { erased, erase_acknowledged, ..switches() };
        let mut stage = Stage::new(switches);
        for kind in [DeviceKind::MacAppleSilicon, DeviceKind::IPad, DeviceKind::IPhone] {
            stage.add("erase", NewDevice::new(kind));
        }
        for record in &stage.play().records {
            let what = format!("{erased:?}, acknowledged: {erase_acknowledged}: {record:?}");
            assert_eq!(record.outcome(), Outcome::Completed, "{what}");
            assert!(record.reason.starts_with(reason), "{what}");
        }
    }
    // The control: without any of the three the end is not known.
    let silent = Switches { erase_acknowledged: false, ..switches() };
    let mut stage = Stage::new(silent);
    stage.add_mac("erase");
    assert_eq!(stage.play().records[0].outcome(), Outcome::Pending);
}

#[test]
fn of_two_commands_that_fit_both_have_to_be_done() {
    let mut stage = Stage::new(Switches { same_pending: SamePending::Accepted, ..switches() });
    let mac = CommandOutcome::NotNowFirst.put_on(NewDevice::new(DeviceKind::MacAppleSilicon));
    let id = stage.add("restart", mac);
    let second_ms = 2 * MINUTE_MS;
    stage.happenings.push(Happening::new(second_ms, move |world, now| {
        let path = format!("/api/v1/devices/{id}/action/restart");
        assert_eq!(by_another_tool(world, now, &path, "").status, 200);
    }));
    let ran = stage.play();
    let record = &ran.records[0];
    assert_eq!(record.outcome(), Outcome::Completed);
    assert_eq!(record.reason, "ambiguous: 2 commands match by type and time");
    let settled_at = ran.settled_at(0).expect("it is settled");
    assert!(settled_at >= START.plus_ms(second_ms + NOT_NOW_MS), "settled at {settled_at}");
}

/// Sends every `Once` action with this fault and says how each came out.
fn in_doubt(fault: &FaultKind) -> Vec<(String, Task, TaskRecord, u32, usize)> {
    let mut stage = Stage::new(switches());
    let once = pairs().filter(|(action, _)| action.repeat == Repeat::Once);
    let mut names = Vec::new();
    for (action, platform) in once {
        let id = stage.add(action.name, device_for(action, platform));
        stage.fault(action.name, &id, fault.clone());
        names.push(format!("{} on {platform}, {fault:?}", action.name));
    }
    let tasks = stage.tasks.clone();
    let ran = stage.play();
    let cases = names.into_iter().zip(tasks).enumerate();
    cases
        .map(|(at, (what, task))| {
            let id = task.device.id.as_str();
            let count = ran.with_world(|world| world.ledger().count(id, &task.action));
            let absent = |(_, event): &(_, &Event)| matches!(event, Event::Absent { .. });
            let absences = ran.events(at).into_iter().filter(absent).count();
            (what, task, ran.records[at].clone(), count, absences)
        })
        .collect()
}

#[test]
fn an_applied_request_without_answer_is_found_where_visible() {
    for fault in [FaultKind::CloseAfter, FaultKind::Hang, FaultKind::LateApply { after_ms: 20_000 }]
    {
        let cases = in_doubt(&fault);
        assert!(cases.len() > 8, "{}", cases.len());
        for (what, task, record, count, _) in cases {
            assert_eq!(count, 1, "{what}: sent again");
            let expected = match task.end {
                End::Acceptance { .. } => Outcome::InDoubt,
                _ => Outcome::Completed,
            };
            assert_eq!(record.outcome(), expected, "{what}: {record:?}");
        }
    }
}

#[test]
fn a_request_without_a_trace_stays_in_doubt_with_evidence() {
    for (what, task, record, count, absences) in in_doubt(&FaultKind::CloseBefore) {
        assert_eq!((count, record.attempts), (0, 1), "{what}: sent again");
        assert_eq!(record.outcome(), Outcome::InDoubt, "{what}: {record:?}");
        let has_trace = !matches!(task.end, End::Acceptance { .. });
        assert_eq!(absences, if has_trace { 3 } else { 0 }, "{what}");
        assert_eq!(record.reason.contains("; not found: "), has_trace, "{what}: {}", record.reason);
    }
}

#[test]
fn the_pin_of_a_lock_is_verified_once_the_mac_has_taken_it() {
    let mut stage = Stage::new(switches());
    let ids: Vec<String> = (0..40).map(|_| stage.add_mac("lock")).collect();
    let ran = stage.play();
    let mut with_zero = 0;
    for (id, record) in ids.iter().zip(&ran.records) {
        assert_eq!(record.outcome(), Outcome::Completed, "{}", record.reason);
        let issued = ran.with_world(|world| world.ledger().pins(id));
        assert_eq!(texts(record), issued);
        assert_eq!(record.pins[0].origin, PinOrigin::Answer);
        assert!(record.pins[0].is_verified);
        with_zero += usize::from(issued[0].starts_with('0'));
    }
    assert!(with_zero > 0, "no PIN begins with a zero: the test shows nothing about them");
}

#[test]
fn a_pin_whose_answer_was_lost_is_recovered() {
    for fault in [FaultKind::CloseAfter, FaultKind::Truncate, FaultKind::Hang] {
        let mut stage = Stage::new(switches());
        let id = stage.add_mac("lock");
        stage.fault("lock", &id, fault);
        let ran = stage.play();
        let record = &ran.records[0];
        let issued = ran.with_world(|world| world.ledger().pins(&id));
        assert_eq!((record.outcome(), texts(record)), (Outcome::Completed, issued));
        assert_eq!(record.pins[0].origin, PinOrigin::Recovered);
        assert!(record.pins[0].is_verified);
    }
}

#[test]
fn a_pin_that_differs_is_reported_and_both_are_kept() {
    let mut stage = Stage::new(Switches { lock_again: LockAgain::NewPin, ..switches() });
    let mac = CommandOutcome::BackInTime.put_on(NewDevice::new(DeviceKind::MacAppleSilicon));
    let id = stage.add("lock", mac);
    let device = id.clone();
    stage.happenings.push(Happening::new(MINUTE_MS, move |world, now| {
        let path = format!("/api/v1/devices/{device}/action/lock");
        assert_eq!(by_another_tool(world, now, &path, "").status, 200);
    }));
    // A locked Mac takes the second lock only when somebody has typed the PIN of the first.
    let device = id.clone();
    stage.happenings.push(Happening::new(30 * MINUTE_MS, move |world, _| world.unlock(&device)));
    let ran = stage.play();
    let record = &ran.records[0];
    assert_eq!(record.outcome(), Outcome::Completed, "{record:?}");
    let mut issued = ran.with_world(|world| world.ledger().pins(&id));
    issued.reverse();
    assert_eq!((issued.len(), texts(record)), (2, issued), "the tenant's newest first");
    assert!(record.reason.contains("both are kept"), "{}", record.reason);
}

#[test]
fn a_lock_without_any_pin_fails_and_says_so() {
    let hidden = Switches { pin_visible: PinVisible::Never, ..switches() };
    let mut stage = Stage::new(hidden.clone());
    let id = stage.add_mac("lock");
    stage.fault("lock", &id, FaultKind::CloseAfter);
    stage.add_mac("lock");
    let ran = stage.play();
    assert!(ran.records[0].is_pin_missing(), "{:?}", ran.records[0]);
    // With a PIN from the answer the same tenant only leaves it unverified.
    assert_eq!(ran.records[1].outcome(), Outcome::Completed);
    assert!(ran.records[1].reason.contains("unverified"), "{}", ran.records[1].reason);
    assert!(!ran.records[1].pins[0].is_verified);
}

/// The fault that a request for a device gets instead of an answer: this JSON, after it was applied.
fn answered(body: &str) -> FaultKind {
    let (headers, body) = (Vec::new(), body.as_bytes().to_vec());
    let moment = FaultMoment::AfterApplying;
    FaultKind::Canned(Box::new(CannedAnswer { status: 200, headers, body, moment }))
}

#[test]
fn a_pin_of_unusual_form_is_kept_and_never_verified_by_itself() {
    for (body, text, flaw) in [
        (r#"{"PIN":"1234"}"#, "1234", "has 4 digits instead of six"),
        (r#"{"PIN":"1234567"}"#, "1234567", "has 7 digits instead of six"),
        (r#"{"PIN":"letter"}"#, "letter", "is 6 letters instead of six digits"),
        (r#"{"PIN":"123 456"}"#, "123 456", "has 6 digits and 1 space instead of six digits"),
        (r#"{"PIN":["123456"]}"#, r#"["123456"]"#, "is a list instead of text"),
    ] {
        for pin_visible in [PinVisible::Never, PinVisible::AtOnce] {
            let is_shown = pin_visible != PinVisible::Never;
            let mut stage = Stage::new(Switches { pin_visible, ..switches() });
            let id = stage.add_mac("lock");
            stage.fault("lock", &id, answered(body));
            let ran = stage.play();
            let record = &ran.records[0];
            assert!(record.reason.contains(flaw), "{}", record.reason);
            assert_eq!(record.is_pin_missing(), !is_shown, "{body}: {record:?}");
            assert_eq!(texts(record).last().map(String::as_str), Some(text));
            let issued = ran.with_world(|world| world.ledger().pins(&id));
            let first = record.first_pin().and_then(|held| held.pin.expose());
            assert_eq!(first, is_shown.then_some(issued[0].as_str()), "{body}");
        }
    }
}

#[test]
fn a_placeholder_instead_of_a_pin_replaces_nothing() {
    for body in [r#"{"pin":"******"}"#, r#"{"pin":"N/A"}"#, r#"{"pin":" "}"#, r#"{"pin":"1234"}"#] {
        let mut stage = Stage::new(switches());
        let id = stage.add_mac("lock");
        stage.fault("get-unlock-pin", &id, answered(body));
        let ran = stage.play();
        let record = &ran.records[0];
        assert_eq!(record.outcome(), Outcome::Completed, "{body}: {record:?}");
        assert!(record.reason.starts_with("PIN unverified: the tenant's "), "{}", record.reason);
        let first = record.first_pin().expect("the answer brought it");
        let issued = ran.with_world(|world| world.ledger().pins(&id));
        assert_eq!(first.pin.expose(), Some(issued[0].as_str()), "{body}");
        assert_eq!((first.origin, first.is_verified), (PinOrigin::Answer, false), "{body}");
        assert_eq!(record.pins.len(), 2, "the text is kept");
    }
}

#[test]
fn a_token_that_may_not_read_pins_gives_a_note() {
    let denied = ["get-unlock-pin".to_owned()].into();
    let mut stage = Stage::new(Switches { denied, ..switches() });
    let ids = [stage.add_mac("lock"), stage.add_mac("lock")];
    let ran = stage.play();
    assert_eq!(ran.ended.progress.stop, None);
    for (id, record) in ids.iter().zip(&ran.records) {
        assert_eq!(record.outcome(), Outcome::Completed);
        assert!(record.reason.starts_with("PIN unverified: HTTP 403"), "{}", record.reason);
        assert_eq!(texts(record), ran.with_world(|world| world.ledger().pins(id)));
    }
}

#[test]
fn a_mac_that_is_already_locked_has_its_pin_read() {
    let mut stage = Stage::new(switches());
    let id = stage.add_mac("lock");
    let path = format!("/api/v1/devices/{id}/action/lock");
    assert_eq!(by_another_tool(&mut stage.world, START, &path, "").status, 200);
    stage.world.advance(START.plus_ms(MINUTE_MS));
    let ran = stage.play();
    let record = &ran.records[0];
    assert_eq!(record.outcome(), Outcome::AlreadyInEffect, "{record:?}");
    assert_eq!(texts(record), ran.with_world(|world| world.ledger().pins(&id)));
    assert_eq!(record.pins[0].origin, PinOrigin::Recovered);
}

#[test]
fn a_work_profile_passcode_is_reset_without_a_new_one() {
    let mut stage = Stage::new(switches());
    let device = NewDevice::new(DeviceKind::AndroidWorkProfile);
    let id = stage.add("reset-work-profile-passcode", device);
    let ran = stage.play();
    let record = &ran.records[0];
    assert_eq!(record.outcome(), Outcome::Accepted, "{record:?}");
    assert!(record.pins.is_empty() && !record.is_pin_missing(), "{record:?}");
    let bodies = ran.with_world(|world| world.ledger().accepted.clone());
    let body = &bodies.iter().find(|accepted| accepted.device_id == id).expect("accepted").body;
    assert_eq!(body, r#"{"resetPasswordFlags":["LOCK_NOW"]}"#);
}

#[test]
fn the_pin_of_an_erase_is_that_of_the_request_that_was_taken() {
    let mut stage = Stage::new(switches());
    let id = stage.add_mac("erase");
    let headers = vec![("Retry-After", "2".to_owned())];
    let moment = FaultMoment::BeforeApplying;
    let canned = CannedAnswer { status: 429, headers, body: Vec::new(), moment };
    stage.fault("erase", &id, FaultKind::Canned(Box::new(canned)));
    stage.add("erase", NewDevice::new(DeviceKind::IPad));
    let ran = stage.play();
    let record = &ran.records[0];
    assert_eq!((record.outcome(), record.attempts), (Outcome::Completed, 2), "{record:?}");
    let pins = texts(record);
    assert_eq!(pins.len(), 1, "the PIN of the refused request was never set");
    assert_eq!(record.pins[0].origin, PinOrigin::Drawn);
    let bodies = ran.with_world(|world| world.ledger().accepted.clone());
    let body = &bodies.iter().find(|accepted| accepted.device_id == id).expect("accepted").body;
    assert!(body.contains(&format!("\"PIN\":\"{}\"", pins[0])), "another PIN was sent");
    assert!(ran.records[1].pins.is_empty(), "only Macs take a PIN");
}

#[test]
fn secrets_are_kept_before_an_erase_takes_them_away() {
    let mut stage = Stage::new(switches());
    let id = stage.add_mac("erase");
    stage.tasks[0].capture = SecretSource::ALL.to_vec();
    let ran = stage.play();
    let record = &ran.records[0];
    assert_eq!(record.outcome(), Outcome::Completed, "{record:?}");
    let names: Vec<&str> = record.secrets.iter().map(|secret| secret.name.as_str()).collect();
    assert_eq!(names, ["key", "user_based_albc", "device_based_albc", "recovery_password"]);
    let events = ran.events(0);
    let intent = events.iter().position(|(_, event)| matches!(event, Event::Intent { .. }));
    let read = events.iter().rposition(|(_, event)| matches!(event, Event::SecretsRead { .. }));
    assert!(read < intent, "read at {read:?}, sent at {intent:?}");
    let accepted_at = ran.with_world(|world| world.ledger().accepted[0].at);
    assert!(accepted_at.since(START) < 10 * SECOND_MS as i64, "{id} at {accepted_at}");
}

#[test]
fn nothing_is_erased_whose_secrets_may_not_be_read() {
    for denied in ["get-filevault-key", "get-bypass-code", "get-recovery-password"] {
        let mut stage = Stage::new(Switches { denied: [denied.to_owned()].into(), ..switches() });
        stage.add_mac("erase");
        stage.tasks[0].capture = SecretSource::ALL.to_vec();
        // The control: the same token erases where nothing is to be kept.
        stage.add_mac("erase");
        let ran = stage.play();
        assert_eq!(ran.records[0].outcome(), Outcome::Refused, "{denied}");
        assert_eq!(ran.records[0].attempts, 0, "{denied}");
        assert!(
            ran.records[0].reason.starts_with("not sent: cannot read and keep its "),
            "{denied}"
        );
        assert_eq!(ran.records[1].outcome(), Outcome::Completed, "{denied}");
        assert_eq!(ran.with_world(|world| world.ledger().count_all("erase")), 1, "{denied}");
    }
}
