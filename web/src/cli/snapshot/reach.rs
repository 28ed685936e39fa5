//! Where the snapshots of a data directory are reached: at the gateway that serves from it, or in the store
//! itself when nobody does. Apart because every command asks the same question first.

use super::ReachArgs;
use super::at_rest::AtRest;
use super::client::Client;
use crate::cli::{Failure, Output, data_dir};
use crate::config::Config;
use crate::dev_keys::{self, DevKeys};
use crate::identity::{DataDir, DataDirError};
use serde_json::Value;
use std::net::SocketAddr;

/// One of the two.
pub enum Reached<'c> {
    /// A gateway that runs.
    Running(Client),
    /// A store that nobody serves from.
    AtRest(AtRest<'c>),
}

impl<'c> Reached<'c> {
    /// Looks whether somebody serves from the data directory; an address that was given is taken at its
    /// word.
    ///
    /// # Errors
    /// There is no such directory, or a gateway runs and cannot be asked.
    pub fn find(config: &'c Config, args: &ReachArgs) -> Result<Reached<'c>, Failure> {
        let path = &config.store.data_dir;
        if args.url.is_none() {
            data_dir::must_be_one(path)?;
            match DataDir::open(path) {
                Ok(lock) => return Ok(Reached::AtRest(AtRest::new(config, lock))),
                Err(DataDirError::InUse(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let url = match &args.url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => served_at(config.server.bind)?,
        };
        let key = args.key.clone().map_or_else(|| key_of(config), Ok)?;
        Ok(Reached::Running(Client::new(&url, &key)?))
    }

    /// All snapshots, as `GET /v1/ops/snapshots` answers.
    pub fn list(&mut self) -> Result<Value, Failure> {
        match self {
            Reached::Running(client) => client.get("/v1/ops/snapshots"),
            Reached::AtRest(store) => store.list(),
        }
    }

    /// Takes one.
    pub fn create(&mut self, reason: &str, output: &Output) -> Result<Value, Failure> {
        match self {
            Reached::Running(client) => client.take_snapshot(reason, output),
            Reached::AtRest(store) => store.create(reason, output),
        }
    }

    /// Reads one back.
    pub fn verify(&mut self, id: u64, reason: &str, output: &Output) -> Result<Value, Failure> {
        match self {
            Reached::Running(client) => client.verify(id, reason, output),
            Reached::AtRest(store) => store.verify(id, reason, output),
        }
    }

    /// Applies the retention policy.
    pub fn prune(&mut self, dry_run: bool, reason: &str) -> Result<Value, Failure> {
        match self {
            Reached::Running(client) => client.prune(dry_run, reason),
            Reached::AtRest(store) => store.prune(dry_run, reason),
        }
    }
}

/// Where the gateway of this configuration listens, as somebody on this machine calls it.
fn served_at(bind: SocketAddr) -> Result<String, Failure> {
    if bind.port() == 0 {
        let what = "a gateway serves from this directory, at a port of its own choice; say --url";
        return Err(Failure::usage(what));
    }
    let mut at = bind;
    if at.ip().is_unspecified() {
        at.set_ip(if at.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    Ok(format!("http://{at}"))
}

fn key_of(config: &Config) -> Result<String, Failure> {
    let path = config.store.data_dir.join(dev_keys::FILE);
    let keys = std::fs::read(&path).ok();
    let keys = keys.and_then(|bytes| serde_json::from_slice::<DevKeys>(&bytes).ok());
    keys.map(|keys| keys.operator_key).ok_or_else(|| {
        Failure::usage(
            "a gateway serves from this directory; give an operator's key with --key or in \
             BURSAR_OPERATOR_KEY",
        )
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_called_where_it_listens() {
        let table = [
            ("127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("0.0.0.0:80", Some("http://127.0.0.1:80")),
            ("[::]:80", Some("http://[::1]:80")),
            ("10.0.0.7:80", Some("http://10.0.0.7:80")),
            ("127.0.0.1:0", None),
        ];
        for (bind, url) in table {
            assert_eq!(served_at(bind.parse().unwrap()).ok().as_deref(), url, "{bind}");
        }
    }
}
