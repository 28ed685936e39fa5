//! `bursar keys`: makes, lists and ends API keys in the data directory. A gateway that serves from it
//! takes the changes up by itself, so nothing is restarted.

use super::{Failure, Output, data_dir};
use crate::config::Config;
use crate::identity::make_private;
use crate::keys::{KeyRecord, KeyStore, Owner, Role};
use clap::Subcommand;
use secrecy::ExposeSecret;
use serde_json::json;
use std::io::{self, Write};

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
    match command {
        KeysCommand::Create { merchant: Some(name), live, .. } => {
            may_have_key(config, &name, live)?;
            create(config, &Owner::Merchant { name, livemode: live }, output)
        }
        KeysCommand::Create { operator: Some(name), role, .. } => {
            create(config, &Owner::Operator { name, roles: role }, output)
        }
        KeysCommand::Create { .. } => Err(Failure::usage("a key is for a merchant or an operator")),
        KeysCommand::List => {
            list(&open_existing(config)?.list(), output);
            Ok(())
        }
        KeysCommand::Revoke { id } => {
            let record = open_existing(config)?.revoke(&id)?;
            output.say(&format!("{} of {} is ended", record.id, owner(&record)), &json!(record));
            Ok(())
        }
    }
}

fn create(config: &Config, owner: &Owner, output: &Output) -> Result<(), Failure> {
    if Output::leads_nowhere() {
        let what = "no key was made: standard output leads nowhere, and a key is shown only once";
        return Err(Failure::failed(what));
    }
    let store = open(config)?;
    let (record, secret) = match owner {
        Owner::Merchant { name, livemode } => store.create_merchant_key(name, *livemode)?,
        Owner::Operator { name, roles } => store.create_operator_key(name, roles)?,
    };
    show_new(&record, secret.expose_secret(), output)
        .map_err(|error| unseen(&store, &record, &error))?;
    if config.sandbox.enabled && matches!(owner, Owner::Merchant { livemode: true, .. }) {
        note("the only provider here is the sandbox: it moves no money, for a live key neither");
    }
    Ok(())
}

/// A key that nobody has seen opens no door.
fn unseen(store: &KeyStore, record: &KeyRecord, error: &io::Error) -> Failure {
    let id = &record.id;
    match store.revoke(id) {
        Ok(_) => {
            Failure::failed(format!("the key could not be shown ({error}), so {id} is ended again"))
        }
        Err(why) => Failure::failed(format!(
            "the key could not be shown ({error}) and not be ended ({why}): say `bursar keys revoke {id}`"
        )),
    }
}

/// For whoever watches. Standard error may be closed; the key is made all the same.
fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The keys of a data directory that there is: whoever only looks makes none.
fn open_existing(config: &Config) -> Result<KeyStore, Failure> {
    if !config.store.data_dir.join("keys.json").is_file() {
        data_dir::must_be_one(&config.store.data_dir)?;
    }
    open(config)
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

fn show_new(record: &KeyRecord, secret: &str, output: &Output) -> io::Result<()> {
    let mut shown = json!(record);
    shown["key"] = json!(secret);
    // The key alone on standard output: it can be piped on.
    output.say_for_sure(secret, &shown)?;
    note(&format!("{} of {}; it is not shown again", record.id, owner(record)));
    Ok(())
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
