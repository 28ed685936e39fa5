//! Opening a database that may panic, hang, or be beyond repair.
//!
//! Apart because both databases need it and neither may take the start down:
//! everything they hold can be rebuilt from the log. What does not open is set
//! aside under another name, never deleted, so that its cause can be found.

use std::{
    any::Any,
    cell::RefCell,
    error::Error,
    fs::{self, File},
    io,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
    sync::Once,
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::RecvTimeoutError;
use tracing::dispatcher;

use crate::{fjall_versions, log::sync_directory};

/// How long a busy database is waited for, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(3);
const RETRY: Duration = Duration::from_millis(5);

/// Why a database did not open.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Somebody still has it open; it must not be touched.
    Busy,
    /// The system is short of something, or forbids it. The database may be in
    /// the best of health; setting it aside would cure nothing.
    Refused(String),
    /// It cannot be used, for the reason given.
    Unusable(String),
}

impl<E: Error + 'static> From<E> for Fault {
    fn from(error: E) -> Self {
        let text = error.to_string();
        if is_environment(&error) { Self::Refused(text) } else { Self::Unusable(text) }
    }
}

impl Fault {
    /// What fjall would not survive reading, if there is anything of the kind in this directory.
    pub(crate) fn of_versions(dir: &Path) -> Result<(), Self> {
        match fjall_versions::find_damaged(dir)? {
            None => Ok(()),
            Some(path) => {
                Err(Self::Unusable(format!("{} does not match its checksum", path.display())))
            }
        }
    }
}

/// Whether somewhere beneath `error` the operating system said no for a reason
/// that has nothing to do with the bytes in the files.
fn is_environment(error: &(dyn Error + 'static)) -> bool {
    let io = match error.downcast_ref::<sled::Error>() {
        Some(sled::Error::Io(io)) => Some(io),
        _ => error.downcast_ref::<io::Error>(),
    };
    let refused = io.is_some_and(|io| {
        matches!(
            io.kind(),
            io::ErrorKind::PermissionDenied
                | io::ErrorKind::StorageFull
                | io::ErrorKind::QuotaExceeded
                | io::ErrorKind::ReadOnlyFilesystem
                | io::ErrorKind::OutOfMemory
        ) || matches!(io.raw_os_error(), Some(TOO_MANY_OPEN_HERE | TOO_MANY_OPEN_EVERYWHERE))
    });
    refused || error.source().is_some_and(is_environment)
}

/// `EMFILE` and `ENFILE`, for which the standard library has no name.
const TOO_MANY_OPEN_HERE: i32 = 24;
const TOO_MANY_OPEN_EVERYWHERE: i32 = 23;

/// What becomes of a thread that panics while it opens a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AfterPanic {
    /// It unwinds.
    Unwind,
    /// It stays where it is, for ever. fjall panics with its locks held, and
    /// its destructors take them again: unwinding would end the process. It
    /// stays inside the panic hook, so nobody can replace the hook from then on;
    /// the test runner does at its end, which is why `tests/damage` has a `main`.
    StayPut,
}

type LastWords = Box<dyn FnOnce(Fault)>;

thread_local! {
    /// Where this thread says that it has panicked, if it must not unwind.
    static LAST_WORDS: RefCell<Option<LastWords>> = const { RefCell::new(None) };
}

/// Runs `open` in a thread of its own, and takes a panic or a missed deadline
/// for an answer. A thread that hangs is left behind: it holds only files that
/// are about to be renamed.
pub(crate) fn open<T: Send + 'static>(
    name: &str,
    deadline: Duration,
    after_panic: AfterPanic,
    open: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    if after_panic == AfterPanic::StayPut {
        hook_panics();
    }
    let (answer, answered) = crossbeam_channel::bounded(1);
    // What is logged on the way belongs to the caller.
    let dispatch = dispatcher::get_default(Clone::clone);
    let body = move || {
        if after_panic == AfterPanic::StayPut {
            let answer = answer.clone();
            let say = move |fault| drop(answer.send(Err(fault)));
            LAST_WORDS.with(|words| *words.borrow_mut() = Some(Box::new(say)));
        }
        let open = || dispatcher::with_default(&dispatch, open);
        let outcome = panic::catch_unwind(AssertUnwindSafe(open));
        // Nobody listens any more once the deadline has passed.
        let _ = answer.send(outcome.unwrap_or_else(|payload| Err(panicked(payload.as_ref()))));
    };
    thread::Builder::new().name(format!("open-{name}")).spawn(body)?;
    match answered.recv_timeout(deadline) {
        Ok(outcome) => outcome,
        Err(RecvTimeoutError::Timeout) => {
            Err(Fault::Unusable(format!("opening took longer than {deadline:?}")))
        }
        Err(RecvTimeoutError::Disconnected) => {
            Err(Fault::Unusable("the opening thread ended without an answer".to_owned()))
        }
    }
}

/// From now on a thread with last words says them when it panics, and goes no
/// further. All other panics are as they were.
fn hook_panics() {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            before(info);
            let words = LAST_WORDS.try_with(|words| words.borrow_mut().take());
            if let Ok(Some(say)) = words {
                say(panicked(info.payload()));
                loop {
                    thread::park();
                }
            }
        }));
    });
}

