//! Clients, what they ask, and what a server does for them (8; thesis, 6).

pub mod ask;
pub mod client;
pub mod service;
pub mod workload;
