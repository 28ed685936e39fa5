//! Where the merchant and the operator are: the HTTP API, keys, configuration and the command line.
//! The binary `bursar` is a thin `main` over this library.

pub mod app;

pub mod api;
pub mod auth;
pub mod json;
pub mod limits;
pub mod metrics;
pub mod openapi;
pub mod problem;
pub mod render;
pub mod request_id;

pub mod bench;
pub mod cli;
pub mod config;
pub mod dev_keys;
pub mod identity;
pub mod keys;
mod self_check;
pub mod serve;
pub mod shutdown;
pub mod telemetry;
pub mod verification;
pub mod webhooks;
