//! The command line: what can be asked of the binary, and how each command ends. Apart from the commands
//! themselves, so that the list of them is one page.

mod check_config;
mod data_dir;
mod failure;
mod inspect;
mod keys;
mod output;
pub mod restore;
mod sandbox;
mod snapshot;
mod torture;
mod verify;

pub use failure::Failure;
pub use keys::open as open_keys;
pub use output::Output;

use crate::bench::BenchArgs;
use crate::config::{self, Config, Inputs};
use crate::identity::make_nothing_for_others;
use crate::{bench, serve};
use clap::{Args, Parser, Subcommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Bursar, a payout gateway. Without a command it serves.
#[derive(Debug, Parser)]
#[command(name = "bursar", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    serve: ServeArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
struct Common {
    /// A configuration file; its keys are explained in web/config.default.toml
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where to listen; port 0 takes any free port
    #[arg(long, global = true, value_name = "ADDR:PORT")]
    bind: Option<SocketAddr>,
    /// Where everything durable lies
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway (the default)
    Serve(ServeArgs),
    /// Run the sandbox provider as a process of its own
    Sandbox,
    /// Print the configuration in effect, or every mistake in it
    CheckConfig,
    /// Measure this machine, or compare two measurements: creates and whole lives a second, latencies,
    /// recovery, memory
    Bench(BenchArgs),
    /// The bare server that `bench` holds the gateway against
    #[command(hide = true)]
    BenchEcho,
    /// Make a data directory as of an earlier time, out of which nothing is paid twice
    Restore(restore::RestoreArgs),
    /// Look whether everything is still there: log, snapshots, archive, indexes, events, files
    Verify(verify::VerifyArgs),
    /// Fold payouts again with this build and print whatever differs: the gate before an upgrade
    Replay(verify::ReplayArgs),
    /// Print a payout with every record of the journal that made it
    Inspect(inspect::InspectArgs),
    /// Make, list and end API keys
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Live through simulated worlds full of lies and crashes, and look whether money was paid twice
    Torture(torture::TortureArgs),
    /// Take, list, verify, export, import, compare and delete snapshots
    #[command(subcommand)]
    Snapshot(snapshot::SnapshotCommand),
}

impl Command {
    /// Whether it may write what is nobody else's business. Measurements are for everybody.
    fn touches_data(&self) -> bool {
        match self {
            Command::Serve(_)
            | Command::Restore(_)
            | Command::Verify(_)
            | Command::Replay(_)
            | Command::Inspect(_)
            | Command::Keys(_)
            | Command::Snapshot(_) => true,
            Command::Sandbox
            | Command::CheckConfig
            | Command::Bench(_)
            | Command::BenchEcho
            | Command::Torture(_) => false,
        }
    }
}

/// What `serve` takes.
#[derive(Clone, Debug, Default, Args)]
struct ServeArgs {
    /// Use the sandbox provider at this address instead of the embedded one
    #[arg(long, value_name = "URL")]
    sandbox: Option<String>,
}

/// Does what the command line says.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody is left to be told when standard error is closed.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let output = Output::new(cli.common.json);
    // A gateway answers elsewhere; what it says when it begins is not what it is for.
    let serves = matches!(cli.command, None | Some(Command::Serve(_) | Command::Sandbox));
    let done = dispatch(cli, &output);
    match done.and_then(|()| if serves { Ok(()) } else { output.ended() }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(&output),
    }
}

fn dispatch(cli: Cli, output: &Output) -> Result<(), Failure> {
    let Cli { common, serve, command } = cli;
    let command = command.unwrap_or(Command::Serve(ServeArgs::default()));
    if serve.sandbox.is_some() && !matches!(command, Command::Serve(_)) {
        return Err(Failure::usage("--sandbox belongs to the command serve"));
    }
    if command.touches_data() {
        make_nothing_for_others();
    }
    match command {
        Command::Serve(args) => {
            let flag = args.sandbox.or(serve.sandbox).map(|url| ("--sandbox", "sandbox.url", url));
            serve::run(common.load(Listener::Gateway, flag)?, output)
        }
        Command::Sandbox => sandbox::run(&common.load(Listener::Sandbox, None)?, output),
        Command::CheckConfig => check_config::run(&common.load(Listener::Gateway, None)?, output),
        Command::Bench(args) => {
            let chosen = common.data_dir.clone();
            bench::run(common.load(Listener::Gateway, None)?, chosen, &args, output)
        }
        Command::BenchEcho => bench::run_echo(&common.load(Listener::Gateway, None)?, output),
        Command::Restore(args) => {
            restore::run(&common.load(Listener::Gateway, None)?, &args, output)
        }
        Command::Verify(args) => verify::run(&common.load(Listener::Gateway, None)?, &args, output),
        Command::Replay(args) => {
            verify::replay(&common.load(Listener::Gateway, None)?, &args, output)
        }
        Command::Inspect(args) => {
            inspect::run(&common.load(Listener::Gateway, None)?, &args, output)
        }
        Command::Keys(command) => {
            keys::run(&common.load(Listener::Gateway, None)?, command, output)
        }
        // It serves nobody and stores nothing: no configuration has a say in it.
        Command::Torture(args) => torture::run(&args, output),
        Command::Snapshot(command) => {
            snapshot::run(&common.load(Listener::Gateway, None)?, command, output)
        }
    }
}

/// Whose address `--bind` is.
enum Listener {
    Gateway,
    Sandbox,
}

impl Common {
    fn load(
        &self,
        listener: Listener,
        flag: Option<(&'static str, &'static str, String)>,
    ) -> Result<Config, Failure> {
        let mut inputs = Inputs::of_process(self.config.clone());
        let key = match listener {
            Listener::Gateway => "server.bind",
            Listener::Sandbox => "sandbox.bind",
        };
        inputs.flags.extend(self.bind.map(|bind| ("--bind", key, bind.to_string())));
        inputs.flags.extend(flag);
        let mut config = config::load(&inputs)?;
        // Not among the layers: a path need not be text.
        if let Some(data_dir) = &self.data_dir {
            config.store.data_dir.clone_from(data_dir);
        }
        Ok(config)
    }
}
