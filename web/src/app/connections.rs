//! How long a connection may be between two requests, and how long its client may take nothing of an answer.
//! Apart from actix, which times the head of the first request only: any byte behind an answer ends its
//! keep-alive, and nothing ends a connection then on which the rest of a head never comes.

use super::paced::Paced;
use actix_web::dev::Extensions;
use rustix::net::sockopt::set_tcp_user_timeout;
use std::cell::{Cell, RefCell};
use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

/// How often each thread looks at its connections, while it has any.
const LOOKS_EVERY: Duration = Duration::from_millis(250);

thread_local! {
    static OPEN: RefCell<Watch> = RefCell::default();
}

/// What a connection is allowed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed {
    /// From the end of an answer until the next request is there.
    pub between: Duration,
    /// Without a byte of an answer being taken.
    pub unread: Duration,
}

/// One connection, known to its requests. Its socket is held a second time, only to be shut down.
pub(super) struct Connection {
    socket: std::net::TcpStream,
    over: Rc<Cell<bool>>,
    between: Duration,
    under_way: Cell<u32>,
    since: Cell<Instant>,
}

/// A request under way on a connection; over when dropped.
pub(super) struct UnderWay {
    connection: Rc<Connection>,
    goes_on: bool,
}

/// Takes note of a connection that was just accepted.
pub(super) fn note(paced: &Paced, known: &mut Extensions, allowed: Allowed) {
    let unread = u32::try_from(allowed.unread.as_millis()).unwrap_or(u32::MAX);
    let watched = set_tcp_user_timeout(paced.socket(), unread)
        .map_err(io::Error::from)
        .and_then(|()| Connection::watch(paced, allowed.between));
    match watched {
        Ok(connection) => drop(known.insert(connection)),
        // It is served all the same: whoever is here in earnest needs no watching.
        Err(error) => tracing::warn!(%error, "a connection is not watched"),
    }
}

impl Connection {
    fn watch(paced: &Paced, between: Duration) -> io::Result<Rc<Connection>> {
        let connection = Rc::new(Connection {
            socket: paced.socket().as_fd().try_clone_to_owned()?.into(),
            over: paced.over(),
            between,
            under_way: Cell::new(0),
            since: Cell::new(Instant::now()),
        });
        OPEN.with_borrow_mut(|open| {
            open.connections.push(Rc::downgrade(&connection));
            if !std::mem::replace(&mut open.looks, true) {
                actix_rt::spawn(look());
            }
        });
        Ok(connection)
    }

    /// A request has arrived.
    pub fn begin(self: &Rc<Connection>) -> UnderWay {
        self.under_way.set(self.under_way.get() + 1);
        UnderWay { connection: self.clone(), goes_on: false }
    }

    fn is_late(&self, now: Instant) -> bool {
        self.under_way.get() == 0 && now.duration_since(self.since.get()) >= self.between
    }
}

impl UnderWay {
    /// Its answer is a stream: it is over when the connection is.
    pub fn goes_on(&mut self) {
        self.goes_on = true;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.goes_on {
            self.connection.under_way.set(self.connection.under_way.get() - 1);
            self.connection.since.set(Instant::now());
        }
    }
}

/// The connections of a thread.
#[derive(Default)]
struct Watch {
    connections: Vec<Weak<Connection>>,
    looks: bool,
}

/// Looks until there are none any more.
async fn look() {
    /// Also when the runtime ends.
    struct Looking;

    impl Drop for Looking {
        fn drop(&mut self) {
            let _ = OPEN.try_with(|open| open.borrow_mut().looks = false);
        }
    }

    let _looking = Looking;
    loop {
        tokio::time::sleep(LOOKS_EVERY).await;
        let now = Instant::now();
        let any = OPEN.with_borrow_mut(|open| {
            open.connections.retain(|one| one.upgrade().is_some_and(|one| stays(&one, now)));
            !open.connections.is_empty()
        });
        if !any {
            return;
        }
    }
}

/// Whoever is late is hung up on, and need not be looked at again.
fn stays(connection: &Connection, now: Instant) -> bool {
    let late = connection.is_late(now);
    if late {
        connection.over.set(true);
        // One that is closed already is what was wanted.
        let _ = connection.socket.shutdown(Shutdown::Both);
    }
    !late
}
