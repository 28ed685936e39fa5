//! The same load for whoever stands behind an address, and the table of what came out.
//!
//!     load drive --peer bursar --address 127.0.0.1:8080 --key KEY --seconds 10
//!     load table bursar.json postgres.json restate.json
//!     load ports 3
//!
//! `drive` prints one line of JSON: first payouts that wait (what a durable create costs), then payouts that
//! go through to PROCESSED, then every single one of them is looked up. One thread and plain sockets, because
//! whatever this program takes of the machine is missing from what it measures. `ports` prints so many free ones.

mod connection;
mod crowd;
mod drive;
mod peer;
mod table;
mod workload;

use std::{error::Error, net::TcpListener, process::ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.first().map(String::as_str) {
        Some("drive") => drive::run(&arguments[1..]),
        Some("table") => table::print(&arguments[1..]),
        Some("ports") => ports(&arguments[1..]),
        _ => Err("allowed: drive OPTIONS, table FILES, or ports NUMBER".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Loopback ports that nobody has at the moment, for servers that cannot choose for themselves.
fn ports(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let count: usize = arguments.first().ok_or("how many ports?")?.parse()?;
    // All are held until all are chosen, so that they differ.
    let bound =
        (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<Result<Vec<_>, _>>()?;
    for listener in bound {
        println!("{}", listener.local_addr()?.port());
    }
    Ok(())
}

/// The value of an option.
///
/// # Errors
/// It is missing, and there is no default.
pub fn option(
    arguments: &[String],
    name: &str,
    default: Option<&str>,
) -> Result<String, Box<dyn Error>> {
    let given = arguments.iter().skip_while(|one| *one != name).nth(1).map(String::as_str);
    given.or(default).map(str::to_owned).ok_or_else(|| format!("{name} VALUE is wanted").into())
}
