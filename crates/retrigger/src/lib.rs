//! Replay what triggered your Lambda, under the permissions it really had.

pub mod check;
