//! The figures of cheap following: what it costs to learn the ends of 2,000 restarts, and how soon they are
//! known.
//!
//! Owns the comparison with plain polling. Read the figures with
//! `cargo test --test it -- following --nocapture`. Must never wait for the wall clock: eight hours pass in
//! virtual time.

use crate::rig::{
    HOUR_MS, MINUTE_MS, Ran, SECOND_MS, START, Scene, add_device, empty_world, play,
    policy_with_wait, task_with,
};
use sortie::model::{CommandStatus, Event, Outcome, UnixMillis};
use sortie::simulator::{CheckIn, DeviceKind, Faults, NewDevice, Presence, Switches};
use std::ops::RangeInclusive;

/// Devices of the fleet.
const DEVICES: usize = 2_000;
/// Share of them that is offline when the job begins, in percent.
const OFFLINE_PERCENT: f64 = 15.0;
/// How long they are away.
const ABSENCE_MS: RangeInclusive<u64> = 30 * MINUTE_MS..=7 * HOUR_MS;
/// How long the job is followed.
const WAIT_MS: u64 = 8 * HOUR_MS;
/// Within this time of its coming back a device's end has to be known.
const SETTLED_WITHIN_MS: u64 = 10 * MINUTE_MS;
/// Share of the requests of plain polling that following may take, in percent.
const SHARE_PERCENT_MAX: f64 = 22.0;
/// Delays between the looks of plain polling, in seconds; the last one goes on.
const PLAIN_DELAYS_S: [u64; 9] = [2, 5, 10, 20, 40, 80, 160, 300, 300];

/// The restart of a fleet, and who of it was away.
struct Followed {
    ran: Ran,
    ids: Vec<String>,
    took_s: f64,
}

/// What following cost.
struct Figures {
    settled: usize,
    looks: u64,
    pages: u64,
    plain: u64,
    slowest_ms: u64,
    busiest_hour: usize,
    busiest_following_hour: usize,
}

impl Figures {
    fn following(&self) -> u64 {
        self.looks + self.pages
    }

    fn share_percent(&self) -> f64 {
        100.0 * self.following() as f64 / self.plain as f64
    }
}

/// The real time, to be printed and never judged.
#[expect(clippy::disallowed_methods, reason = "nothing that is asserted depends on it")]
fn real_now() -> std::time::Instant {
    std::time::Instant::now()
}

/// Restarts the fleet and follows that for eight hours. `gone` of the devices never come back.
fn follow(check_in: CheckIn, gone: usize) -> Followed {
    // Long histories of other commands only cost time here.
    let switches = Switches { check_in, background_commands_max: 4, ..Switches::default() };
    let mut world = empty_world(11, switches, Faults::latency());
    let devices: Vec<_> = (0..DEVICES)
        .map(|number| {
            let checked_in = START.0 - (1 + number as i64 % 40) * MINUTE_MS as i64;
            let device = NewDevice {
                last_check_in: Some(UnixMillis(checked_in)),
                ..NewDevice::new(DeviceKind::MacAppleSilicon)
            };
            add_device(&mut world, device)
        })
        .collect();
    let ids: Vec<String> = devices.iter().map(|device| device.id.as_str().to_owned()).collect();
    let away = world.take_offline(OFFLINE_PERCENT, &ABSENCE_MS);
    assert!((250..350).contains(&away.len()), "{} are away", away.len());
    for id in away.iter().take(gone) {
        world.set_presence(id, Presence::Offline);
    }
    let tasks = devices.into_iter().map(|device| task_with("restart", device, &[])).collect();
    let policy = policy_with_wait(WAIT_MS);
    let started = real_now();
    let ran = play(Scene { world, tasks, policy, happenings: Vec::new() });
    Followed { ran, ids, took_s: started.elapsed().as_secs_f64() }
}

/// Requests that plain polling would have made for a command that was accepted and ended so.
fn plain_looks(accepted_at: UnixMillis, ended_at: Option<UnixMillis>, until: UnixMillis) -> u64 {
    let mut delays_s = PLAIN_DELAYS_S.iter().copied();
    let mut delay_s = 0;
    let mut at = accepted_at;
    let mut looks = 0;
    loop {
        delay_s = delays_s.next().unwrap_or(delay_s);
        at = at.plus_ms(delay_s * SECOND_MS);
        if at > until {
            return looks;
        }
        looks += 1;
        if ended_at.is_some_and(|ended_at| ended_at <= at) {
            return looks;
        }
    }
}

