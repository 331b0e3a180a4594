//! The node's images.

use cloud::CloudError;
use domain::Digest;
use http::Method;

use crate::LocalCloud;
use crate::wire::{AddImage, Adding, Bake, Difference, Image, Import, Progress};

impl LocalCloud {
    /// A folder becomes an image. Baking the same again gives the image that is there.
    ///
    /// # Errors
    /// [`CloudError::Conflict`] when the version exists with other content, [`CloudError::Invalid`]
    /// for a folder or command that makes no image, with what to do about it.
    pub async fn bake(
        &self,
        bake: Bake,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Image, CloudError> {
        self.add(AddImage::Bake(bake), progress).await
    }

    /// Copies an image out of an OCI layout.
    ///
    /// # Errors
    /// As [`LocalCloud::bake`].
    pub async fn import(
        &self,
        import: Import,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Image, CloudError> {
        self.add(AddImage::Import(import), progress).await
    }

    /// All images, in the order in which they came.
    ///
    /// # Errors
    /// [`CloudError::Transient`] when no node answers.
    pub async fn images(&self) -> Result<Vec<Image>, CloudError> {
        self.call(Method::GET, "/v1/images", &()).await
    }

    /// # Errors
    /// [`CloudError::NotFound`] for a digest that is not in the node's store.
    pub async fn image(&self, digest: &Digest) -> Result<Image, CloudError> {
        self.call(Method::GET, &format!("/v1/images/{digest}"), &())
            .await
    }

    /// Reads every byte of the image, and of its tree where it is unpacked; what differs.
    ///
    /// # Errors
    /// [`CloudError::NotFound`] for a digest that is not in the node's store.
    pub async fn verify(&self, digest: &Digest) -> Result<Vec<Difference>, CloudError> {
        self.call(Method::POST, &format!("/v1/images/{digest}/verify"), &())
            .await
    }

    /// What changes from image `a`, such as the parent, to image `b`.
    ///
    /// # Errors
    /// [`CloudError::NotFound`] for a digest that is not in the node's store.
    pub async fn differences(&self, a: &Digest, b: &Digest) -> Result<Vec<Difference>, CloudError> {
        self.call(Method::GET, &format!("/v1/images/{a}/differences/{b}"), &())
            .await
    }

    async fn add(
        &self,
        asked: AddImage,
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Image, CloudError> {
        // Starts the node where it is gone.
        self.status().await?;
        let answer = self.client.send(Method::POST, "/v1/images", &asked).await?;
        let mut end = None;
        let mut each = |line: Adding| match line {
            Adding::Progress(done) => progress(done),
            Adding::Image(image) => end = Some(Ok(image)),
            Adding::Problem(problem) => end = Some(Err(problem.into())),
        };
        self.client.lines(answer, &mut each).await?;
        end.unwrap_or_else(|| {
            Err(CloudError::Transient(
                "the node ended before the image was finished; try again".to_owned(),
            ))
        })
    }
}
