//! The task machine of sortie on Temporal, for runs over many hosts.
//!
//! The same engine, codec and transport as `sortie` itself; Temporal owns durability, time and placement. A run is one *section* per
//! tenant, which coordinates *shards* of up to 100 tasks; each shard drives an engine whose calls are activities. A request for a task is an
//! activity with one attempt: when its worker is lost, the task is in doubt, as after a crash of `sortie`.
//!
//! | module | what it holds |
//! |---|---|
//! | [`shard_machine`], [`planned_call`], [`shard_sources`], [`outbox`], [`section_machine`], [`tenant_quota`], [`polls`] | the machines, pure |
//! | [`workflows`] | what Temporal replays |
//! | [`activities`], [`worker`] | what runs on workers |
//! | [`split`], [`client`] | from a plan to workflows, and what a client asks them |
//! | [`wire`], [`ids`] | what these tell each other, and how they are called |
//! | [`program`], [`cli`], [`commands`], [`connect`], [`jobs`], [`text`] | what an operator uses |

pub mod activities;
pub mod cli;
pub mod client;
pub mod commands;
pub mod connect;
pub mod ids;
pub mod jobs;
pub mod outbox;
pub mod planned_call;
pub mod polls;
pub mod program;
pub mod section_machine;
pub mod shard_machine;
pub mod shard_sources;
pub mod split;
pub mod tenant_quota;
pub mod text;
pub mod wire;
pub mod worker;
pub mod workflows;
