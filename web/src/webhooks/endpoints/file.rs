//! `webhook-endpoints.json` on disk: for its owner's eyes only, because signing secrets are in it,
//! and replaced whole, so that a power cut leaves the old file or the new one.

use super::EndpointError;
use crate::identity::write_private;
use crate::self_check;
use crate::webhooks::endpoint::Endpoint;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

const VERSION: u32 = 1;

#[derive(Serialize)]
struct Written<'e> {
    version: u32,
    endpoints: Vec<&'e Endpoint>,
}

#[derive(Deserialize)]
struct Read {
    version: u32,
    endpoints: Vec<Endpoint>,
}

/// What the file holds; nothing if there is none.
pub(super) fn read(path: &Path) -> Result<Vec<Endpoint>, EndpointError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(EndpointError::File { path: path.to_owned(), error }),
    };
    let damaged = |why: String| EndpointError::Damaged { path: path.to_owned(), why };
    let read: Read = serde_json::from_slice(&bytes).map_err(|error| {
        // serde's own words may repeat what it met, and that may be a secret.
        damaged(format!("line {}, column {}", error.line(), error.column()))
    })?;
    if read.version != VERSION {
        return Err(damaged(format!("version {} is not known here", read.version)));
    }
    if !self_check::is_whole(&bytes) {
        return Err(damaged(self_check::CHANGED.to_owned()));
    }
    Ok(read.endpoints)
}

/// Replaces the file.
pub(super) fn save(path: &Path, endpoints: &[Arc<Endpoint>]) -> Result<(), EndpointError> {
    let endpoints = endpoints.iter().map(AsRef::as_ref).collect();
    let written = serde_json::to_value(Written { version: VERSION, endpoints });
    let written = written.and_then(self_check::sealed_json).map_err(io::Error::from);
    let written = written.and_then(|bytes| write_private(path, &bytes));
    written.map_err(|error| EndpointError::File { path: path.to_owned(), error })
}
