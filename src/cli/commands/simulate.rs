//! `sortie simulate`: a tenant to try things on.
//!
//! Owns its start and end. Serves loopback only.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::SimulateOptions;
use crate::cli::runtime::runtime;
use crate::cli::terminal::printer::Printer;
use crate::drive::{Clock, WallClock};
use crate::simulator::{Faults, FleetSpec, Switches, World, serve};

pub(crate) fn simulate(options: &SimulateOptions, printer: &Printer) -> Result<Exit, Failure> {
    for (flag, percent) in
        [("--offline-percent", options.offline_percent), ("--fault-percent", options.fault_percent)]
    {
        if !(0.0..=100.0).contains(&percent) {
            return Err(Failure::usage(format!("{flag} {percent} is not between 0 and 100")));
        }
    }
    let fleet = FleetSpec {
        devices: options.devices,
        seed: options.seed,
        offline_percent: options.offline_percent,
        ..FleetSpec::default()
    };
    let faults = if options.fault_percent > 0.0 {
        Faults::spread(options.fault_percent)
    } else {
        Faults::latency()
    };
    runtime()?.block_on(async {
        let world = World::new(&fleet, Switches::default(), faults, WallClock.now());
        let server = serve(options.listen, world).await.map_err(|error| {
            Failure::new(Exit::Unexpected, format!("cannot listen on {}: {error}", options.listen))
                .next("choose another address with --listen 127.0.0.1:PORT")
        })?;
        printer.data(&format!(
            "export SORTIE_BASE_URL={}\nexport SORTIE_TOKEN={}",
            server.base_url(),
            server.token
        ));
        printer.say(&format!(
            "{} simulated devices (seed {}); end with Ctrl-C",
            options.devices, options.seed
        ));
        // No client knows its address yet.
        if printer.has_lost_output() {
            server.shutdown().await;
            return Ok(Exit::Well);
        }
        // Without a way to hear the signal the default action of the system applies.
        let _ = tokio::signal::ctrl_c().await;
        server.shutdown().await;
        Ok(Exit::Well)
    })
}
