//! Options of the simulated tenant.
//!
//! Owns their names and defaults. Must never start it.

use clap::Args;

use crate::model::settings::HelpHeading;

const INPUT: &str = HelpHeading::Input.shown();

#[derive(Debug, Args)]
#[command(next_help_heading = INPUT)]
pub(crate) struct SimulateOptions {
    /// Listen on this loopback address
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8800")]
    pub listen: std::net::SocketAddr,
    /// Simulate this many devices
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    pub devices: u32,
    /// Seed every random choice, to repeat a simulation exactly
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Keep this share of the devices offline, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    pub offline_percent: f64,
    /// Fail this share of the requests, in percent, spread evenly over 12 kinds of fault
    ///
    /// Each fault is one request. Later effects do not count: a timeout while no answer comes, an action
    /// that is applied late, or a 429 because another tool used up the hour.
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0)]
    pub fault_percent: f64,
}
