//! A log in an archive, of which one object is another: the manifest, a piece under the hash that the manifest
//! has for it, or a file beside the log. Apart from `exports` because it is many objects, and what they say of
//! one another must agree.

use crate::target::{Check, Target, Trace};
use serde_json::{Value, json};
use snapshots::Record;
use snapshots::log::image::ImageWriter;
use snapshots::log_archive::{self, ArchivedLog, LogArchiveError, LogArchiveOptions};
use std::fs;
use std::path::Path;

pub const TARGET: Target =
    Target { name: "log_archive", text: false, longest: 16_384, usual: 150, examples, open };

/// What an input is stands in its first byte.
const MANIFEST: u8 = 0;
const PIECE: u8 = 1;
/// A piece before it is packed.
const FRAMES: u8 = 2;
const BESIDE: u8 = 3;

const LOG_ID: u64 = 0x4d;
const FOLDER: &str = "000000000000004d";
const SECOND: &str = "segments/00000000000000000005-00000000000000000008.frames.zst";

/// An archive of two pieces, as it is before one of its objects is changed.
struct Whole {
    manifest: Value,
    pieces: [Vec<u8>; 2],
}

fn hex(bytes: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*bytes).to_hex().to_string()
}

fn pack(frames: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(frames, 3).expect("it compresses")
}

impl Whole {
    fn make() -> Whole {
        let (mut writer, _) = ImageWriter::begin(LOG_ID);
        let mut chain = *blake3::hash(&LOG_ID.to_le_bytes()).as_bytes();
        let mut objects = Vec::new();
        let pieces = [1_u64, 5].map(|first| {
            let mut frames = Vec::new();
            let previous = chain;
            for payout in 0..2 {
                let record = Record { payout: [payout; 16], version: 1, body: vec![payout; 40] };
                frames.extend(writer.frame(&[record.clone(), record]).1);
                chain = *frames.last_chunk().expect("a frame ends in a hash");
            }
            let packed = pack(&frames);
            let last = first + 3;
            objects.push(json!({
                "name": format!("segments/{first:020}-{last:020}.frames.zst"),
                "first": first, "last": last, "frames": 2,
                "previous": hex(&previous), "chain": hex(&chain),
                "unpacked": frames.len(), "bytes": packed.len(),
                "blake3": hex(blake3::hash(&packed).as_bytes()),
            }));
            packed
        });
        let side =
            json!({"name": "identity", "bytes": 3, "blake3": hex(blake3::hash(b"abc").as_bytes())});
        let manifest =
            json!({"format": 1, "log_id": FOLDER, "objects": objects, "side_files": [side]});
        Whole { manifest, pieces }
    }

    fn put(&self, dir: &Path) {
        let folder = dir.join(FOLDER);
        fs::create_dir_all(folder.join("segments")).expect("a directory");
        fs::create_dir_all(folder.join("side")).expect("a directory");
        fs::write(folder.join("manifest.json"), self.manifest.to_string()).expect("written");
        for (object, piece) in
            self.manifest["objects"].as_array().into_iter().flatten().zip(&self.pieces)
        {
            let name = object["name"].as_str().expect("a name");
            fs::write(folder.join(name), piece).expect("written");
        }
        fs::write(folder.join(beside()), "abc").expect("written");
    }
}

fn beside() -> String {
    format!("side/identity.{}", &hex(blake3::hash(b"abc").as_bytes())[..16])
}

fn examples() -> Vec<Vec<u8>> {
    let whole = Whole::make();
    let second = &whole.pieces[1];
    let frames = zstd::stream::decode_all(&second[..]).expect("it was packed");
    let with = |what: u8, bytes: &[u8]| [&[what], bytes].concat();
    vec![
        with(MANIFEST, whole.manifest.to_string().as_bytes()),
        with(PIECE, second),
        with(FRAMES, &frames),
        with(BESIDE, b"abc"),
    ]
}

fn open() -> Check {
    let (whole, dir) = (Whole::make(), tempfile::tempdir().expect("a directory"));
    whole.put(dir.path());
    let url = format!("file://{}", dir.path().display());
    let options = LogArchiveOptions { url, ..LogArchiveOptions::default() };
    let original = log_archive::verify(&options, Some(LOG_ID), &mut |_| {}).expect("it is whole");
    Box::new(move |input| {
        let Some((what, bytes)) = input.split_first() else { return Trace::of(()) };
        let folder = dir.path().join(FOLDER);
        let found = match what % 4 {
            MANIFEST => with_file(&folder.join("manifest.json"), bytes, || verify(&options)),
            BESIDE => with_file(&folder.join(beside()), bytes, || verify(&options)),
            PIECE => with_piece(&whole, &folder, bytes, || verify(&options)),
            _ => with_piece(&whole, &folder, &pack(bytes), || verify(&options)),
        };
        judge(found, original, what % 4)
    })
}

fn verify(options: &LogArchiveOptions) -> Result<ArchivedLog, LogArchiveError> {
    log_archive::verify(options, Some(LOG_ID), &mut |_| {})
}

/// Puts other bytes into a file, and its own back behind the look.
fn with_file<T>(path: &Path, bytes: &[u8], look: impl FnOnce() -> T) -> T {
    let own = fs::read(path).expect("it is there");
    fs::write(path, bytes).expect("written");
    let found = look();
    fs::write(path, own).expect("written");
    found
}

/// The second piece is another, and the manifest has its hash and its length.
fn with_piece<T>(whole: &Whole, folder: &Path, piece: &[u8], look: impl FnOnce() -> T) -> T {
    let mut manifest = whole.manifest.clone();
    manifest["objects"][1]["bytes"] = json!(piece.len());
    manifest["objects"][1]["blake3"] = json!(hex(blake3::hash(piece).as_bytes()));
    with_file(&folder.join(SECOND), piece, || {
        with_file(&folder.join("manifest.json"), manifest.to_string().as_bytes(), look)
    })
}

/// Whatever is verified is the log, or a beginning of it that its manifest promises and no more.
fn judge(found: Result<ArchivedLog, LogArchiveError>, original: ArchivedLog, what: u8) -> Trace {
    match found {
        Ok(found) => {
            assert_eq!(found.log_id, original.log_id);
            assert!(found.through <= original.through, "more than there is was verified");
            let whole = found.through == original.through && found.chain == original.chain;
            assert!(whole || what == MANIFEST, "another piece passes for the log");
            Trace::of((found.through, found.objects, what))
        }
        Err(error) => Trace::told(error.to_string()).and(Trace::of(what)),
    }
}
