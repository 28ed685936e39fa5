//! A store that stops answering after so many calls, having carried out the last one or not.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use futures_util::{StreamExt, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, path::Path,
};

/// Passes calls on to `inner` while it lives.
#[derive(Debug)]
pub(super) struct Mortal {
    pub(super) inner: Arc<dyn ObjectStore>,
    /// Calls that are still answered.
    pub(super) left: Arc<AtomicU64>,
    /// Whether the first call that is not answered is carried out all the same.
    pub(super) last_words: bool,
}

enum Fate {
    Answered,
    CarriedOut,
    Dead,
}

impl Mortal {
    fn fate(&self) -> Fate {
        let one_less = |left: u64| left.checked_sub(1);
        match self.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_less) {
            Ok(1) if self.last_words => Fate::CarriedOut,
            Ok(1) | Err(_) => Fate::Dead,
            Ok(_) => Fate::Answered,
        }
    }
}

fn dead() -> Error {
    Error::Generic { store: "mortal", source: "the line is dead".into() }
}

impl fmt::Display for Mortal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("mortal")
    }
}

#[async_trait]
impl ObjectStore for Mortal {
    async fn put_opts(&self, to: &Path, what: PutPayload, how: PutOptions) -> Result<PutResult> {
        match self.fate() {
            Fate::Answered => self.inner.put_opts(to, what, how).await,
            Fate::CarriedOut => {
                let _ = self.inner.put_opts(to, what, how).await;
                Err(dead())
            }
            Fate::Dead => Err(dead()),
        }
    }

    async fn put_multipart_opts(
        &self,
        to: &Path,
        how: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(to, how).await
    }

    async fn get_opts(&self, from: &Path, how: GetOptions) -> Result<GetResult> {
        match self.fate() {
            Fate::Answered => self.inner.get_opts(from, how).await,
            _ => Err(dead()),
        }
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        match self.fate() {
            Fate::Answered => self.inner.delete_stream(paths),
            Fate::CarriedOut => {
                let removed = self.inner.delete_stream(paths);
                removed.map(|_| Err(dead())).boxed()
            }
            Fate::Dead => futures_util::stream::once(async { Err(dead()) }).boxed(),
        }
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        match self.fate() {
            Fate::Answered => self.inner.list_with_delimiter(prefix).await,
            _ => Err(dead()),
        }
    }

    async fn copy_opts(&self, from: &Path, to: &Path, how: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, how).await
    }
}