/// Tries again while the database is busy. The threads of one that was just
/// closed let go of it a little after the last handle; no other process can be
/// in it, the data directory is locked.
pub(crate) fn patiently<T>(mut open: impl FnMut() -> Result<T, Fault>) -> Result<T, Fault> {
    let patience = Instant::now() + PATIENCE;
    loop {
        match open() {
            Err(Fault::Busy) if Instant::now() < patience => thread::sleep(RETRY),
            outcome => return outcome,
        }
    }
}

/// The text of a panic, as a reason.
pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Fault {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Fault::Unusable(format!("panicked: {text}"))
}

/// Opens the database in `dir`, or makes it, whole: one whose making a crash has cut short is made anew. fjall
/// would go on with it, and give the number of a keyspace that did not come to the disk to another one, of
/// another form.
pub(crate) fn whole<T>(dir: &Path, open: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    let mark = dir.with_extension("making");
    let parent = dir.parent().unwrap_or(Path::new("."));
    if mark.try_exists()? && dir.try_exists()? {
        fs::remove_dir_all(dir)?;
    }
    let made = !dir.try_exists()?;
    if made {
        File::create(&mark)?;
        sync_directory(parent)?;
        fs::create_dir_all(dir)?;
    }
    let opened = open()?;
    sync_directories(dir)?;
    if made {
        sync_directory(parent)?;
        fs::remove_file(&mark)?;
        // Before anything stands in it that a mark that came back would cost.
        sync_directory(parent)?;
    }
    Ok(opened)
}

/// Makes the names of all directories in `dir` durable. fjall does not do so for those of its keyspaces: a
/// power cut could take some of them and leave its journal, out of which the next ones of the same number
/// would be filled with what was never theirs.
fn sync_directories(dir: &Path) -> io::Result<()> {
    let synced = || {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                sync_directories(&entry.path())?;
            }
        }
        sync_directory(dir)
    };
    match synced() {
        // A keyspace that was deleted goes in its own time.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        synced => synced,
    }
}

/// Renames `path` to `path.damaged-<n>`, the first number that is free.
pub(crate) fn set_aside(path: &Path) -> io::Result<PathBuf> {
    for number in 1u32.. {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".damaged-{number}"));
        let aside = PathBuf::from(name);
        if !aside.try_exists()? {
            fs::rename(path, &aside)?;
            return Ok(aside);
        }
    }
    Err(io::Error::other("every number is taken"))
}

#[cfg(test)]
mod tests {
    //! Each way of not opening is an answer.

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_panic_is_a_reason() {
        let found =
            open("test", LONG, AfterPanic::Unwind, || -> Result<(), Fault> { panic!("bad page") });
        assert_eq!(found, Err(Fault::Unusable("panicked: bad page".to_owned())));
    }

    #[test]
    fn a_hang_is_a_reason() {
        let (release, wait) = crossbeam_channel::bounded::<()>(1);
        let found =
            open("test", Duration::from_millis(1), AfterPanic::Unwind, move || Ok(wait.recv()?));
        assert!(matches!(found, Err(Fault::Unusable(reason)) if reason.contains("longer")));
        release.send(()).unwrap();
    }

    #[test]
    fn a_full_disk_is_not_the_databases_fault() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        assert!(matches!(Fault::from(full()), Fault::Refused(_)));
        assert!(matches!(Fault::from(sled::Error::Io(full())), Fault::Refused(_)));
        assert!(matches!(Fault::from(fjall::Error::Io(full())), Fault::Refused(_)));
        let bad = || io::Error::from(io::ErrorKind::InvalidData);
        assert!(matches!(Fault::from(fjall::Error::Io(bad())), Fault::Unusable(_)));
        assert!(matches!(Fault::from(sled::Error::Io(bad())), Fault::Unusable(_)));
    }

    #[test]
    fn what_was_not_made_whole_is_made_anew() {
        let place = tempfile::tempdir().unwrap();
        let (dir, mark) = (place.path().join("archive"), place.path().join("archive.making"));
        let full = || Err(Fault::Refused("no space left".to_owned()));
        assert_eq!(
            whole(&dir, || fs::write(dir.join("half"), "").map_or(Ok(()), |()| full())),
            full()
        );
        assert!(mark.exists() && dir.join("half").exists());
        let is_empty = || Ok(fs::read_dir(&dir)?.next().is_none());
        assert_eq!(whole(&dir, is_empty), Ok(true), "what had been begun is gone");
        assert!(!mark.exists());
        fs::write(dir.join("rows"), "").unwrap();
        assert_eq!(whole(&dir, is_empty), Ok(false), "what is whole is opened as it is");
    }

    #[test]
    fn what_is_set_aside_never_replaces_what_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sled");
        for number in 1..=3 {
            fs::create_dir(&path).unwrap();
            let aside = set_aside(&path).unwrap();
            assert_eq!(aside, dir.path().join(format!("sled.damaged-{number}")));
        }
    }
}
