//! The provider's verbs as requests.

use async_trait::async_trait;
use cloud::{CloudError, Place, Provider};
use domain::planner::Capabilities;
use domain::{Digest, GroupName, Observation, Routes, Target};
use http::Method;

use crate::{LocalCloud, NAME, path_segment, wire};

fn environment(target: &Target) -> String {
    format!("/v1/environments/{}/{}", target.app, target.env)
}

fn of_group(target: &Target, group: &GroupName) -> String {
    format!("{}/groups/{group}", environment(target))
}

#[async_trait]
impl Provider for LocalCloud {
    fn name(&self) -> &str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    async fn observe(&self, place: &Place) -> Result<Observation, CloudError> {
        self.call(Method::GET, &environment(&place.target), &())
            .await
    }

    async fn ensure_group(
        &self,
        place: &Place,
        group: &domain::Group,
        size: u32,
    ) -> Result<(), CloudError> {
        let asked = wire::EnsureGroup {
            listen: place.environment.listen,
            group: group.clone(),
            size,
        };
        self.call(Method::PUT, &of_group(&place.target, &group.name), &asked)
            .await
    }

    async fn ensure_size(
        &self,
        place: &Place,
        group: &GroupName,
        size: u32,
    ) -> Result<(), CloudError> {
        let path = format!("{}/size", of_group(&place.target, group));
        self.call(Method::PUT, &path, &wire::EnsureSize { size })
            .await
    }

    async fn ensure_traffic(&self, place: &Place, routes: &Routes) -> Result<(), CloudError> {
        let path = format!("{}/traffic", environment(&place.target));
        let asked = wire::EnsureTraffic {
            listen: place.environment.listen,
            routes: routes.clone(),
        };
        self.call(Method::PUT, &path, &asked).await
    }

    async fn ensure_retired(&self, place: &Place, group: &GroupName) -> Result<(), CloudError> {
        self.call(Method::DELETE, &of_group(&place.target, group), &())
            .await
    }

    async fn replace_instance(
        &self,
        place: &Place,
        group: &GroupName,
        instance: &str,
    ) -> Result<(), CloudError> {
        let instance = path_segment(instance)?;
        let path = format!(
            "{}/instances/{instance}/replace",
            of_group(&place.target, group)
        );
        self.call(Method::POST, &path, &()).await
    }

    async fn has_image(&self, digest: &Digest) -> Result<bool, CloudError> {
        match self.image(digest).await {
            Ok(_) => Ok(true),
            Err(CloudError::NotFound(_)) => Ok(false),
            Err(other) => Err(other),
        }
    }
}
