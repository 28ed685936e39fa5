//! An object store and a place in it: what an address in the options stands for.
//!
//! Apart because here, and only here, stores differ: some can refuse to overwrite, some cannot, and
//! a directory has to be there before anything is put into it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use object_store::{
    ClientOptions, Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, RetryConfig,
    UpdateVersion, aws::AmazonS3Builder, http::HttpBuilder, local::LocalFileSystem, path::Path,
};
use secrecy::ExposeSecret;
use url::Url;

use super::{LogArchiveError, LogArchiveOptions};

/// How long one call may take: a piece over a slow line.
const CALL_TIMEOUT: Duration = Duration::from_secs(300);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where archived logs lie.
#[derive(Clone)]
pub(super) struct Place {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// For messages.
    name: String,
    /// A directory that has to be there: what is not mounted must not be filled.
    directory: Option<PathBuf>,
}

/// An object as it was read or written last.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) bytes: Bytes,
    version: UpdateVersion,
}

/// Whether the options name a place that could be opened. Reaches for nothing.
///
/// # Errors
/// [`LogArchiveError::Option`], which names the option.
pub fn check(options: &LogArchiveOptions) -> Result<(), LogArchiveError> {
    Place::open(options).map(drop)
}

impl Place {
    /// The place that the options name. Reaches for nothing yet.
    pub(super) fn open(options: &LogArchiveOptions) -> Result<Self, LogArchiveError> {
        let refuse = |reason: String| LogArchiveError::Option { key: "url", reason };
        let url = Url::parse(&options.url).map_err(|error| refuse(format!("{error}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            let reason = "a user or a password in the address would end up in logs";
            return Err(refuse(reason.to_owned()));
        }
        match url.scheme() {
            "file" => local(&url),
            "s3" => s3(&url, options),
            "http" | "https" => http(&url, options),
            other => {
                let known = "file:///directory, s3://bucket/prefix and https://host/path";
                Err(refuse(format!("\"{other}\" is no known kind of address; known are {known}")))
            }
        }
    }

    /// A place in a store that is there already.
    #[cfg(test)]
    pub(super) fn of(store: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        let prefix = Path::from(prefix);
        Self { store, prefix, name: "test:".to_owned(), directory: None }
    }

    /// The object's whole name, for messages.
    pub(super) fn named(&self, object: &str) -> String {
        format!("{}/{object}", self.name.trim_end_matches('/'))
    }

    /// That a directory is there; other stores answer for themselves.
    pub(super) fn is_there(&self) -> Result<(), LogArchiveError> {
        match &self.directory {
            Some(directory) if !directory.is_dir() => {
                let reason = "there is no such directory; is it mounted?".to_owned();
                Err(LogArchiveError::Store { object: self.name.clone(), reason })
            }
            _ => Ok(()),
        }
    }

    /// The object, if it is there.
    pub(super) async fn get(&self, object: &str) -> Result<Option<Known>, LogArchiveError> {
        let failed = |error: StoreError| LogArchiveError::store(self.named(object), &error);
        let found = match self.store.get(&self.path(object)).await {
            Ok(found) => found,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let version =
            UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() };
        let bytes = found.bytes().await.map_err(failed)?;
        Ok(Some(Known { bytes, version }))
    }

    /// Puts an object under a name that nothing has; `false` if something has it.
    pub(super) async fn put_new(
        &self,
        object: &str,
        bytes: Bytes,
    ) -> Result<bool, LogArchiveError> {
        match self.put(object, bytes.clone(), PutMode::Create).await {
            Ok(_) => Ok(true),
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => Ok(false),
            Err(StoreError::NotImplemented { .. } | StoreError::NotSupported { .. }) => {
                if self.get(object).await?.is_some() {
                    return Ok(false);
                }
                self.overwrite(object, bytes).await.map(|_| true)
            }
            Err(error) => Err(LogArchiveError::store(self.named(object), &error)),
        }
    }

    /// Puts an object, whatever has its name.
    pub(super) async fn overwrite(
        &self,
        object: &str,
        bytes: Bytes,
    ) -> Result<Known, LogArchiveError> {
        self.put(object, bytes, PutMode::Overwrite)
            .await
            .map_err(|error| LogArchiveError::store(self.named(object), &error))
    }

    /// Puts an object in place of `known`, or of nothing, and of nothing else.
    pub(super) async fn replace(
        &self,
        object: &str,
        bytes: Bytes,
        known: Option<&Known>,
    ) -> Result<Known, LogArchiveError> {
        let mode = match known {
            None => PutMode::Create,
            Some(known) => PutMode::Update(known.version.clone()),
        };
        let can_tell = known.is_none_or(|known| known.version.e_tag.is_some());
        if can_tell {
            match self.put(object, bytes.clone(), mode).await {
                Ok(known) => return Ok(known),
                Err(StoreError::NotImplemented { .. } | StoreError::NotSupported { .. }) => {}
                Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => {
                    return Err(LogArchiveError::Changed(self.named(object)));
                }
                Err(error) => return Err(LogArchiveError::store(self.named(object), &error)),
            }
        }
        // The store cannot refuse by itself; this leaves a moment, but nobody else should be here.
        let there = self.get(object).await?;
        if there.map(|there| there.bytes) != known.map(|known| known.bytes.clone()) {
            return Err(LogArchiveError::Changed(self.named(object)));
        }
        self.overwrite(object, bytes).await
    }

    /// Removes an object; one that is gone already is fine.
    pub(super) async fn remove(&self, object: &str) -> Result<(), LogArchiveError> {
        match self.store.delete(&self.path(object)).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(LogArchiveError::store(self.named(object), &error)),
        }
    }

    /// Names of what lies directly under `folder`: objects and folders, without their path.
    pub(super) async fn list(&self, folder: &str) -> Result<Vec<String>, LogArchiveError> {
        let path = self.path(folder);
        let listed = self.store.list_with_delimiter(Some(&path)).await;
        let listed = listed.map_err(|error| LogArchiveError::store(self.named(folder), &error))?;
        let objects = listed.objects.iter().filter_map(|object| object.location.filename());
        let folders = listed.common_prefixes.iter().filter_map(|path| path.filename());
        Ok(objects.chain(folders).map(str::to_owned).collect())
    }

    fn path(&self, object: &str) -> Path {
        object.split('/').filter(|part| !part.is_empty()).fold(self.prefix.clone(), Path::join)
    }

    async fn put(&self, object: &str, bytes: Bytes, mode: PutMode) -> Result<Known, StoreError> {
        // It may have gone away since, and the store would make it anew on another disk.
        if let Err(error) = self.is_there() {
            return Err(StoreError::Generic { store: "file", source: Box::new(error) });
        }
        let put =
            self.store.put_opts(&self.path(object), bytes.clone().into(), mode.into()).await?;
        Ok(Known { bytes, version: UpdateVersion { e_tag: put.e_tag, version: put.version } })
    }
}

fn local(url: &Url) -> Result<Place, LogArchiveError> {
    let refuse = |reason: String| LogArchiveError::Option { key: "url", reason };
    let directory = url.to_file_path();
    let directory =
        directory.map_err(|()| refuse("expected file:///directory, from the root".to_owned()))?;
    let prefix = Path::from_absolute_path(&directory).map_err(|error| refuse(error.to_string()))?;
    let store = LocalFileSystem::new().with_fsync(true);
    Ok(Place { store: Arc::new(store), prefix, name: url.to_string(), directory: Some(directory) })
}

fn s3(url: &Url, options: &LogArchiveOptions) -> Result<Place, LogArchiveError> {
    let refuse = |key, reason: String| LogArchiveError::Option { key, reason };
    let bucket = url.host_str().filter(|bucket| !bucket.is_empty());
    let bucket =
        bucket.ok_or_else(|| refuse("url", "expected s3://bucket or s3://bucket/prefix".into()))?;
    let s3 = &options.s3;
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_virtual_hosted_style_request(false)
        // Few are removed at a time, and not every store knows how to remove many at once.
        .with_disable_bulk_delete(true)
        .with_allow_http(options.allow_http)
        .with_client_options(client(options))
        .with_retry(retries());
    if let Some(endpoint) = &s3.endpoint {
        let parsed = Url::parse(endpoint).map_err(|error| refuse("endpoint", error.to_string()))?;
        no_plain_text(&parsed, options, "endpoint")?;
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    if let Some(region) = &s3.region {
        builder = builder.with_region(region);
    }
    match (&s3.access_key_id, &s3.secret_access_key) {
        (Some(id), Some(secret)) => {
            let secret = secret.expose_secret();
            builder = builder.with_access_key_id(id).with_secret_access_key(secret);
        }
        (None, None) => {}
        _ => {
            let reason = "access_key_id and secret_access_key are given together or not at all";
            return Err(refuse("access_key_id", reason.to_owned()));
        }
    }
    let store = builder.build().map_err(|error| refuse("url", error.to_string()))?;
    let prefix = Path::from_url_path(url.path());
    let prefix = prefix.map_err(|error| refuse("url", error.to_string()))?;
    Ok(Place { store: Arc::new(store), prefix, name: url.to_string(), directory: None })
}

fn http(url: &Url, options: &LogArchiveOptions) -> Result<Place, LogArchiveError> {
    no_plain_text(url, options, "url")?;
    let builder = HttpBuilder::new().with_url(url.as_str());
    let store = builder.with_client_options(client(options)).with_retry(retries()).build();
    let store =
        store.map_err(|error| LogArchiveError::Option { key: "url", reason: error.to_string() })?;
    let (prefix, name) = (Path::default(), url.to_string());
    Ok(Place { store: Arc::new(store), prefix, name, directory: None })
}

fn no_plain_text(
    url: &Url,
    options: &LogArchiveOptions,
    key: &'static str,
) -> Result<(), LogArchiveError> {
    let reason = match url.scheme() {
        "https" => return Ok(()),
        "http" if options.allow_http => return Ok(()),
        "http" => {
            "frames name recipients, and http would show them to whoever listens; use https, \
                   or set allow_http for a network where nobody does"
        }
        _ => "expected an address that begins with https://",
    };
    Err(LogArchiveError::Option { key, reason: reason.to_owned() })
}

fn client(options: &LogArchiveOptions) -> ClientOptions {
    ClientOptions::new()
        .with_allow_http(options.allow_http)
        .with_timeout(CALL_TIMEOUT)
        .with_connect_timeout(CONNECT_TIMEOUT)
}

/// The follower begins again by itself, and shows that it has to; a call hides only a hiccup.
fn retries() -> RetryConfig {
    RetryConfig { max_retries: 2, retry_timeout: Duration::from_secs(30), ..RetryConfig::default() }
}
