//! Exports: the file as it is, and its content packed anew under the hash that belongs to it. Apart from `log`
//! because an export comes from anywhere: a restore reads what somebody carried here.

use crate::target::{Check, Target, Trace, about};
use snapshots::Record;
use snapshots::export::{ExportAbout, ExportFile, ExportWriter};
use snapshots::log::FrameSource;
use snapshots::log::image::{ImageFrames, ImageWriter};
use std::fs;
use std::path::Path;

pub const TARGET: Target =
    Target { name: "exports", text: false, longest: 16_384, usual: 700, examples, open };

/// What an input is stands in its first byte.
const FILE: u8 = 0;
const CONTENT: u8 = 1;

/// As the format has it, written down a second time.
const PREAMBLE: usize = 16;
const TRAILER: usize = 96;
const ENVELOPE: usize = 12;

fn log() -> (Vec<u8>, u64) {
    let (mut writer, mut bytes) = ImageWriter::begin(77);
    for payout in 1..4 {
        let record = Record { payout: [payout; 16], version: 1, body: vec![payout; 50] };
        bytes.extend(writer.frame(&[record.clone(), record]).1);
    }
    (bytes, writer.last_sequence())
}

fn examples() -> Vec<Vec<u8>> {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("export");
    let (log, last) = log();
    let mut all = Vec::new();
    for sides in [
        vec![],
        vec![("identity".to_owned(), vec![7; 40]), ("keys.json".to_owned(), b"{}".to_vec())],
    ] {
        let mut frames = ImageFrames::of(&log).expect("a log");
        let about = ExportAbout { created_at: 5, snapshot: None };
        let _ = fs::remove_file(&path);
        ExportWriter::write(&mut frames, last, about, &sides, &path, &mut |_| {}).expect("written");
        let file = fs::read(&path).expect("it was written");
        let packed = &file[PREAMBLE..file.len() - TRAILER];
        let content = zstd::stream::decode_all(packed).expect("it was packed");
        let trailer = &file[file.len() - TRAILER..file.len() - 32];
        all.push([&[CONTENT][..], trailer, &content].concat());
        all.push([&[FILE][..], &file].concat());
    }
    all
}

fn open() -> Check {
    let dir = tempfile::tempdir().expect("a directory");
    Box::new(move |input| {
        let Some((form, bytes)) = input.split_first() else { return Trace::of(()) };
        let file = match form % 2 {
            FILE => bytes.to_vec(),
            _ => match packed_anew(bytes) {
                Some(file) => file,
                None => return Trace::of("too short"),
            },
        };
        let path = dir.path().join("export");
        fs::write(&path, file).expect("written");
        read(&path, dir.path()).and(Trace::of(form % 2))
    })
}

/// A file with this trailer and content, all checksums and the closing hash right.
fn packed_anew(bytes: &[u8]) -> Option<Vec<u8>> {
    let (trailer, content) = bytes.split_at_checked(TRAILER - 32)?;
    let mut content = content.to_vec();
    if let Some(header) = content.get_mut(4..).filter(|rest| rest.len() > ENVELOPE) {
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        if let Some(payload) = header.get(ENVELOPE..).and_then(|rest| rest.get(..length)) {
            let sum = crc32c::crc32c_append(crc32c::crc32c(&header[..8]), payload);
            header[8..ENVELOPE].copy_from_slice(&sum.to_le_bytes());
        }
    }
    let mut file = b"BursrExp\x01\x00\x00\x00".to_vec();
    file.extend(crc32c::crc32c(&file).to_le_bytes());
    file.extend(zstd::stream::encode_all(&content[..], 1).ok()?);
    file.extend_from_slice(b"BursrEnd");
    file.extend_from_slice(&trailer[8..]);
    let hash = blake3::hash(&file);
    file.extend_from_slice(hash.as_bytes());
    Some(file)
}

/// What is verified can be carried on, and is then verified as the same.
fn read(path: &Path, dir: &Path) -> Trace {
    let file = match ExportFile::open(path) {
        Ok(file) => file,
        Err(error) => return refused(&error.to_string(), path),
    };
    let summary = match file.verify(&mut |_| {}) {
        Ok(summary) => summary,
        Err(error) => return refused(&error.to_string(), path),
    };
    let onward = dir.join("onward");
    let _ = fs::remove_file(&onward);
    let mut frames = file.frames().expect("it was verified");
    let sides = file.side_files();
    let last = summary.last_sequence;
    let written = ExportWriter::write(&mut frames, last, file.about(), sides, &onward, &mut |_| {});
    let again = written.expect("a verified export is carried on");
    assert_eq!(
        (again.log_id, again.frames, again.records, again.chain),
        (summary.log_id, summary.frames, summary.records, summary.chain)
    );
    let again = ExportFile::open(&onward).expect("it was written here");
    assert_eq!(again.side_files(), sides);
    assert_eq!(again.about(), file.about());
    let mut frames = again.frames().expect("it was written here");
    let mut count = 0;
    while frames.next_frame().expect("it was written here").is_some() {
        count += 1;
    }
    Trace::of((about(count), about(sides.len())))
}

fn refused(why: &str, path: &Path) -> Trace {
    let named = path.display().to_string();
    assert!(why.contains(&named), "a refusal names its file: {why}");
    Trace::told(why.replace(&named, ""))
}
