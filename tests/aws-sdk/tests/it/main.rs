//! AWS's SDK for Rust against the gateway of a replay, in process and over loopback.

mod moto;
mod replays;
mod scene;
