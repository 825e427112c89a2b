//! The screens of `runs`.

use super::screen;
use crate::fleet::Fleet;
use sortie::simulator::DeviceKind;

#[test]
fn the_list_of_runs_fits_the_terminal() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let job = fleet.job("restart", 0..3);
    fleet.bench.sortie(&["run", &job, "--wait", "0", "--confirm", "3", "--pending-ok"]).expect(0);
    screen(&fleet.bench, "runs", &["runs"], &[]);
}
