//! The same over the wire: a store that speaks as much S3 as the archive uses.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use super::*;

/// Objects by their path, and every request line with its `Authorization`.
#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, Vec<u8>>,
    asked: Vec<(String, String)>,
}

struct Request {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// Serves a bucket until the test ends; gives its address.
fn serve() -> (String, Arc<Mutex<Bucket>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let bucket = Arc::new(Mutex::new(Bucket::default()));
    let served = Arc::clone(&bucket);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let Some(request) = read(&stream) else { continue };
            let (status, headers, body) = answer(&mut served.lock().unwrap(), &request);
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}Connection: close\r\n\r\n"
            );
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    (address, bucket)
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    lines.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let url = url::Url::parse(&format!("http://bucket{target}")).ok()?;
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        lines.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    lines.read_exact(&mut body).ok()?;
    let query = url.query_pairs().into_owned().collect();
    Some(Request { method, path: url.path().to_owned(), query, headers, body })
}

fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", &blake3::hash(bytes).to_hex()[..32])
}

fn answer(bucket: &mut Bucket, request: &Request) -> (&'static str, String, Vec<u8>) {
    let Request { method, path, query, headers, body } = request;
    let signed = headers.get("authorization").cloned().unwrap_or_default();
    bucket.asked.push((format!("{method} {path}"), signed));
    let found = bucket.objects.get(path);
    let empty = |status| (status, String::new(), Vec::new());
    match method.as_str() {
        "PUT" => {
            let taken = headers.get("if-none-match").is_some() && found.is_some();
            let wanted = headers.get("if-match");
            if taken || wanted.is_some_and(|tag| found.is_none_or(|found| etag(found) != *tag)) {
                return empty("412 Precondition Failed");
            }
            let tag = etag(body);
            bucket.objects.insert(path.clone(), body.clone());
            ("200 OK", format!("ETag: {tag}\r\n"), Vec::new())
        }
        "GET" if query.contains_key("list-type") => {
            ("200 OK", String::new(), list(bucket, &query["prefix"]).into_bytes())
        }
        "GET" => match found {
            Some(bytes) => {
                let modified = "Last-Modified: Sat, 21 Nov 2026 10:00:00 GMT";
                let headers = format!("ETag: {}\r\n{modified}\r\n", etag(bytes));
                ("200 OK", headers, bytes.clone())
            }
            None => empty("404 Not Found"),
        },
        "DELETE" => {
            bucket.objects.remove(path);
            empty("204 No Content")
        }
        _ => empty("501 Not Implemented"),
    }
}

/// What lies directly under `prefix`: objects and folders.
fn list(bucket: &Bucket, prefix: &str) -> String {
    let (mut objects, mut folders) = (String::new(), BTreeMap::new());
    for (path, bytes) in &bucket.objects {
        let key = path.strip_prefix("/bucket/").unwrap();
        let Some(rest) = key.strip_prefix(prefix) else { continue };
        if let Some((folder, _)) = rest.split_once('/') {
            let common =
                format!("<CommonPrefixes><Prefix>{prefix}{folder}/</Prefix></CommonPrefixes>");
            folders.insert(folder.to_owned(), common);
        } else {
            let (size, tag) = (bytes.len(), etag(bytes).replace('"', "&quot;"));
            let modified = "2026-11-21T10:00:00.000Z";
            objects += &format!(
                "<Contents><Key>{key}</Key><LastModified>{modified}</LastModified>\
                 <ETag>{tag}</ETag><Size>{size}</Size></Contents>"
            );
        }
    }
    let folders: String = folders.into_values().collect();
    format!(
        "<ListBucketResult><IsTruncated>false</IsTruncated>{objects}{folders}</ListBucketResult>"
    )
}

#[test]
fn a_log_goes_to_an_s3_compatible_store_and_comes_back() {
    let (endpoint, bucket) = serve();
    let options = LogArchiveOptions {
        url: "s3://bucket/backups/bursar".to_owned(),
        allow_http: true,
        s3: S3Options {
            endpoint: Some(endpoint),
            region: Some("eu-west-1".to_owned()),
            access_key_id: Some("AKID".to_owned()),
            secret_access_key: Some("s3cret".into()),
        },
        ..LogArchiveOptions::default()
    };
    let mut world = World::in_memory();
    let mut shipper = world.shipper();
    shipper.place = Place::open(&options).unwrap();
    for _ in 0..20 {
        world.commit();
        ship(&mut shipper).unwrap();
    }
    // Another process, and then another writer.
    let mut next = world.shipper();
    next.place = Place::open(&options).unwrap();
    world.commits(20);
    ship(&mut next).unwrap();
    world.commit();
    let error = ship(&mut shipper).unwrap_err();
    assert!(matches!(error, LogArchiveError::Changed(_)), "{error}");
    ship(&mut next).unwrap();

    let mut frames = ArchivedFrames::open(&options, None).unwrap();
    let mut local = LogFrames::open(&world.log_dir()).unwrap();
    assert_eq!(records(&mut frames).unwrap(), records(&mut local).unwrap());
    let verified = verify(&options, Some(world.log_id()), &mut |_| ()).unwrap();
    assert_eq!((verified.through, logs(&options).unwrap()), (82, vec![verified]));
    let bucket = bucket.lock().unwrap();
    let folder = format!("/bucket/backups/bursar/{:016x}/", world.log_id());
    assert!(bucket.objects.keys().all(|key| key.starts_with(&folder)));
    for (asked, signed) in &bucket.asked {
        let scope = "AWS4-HMAC-SHA256 Credential=AKID/";
        assert!(
            signed.starts_with(scope) && signed.contains("/eu-west-1/s3/"),
            "{asked}: {signed}"
        );
        assert!(!signed.contains("s3cret"));
    }
    let removed = bucket.asked.iter().any(|(asked, _)| asked.starts_with("DELETE"));
    assert!(removed, "pieces became one, and the small ones went");
}