/// Most requests in any 60 minutes.
fn busiest_hour(moments: &[UnixMillis]) -> usize {
    let mut first = 0;
    let mut most = 0;
    for (last, at) in moments.iter().enumerate() {
        while at.since(moments[first]) >= HOUR_MS as i64 {
            first += 1;
        }
        most = most.max(last - first + 1);
    }
    most
}

/// Measures a run, and fails where somebody waited too long.
fn measure(followed: &Followed) -> Figures {
    let ran = &followed.ran;
    let mut accepted: Vec<Option<UnixMillis>> = vec![None; DEVICES];
    let mut settled: Vec<Option<UnixMillis>> = vec![None; DEVICES];
    let mut last_sent = START;
    for entry in &ran.entries {
        match &entry.event {
            Event::Answered { task, .. } => accepted[task.at()] = Some(entry.at),
            Event::Settled { task, .. } => settled[task.at()] = Some(entry.at),
            Event::Intent { .. } => last_sent = entry.at,
            _ => {}
        }
    }
    let until = last_sent.plus_ms(WAIT_MS);
    let mut slowest_ms = 0;
    let mut plain = 0;
    for (place, id) in followed.ids.iter().enumerate() {
        let record = &ran.records[place];
        let ended_at = record.command.as_ref().and_then(|command| command.completed_at);
        let accepted_at = accepted[place].expect("every restart is accepted");
        plain += plain_looks(accepted_at, ended_at, until);
        let came_back = ran.with_world(|world| world.came_back_at(id));
        let is_in_time =
            |at: &UnixMillis| at.plus_ms(SETTLED_WITHIN_MS) <= until && *at >= accepted_at;
        if let Some(came_back) = came_back.filter(is_in_time) {
            let settled_at = settled[place].unwrap_or_else(|| panic!("{id} came back unseen"));
            slowest_ms = slowest_ms.max(settled_at.remaining_ms(came_back));
        }
        if record.outcome() == Outcome::Completed {
            let status = record.command.as_ref().map(|command| command.status);
            assert_eq!(status, Some(CommandStatus::Completed));
        }
    }
    let all: Vec<UnixMillis> = ran.arrived.iter().map(|arrived| arrived.at).collect();
    let gets = ran.arrived.iter().filter(|arrived| arrived.method == "GET");
    let following: Vec<UnixMillis> = gets.map(|arrived| arrived.at).collect();
    let figures = Figures {
        settled: settled.iter().flatten().count(),
        looks: ran.count(&["look"]),
        pages: ran.count(&["list"]),
        plain,
        slowest_ms,
        busiest_hour: busiest_hour(&all),
        busiest_following_hour: busiest_hour(&following),
    };
    assert_eq!(following.len() as u64, figures.following(), "every request is counted");
    figures
}

fn print(what: &str, followed: &Followed, figures: &Figures) {
    let settled = figures.settled;
    let following = figures.following();
    println!("{what}");
    println!("  settled                     {settled:>7} of {DEVICES}");
    println!("  slowest after coming back   {:>7} s", figures.slowest_ms / SECOND_MS);
    println!("  requests of following       {following:>7}");
    println!("    looks at one device       {:>7}", figures.looks);
    println!("    pages of the device list  {:>7}", figures.pages);
    println!("    per settled device        {:>7.1}", following as f64 / settled.max(1) as f64);
    println!("  plain polling would take    {:>7}", figures.plain);
    println!("  share of plain polling      {:>7.1} %", figures.share_percent());
    println!("  busiest 60 minutes          {:>7}", figures.busiest_hour);
    println!("    of that following at most {:>7}", figures.busiest_following_hour);
    let hours = followed.ran.ended_at.since(START) as f64 / HOUR_MS as f64;
    println!("  virtual hours               {hours:>7.1}");
    println!("  real seconds                {:>7.1}", followed.took_s);
}

/// What holds whatever moves the check-ins.
fn assert_in_time_and_within_the_hour(what: &str, figures: &Figures, settled: usize) {
    let per_hour = policy_with_wait(WAIT_MS).per_hour as usize;
    assert_eq!(figures.settled, settled, "{what}");
    assert!(figures.slowest_ms <= SETTLED_WITHIN_MS, "{what}: {} ms", figures.slowest_ms);
    assert!(figures.busiest_hour <= per_hour, "{what}: {}", figures.busiest_hour);
    assert!(figures.busiest_following_hour <= per_hour, "{what}");
}

/// When the last page of the device list was read.
fn last_page_at(followed: &Followed) -> Option<UnixMillis> {
    let is_page = |path: &str| path.starts_with("/api/v1/devices?");
    let mut arrived = followed.ran.arrived.iter().rev();
    arrived.find(|arrived| is_page(&arrived.path)).map(|arrived| arrived.at)
}

