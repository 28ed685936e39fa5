//! `bursar keys`: makes, lists and ends API keys in the data directory. A gateway that serves from it
//! takes the changes up by itself, so nothing is restarted.

use super::{Failure, Output};
use crate::config::Config;
use crate::identity::make_private;
use crate::keys::{KeyRecord, KeyStore, Owner, Role};
use clap::Subcommand;
use secrecy::ExposeSecret;
use serde_json::json;

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Make a key; it is printed once and kept nowhere
    #[command(group = clap::ArgGroup::new("owner").required(true))]
    Create {
        /// For this merchant
        #[arg(long, group = "owner", value_name = "NAME")]
        merchant: Option<String>,
        /// A key that moves real money (merchants only)
        #[arg(long, requires = "merchant")]
        live: bool,
        /// For this operator
        #[arg(long, group = "owner", value_name = "NAME", requires = "role")]
        operator: Option<String>,
        /// What the operator may do: viewer, operator, approver or admin; may be given again
        #[arg(long, value_name = "ROLE", requires = "operator")]
        role: Vec<Role>,
    },
    /// List every key ever made, without the keys themselves
    List,
    /// End a key, by its id
    Revoke {
        /// As `list` prints it: key_…
        id: String,
    },
}

/// Does it.
pub fn run(config: &Config, command: KeysCommand, output: &Output) -> Result<(), Failure> {
    let store = open(config)?;
    match command {
        KeysCommand::Create { merchant: Some(name), live, .. } => {
            may_have_key(config, &name, live)?;
            let (record, secret) = store.create_merchant_key(&name, live)?;
            show_new(&record, secret.expose_secret(), output);
        }
        KeysCommand::Create { operator: Some(name), role, .. } => {
            let (record, secret) = store.create_operator_key(&name, &role)?;
            show_new(&record, secret.expose_secret(), output);
        }
        KeysCommand::Create { .. } => {
            return Err(Failure::usage("a key is for a merchant or an operator"));
        }
        KeysCommand::List => list(&store.list(), output),
        KeysCommand::Revoke { id } => {
            let record = store.revoke(&id)?;
            output.say(&format!("{} of {} is ended", record.id, owner(&record)), &json!(record));
        }
    }
    Ok(())
}

/// The keys of the configured data directory.
pub fn open(config: &Config) -> Result<KeyStore, Failure> {
    let data_dir = &config.store.data_dir;
    let made = make_private(data_dir);
    made.map_err(|error| Failure::failed(format!("{}: {error}", data_dir.display())))?;
    Ok(KeyStore::open(&data_dir.join("keys.json"), &data_dir.join("pepper"))?)
}

/// Where merchants are configured, only they get keys, and live ones only where that is allowed: a
/// misspelt name would otherwise be one more merchant.
fn may_have_key(config: &Config, name: &str, live: bool) -> Result<(), Failure> {
    if config.merchants.is_empty() {
        return Ok(());
    }
    let Some(merchant) = config.merchants.get(name) else {
        let known: Vec<_> = config.merchants.keys().map(String::as_str).collect();
        let known = known.join(", ");
        return Err(Failure::usage(format!("no merchant \"{name}\" is configured, only {known}")));
    };
    if live && !merchant.livemode {
        let what = format!("merchants.{name}.livemode is false, so it gets no live keys");
        return Err(Failure::usage(what));
    }
    Ok(())
}

fn show_new(record: &KeyRecord, secret: &str, output: &Output) {
    let mut shown = json!(record);
    shown["key"] = json!(secret);
    // The key alone on standard output: it can be piped on.
    output.say(secret, &shown);
    eprintln!("{} of {}; it is not shown again", record.id, owner(record));
}

fn list(records: &[KeyRecord], output: &Output) {
    output.json_only(&json!({ "data": records }));
    for record in records {
        let ended = record.revoked_at.map(|at| format!("  ended {at}")).unwrap_or_default();
        let line = format!("{}  {:<14} {}{ended}", record.id, record.hint, owner(record));
        output.text_only(&format!("{line}  made {}", record.created_at));
    }
}

fn owner(record: &KeyRecord) -> String {
    match &record.owner {
        Owner::Merchant { name, livemode } => {
            format!("merchant {name} ({})", if *livemode { "live" } else { "test" })
        }
        Owner::Operator { name, roles } => {
            let roles: Vec<_> = roles.iter().map(|role| role.word()).collect();
            format!("operator {name} ({})", roles.join(", "))
        }
    }
}
