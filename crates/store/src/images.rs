//! Images by digest, and by the versions people know them by.

use crate::Store;
use crate::batch::{Batch, signed, unsigned};
use crate::entity::image;
use crate::environments::{json, unreadable};
use crate::error::StoreError;
use crate::journal;
use crate::model::{AdminEvent, ImageRecord};
use domain::{Actor, AppName, Digest, Time, Version};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};

impl Store {
    /// Remembers an image and enters `baked` in the journal. The same image again is fine, and
    /// changes nothing.
    ///
    /// # Errors
    /// [`StoreError::VersionTaken`] and [`StoreError::ImageTaken`]: a version is never moved to
    /// another image, nor an image to another version.
    pub async fn save_image(&self, image: ImageRecord) -> Result<(), StoreError> {
        self.inner
            .writer
            .write(image, |batch, image| Box::pin(write(batch, image)))
            .await
    }

    /// Images of one application or of all, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn images(&self, app: Option<&AppName>) -> Result<Vec<ImageRecord>, StoreError> {
        let mut query = image::Entity::find();
        if let Some(app) = app {
            query = query.filter(image::Column::App.eq(app.as_str()));
        }
        let query = query
            .order_by_desc(image::Column::BakedAt)
            .order_by_asc(image::Column::Digest);
        let rows = query
            .all(self.reader())
            .await
            .map_err(|e| self.trouble(e))?;
        rows.into_iter().map(record).collect()
    }

    /// The image of a digest.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn image(&self, digest: &Digest) -> Result<Option<ImageRecord>, StoreError> {
        let found = image::Entity::find_by_id(digest.to_string())
            .one(self.reader())
            .await;
        found.map_err(|e| self.trouble(e))?.map(record).transpose()
    }

    /// The image of a version.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn find_image(
        &self,
        app: &AppName,
        version: &Version,
    ) -> Result<Option<ImageRecord>, StoreError> {
        let found = image::Entity::find()
            .filter(image::Column::App.eq(app.as_str()))
            .filter(image::Column::Version.eq(version.as_str()))
            .one(self.reader())
            .await;
        found.map_err(|e| self.trouble(e))?.map(record).transpose()
    }
}

async fn write(batch: &mut Batch, new: &ImageRecord) -> Result<(), StoreError> {
    let found = image::Entity::find_by_id(new.digest.to_string())
        .one(&batch.tx)
        .await;
    if let Some(known) = found
        .map_err(|e| batch.trouble(e))?
        .map(record)
        .transpose()?
    {
        if (&known.app, &known.version) == (&new.app, &new.version) {
            return Ok(());
        }
        let ImageRecord {
            digest,
            app,
            version,
            ..
        } = known;
        return Err(StoreError::ImageTaken {
            digest,
            app,
            version,
        });
    }
    let found = image::Entity::find()
        .filter(image::Column::App.eq(new.app.as_str()))
        .filter(image::Column::Version.eq(new.version.as_str()))
        .one(&batch.tx)
        .await;
    if let Some(known) = found
        .map_err(|e| batch.trouble(e))?
        .map(record)
        .transpose()?
    {
        let ImageRecord {
            digest,
            app,
            version,
            ..
        } = known;
        return Err(StoreError::VersionTaken {
            app,
            version,
            digest,
        });
    }
    let row = image::Model {
        digest: new.digest.to_string(),
        app: new.app.to_string(),
        version: new.version.to_string(),
        parent: new.parent.as_ref().map(Digest::to_string),
        command: json("a command", &new.command)?,
        baked_at: new.baked_at.0,
        baked_by: new.baked_by.to_string(),
        size_bytes: signed(new.size_bytes),
        files: signed(new.files),
        labels: json("labels", &new.labels)?,
    };
    image::Entity::insert(row.into_active_model().reset_all())
        .exec_without_returning(&batch.tx)
        .await
        .map_err(|e| batch.trouble(e))?;
    let detail = serde_json::json!({
        "app": new.app, "version": new.version, "digest": new.digest, "parent": new.parent,
    });
    let (at, by, kind) = (new.baked_at, new.baked_by.clone(), "baked".to_owned());
    journal::enter(
        batch,
        AdminEvent {
            at,
            by,
            kind,
            target: None,
            detail,
        },
    )?;
    Ok(())
}

fn record(row: image::Model) -> Result<ImageRecord, StoreError> {
    let what = format!("the image {}", row.digest);
    let bad = |e| unreadable(&what, e);
    let bad_json = |e: serde_json::Error| unreadable(&what, e);
    Ok(ImageRecord {
        digest: Digest::new(&row.digest).map_err(bad)?,
        app: AppName::new(&row.app).map_err(bad)?,
        version: Version::new(&row.version).map_err(bad)?,
        parent: row
            .parent
            .as_deref()
            .map(Digest::new)
            .transpose()
            .map_err(bad)?,
        command: serde_json::from_str(&row.command).map_err(bad_json)?,
        baked_at: Time(row.baked_at),
        baked_by: Actor::new(&row.baked_by).map_err(bad)?,
        size_bytes: unsigned(row.size_bytes),
        files: unsigned(row.files),
        labels: serde_json::from_str(&row.labels).map_err(bad_json)?,
    })
}