/// A fleet of all kinds of devices, so many percent of it away, followed for an hour: requests for each task.
fn mixed_requests_per_task(away_percent: f64) -> f64 {
    const TASKS: usize = 300;
    let mut world = empty_world(5, Switches::default(), Faults::latency());
    let kinds = [
        (DeviceKind::MacAppleSilicon, 53),
        (DeviceKind::IPhone, 15),
        (DeviceKind::IPad, 18),
        (DeviceKind::AppleTv, 5),
        (DeviceKind::Windows, 9),
    ];
    let kind_at = |number: usize| {
        let mut place = number * 37 % 100;
        kinds.iter().find(|(_, share)| {
            let is_it = place < *share;
            place = place.saturating_sub(*share);
            is_it
        })
    };
    let devices: Vec<_> = (0..TASKS)
        .map(|number| {
            let kind = kind_at(number).expect("the shares add up").0;
            let checked_in = UnixMillis(START.0 - (1 + number as i64 % 40) * MINUTE_MS as i64);
            let device = NewDevice { last_check_in: Some(checked_in), ..NewDevice::new(kind) };
            add_device(&mut world, device)
        })
        .collect();
    world.take_offline(away_percent, &ABSENCE_MS);
    let tasks = devices.into_iter().map(|device| task_with("daily-checkin", device, &[])).collect();
    let policy = policy_with_wait(HOUR_MS);
    let ran = play(Scene { world, tasks, policy, happenings: Vec::new() });
    let per_task = ran.arrived.len() as f64 / TASKS as f64;
    println!("300 mixed devices, {away_percent} % away, followed for an hour");
    println!("  requests per task           {per_task:>7.2}");
    println!("    looks at one device       {:>7}", ran.count(&["look"]));
    println!("    pages of the device list  {:>7}", ran.count(&["list"]));
    per_task
}

#[test]
fn a_mixed_fleet_costs_one_read_for_each_device_that_answers() {
    let awake = mixed_requests_per_task(0.0);
    assert!(awake < 2.0, "{awake:.2}");
    let tenth_away = mixed_requests_per_task(10.0);
    assert!(tenth_away < 2.6, "{tenth_away:.2}");
}

#[test]
fn following_a_fleet_costs_little_of_what_plain_polling_does() {
    let followed = follow(CheckIn::Agent, 0);
    let figures = measure(&followed);
    print("Check-ins of the agent show in the list", &followed, &figures);
    assert_in_time_and_within_the_hour("agent", &figures, DEVICES);
    assert!(figures.share_percent() <= SHARE_PERCENT_MAX, "{:.1} %", figures.share_percent());
}

#[test]
fn following_is_cheap_where_every_answer_moves_the_check_in_too() {
    let followed = follow(CheckIn::OnAnswer, 0);
    let figures = measure(&followed);
    print("Every answer shows in the list", &followed, &figures);
    assert_in_time_and_within_the_hour("on answer", &figures, DEVICES);
    assert!(figures.share_percent() <= SHARE_PERCENT_MAX, "{:.1} %", figures.share_percent());
}

#[test]
fn following_drops_a_useless_list_and_is_in_time_without_it() {
    let followed = follow(CheckIn::Never, 0);
    let figures = measure(&followed);
    print("Nothing shows in the list", &followed, &figures);
    assert_in_time_and_within_the_hour("never", &figures, DEVICES);
    assert!(figures.following() <= figures.plain, "{} requests", figures.following());
    let last_page_at = last_page_at(&followed).expect("the list was tried");
    let after_ms = last_page_at.remaining_ms(START);
    println!("  the list was given up after {:>7} minutes", after_ms / MINUTE_MS);
    assert!(after_ms < 2 * HOUR_MS, "the list is still read after {after_ms} ms");
}

#[test]
fn following_stays_cheap_when_some_devices_never_return() {
    let followed = follow(CheckIn::Agent, 40);
    let figures = measure(&followed);
    print("Forty devices never come back", &followed, &figures);
    assert_in_time_and_within_the_hour("some never", &figures, DEVICES - 40);
    assert!(figures.share_percent() <= SHARE_PERCENT_MAX, "{:.1} %", figures.share_percent());
    let pending = |record: &&sortie::model::TaskRecord| record.outcome() == Outcome::Pending;
    assert_eq!(followed.ran.records.iter().filter(pending).count(), 40);
    let waited_ms = followed.ran.ended_at.remaining_ms(START);
    assert!(waited_ms >= WAIT_MS, "the run left after {waited_ms} ms");
}
