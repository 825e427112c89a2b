//! The screens of `runs`, `history` and `audit`.

use super::screen;
use crate::fleet::Fleet;
use crate::harness::{canned, serial};
use sortie::simulator::{DeviceKind, FaultMatcher, FaultMoment};

#[test]
fn lists_of_what_was_done_fit_the_terminal() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let refused = canned(400, "{\"error\":\"not today\"}", FaultMoment::BeforeApplying);
    fleet.tenant.script(FaultMatcher::action_on("restart", &fleet.ids[1]), refused);
    let job = fleet.job("restart", 0..3);
    let run = ["run", &job, "--wait", "0", "--confirm", "3", "--reason", "TICKET-7"];
    fleet.bench.sortie(&run).expect(7);
    fleet.bench.sortie(&["send", "blank-push", "--serial", &serial(1)]).expect(0);
    screen(&fleet.bench, "runs", &["runs"], &[]);
    screen(&fleet.bench, "history", &["history", &serial(1)], &[]);
    // How much of these fits depends on the names of the user and the host. Runs of one second have no order.
    let varying = [
        (r"(started|left)  .*", "$1  [run, who and what]"),
        (r"[0-9a-f]{16,}…", "[hash…]"),
        (r"\[run\] +\d+ entries +", "[run]  [entries]  "),
    ];
    screen(&fleet.bench, "audit", &["audit"], &varying);
    screen(&fleet.bench, "actions", &["actions"], &[]);
    screen(&fleet.bench, "devices", &["devices"], &[]);
}
