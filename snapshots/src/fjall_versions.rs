//! fjall's version files, compared with their checksums before fjall reads them.
//!
//! Apart because it is about a file format that is not ours: lsm-tree 3 writes
//! the checksum of the file `v<number>` into the file `current` beside it, and
//! does not compare it. A flipped bit in a count there makes it ask for
//! gigabytes, and the process is gone before anybody could set the files aside.
//!
//! `current`, little endian: number of the version u64, XXH3-128 of its file
//! u128, kind of checksum u8 (0).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use xxhash_rust::xxh3::xxh3_128;

/// What `current` is long when it is whole.
const CURRENT_BYTES: usize = 25;

/// The first version file under a database's directory that is not what its
/// checksum says. Files that are missing or of another form are fjall's to
/// judge.
///
/// # Errors
/// The file system refuses.
pub(crate) fn find_damaged(database: &Path) -> io::Result<Option<PathBuf>> {
    let keyspaces = match fs::read_dir(database.join("keyspaces")) {
        Ok(keyspaces) => keyspaces,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    for keyspace in keyspaces {
        let keyspace = keyspace?.path();
        let Some(current) = read_if_there(&keyspace.join("current"))? else { continue };
        let Some((version, checksum)) = parse(&current) else { continue };
        let path = keyspace.join(format!("v{version}"));
        let Some(bytes) = read_if_there(&path)? else { continue };
        if xxh3_128(&bytes) != checksum {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn parse(current: &[u8]) -> Option<(u64, u128)> {
    let current: &[u8; CURRENT_BYTES] = current.try_into().ok()?;
    let (version, rest) = current.split_first_chunk::<8>()?;
    let (checksum, kind) = rest.split_first_chunk::<16>()?;
    (kind == [0]).then_some((u64::from_le_bytes(*version), u128::from_le_bytes(*checksum)))
}

fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    //! Each version file that fjall has written is checked, all over.

    use fjall::KeyspaceCreateOptions;

    use super::*;

    #[test]
    fn a_flipped_bit_in_a_version_file_is_found_before_fjall_is_asked() {
        let dir = tempfile::tempdir().unwrap();
        for round in 0..3_u8 {
            let database = fjall::Database::builder(dir.path()).open().unwrap();
            for name in ["one", "two"] {
                let keyspace = database.keyspace(name, KeyspaceCreateOptions::default).unwrap();
                keyspace.insert([round], [round; 100]).unwrap();
                keyspace.rotate_memtable_and_wait().unwrap();
            }
        }
        assert_eq!(find_damaged(dir.path()).unwrap(), None);
        let (mut checked, mut bits) = (0, 0);
        for keyspace in fs::read_dir(dir.path().join("keyspaces")).unwrap() {
            let keyspace = keyspace.unwrap().path();
            let current = fs::read(keyspace.join("current")).unwrap();
            let (version, _) = parse(&current).expect("the form that this build of fjall writes");
            let path = keyspace.join(format!("v{version}"));
            let whole = fs::read(&path).unwrap();
            for bit in (0..whole.len() * 8).step_by(7) {
                let mut bytes = whole.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                fs::write(&path, bytes).unwrap();
                assert_eq!(find_damaged(dir.path()).unwrap().as_ref(), Some(&path), "bit {bit}");
                bits += 1;
            }
            fs::write(&path, whole).unwrap();
            checked += 1;
        }
        assert!(checked >= 2 && bits > 500, "{checked} files, {bits} bits");
        assert_eq!(find_damaged(dir.path()).unwrap(), None);
        assert_eq!(find_damaged(&dir.path().join("nowhere")).unwrap(), None);
    }
}
