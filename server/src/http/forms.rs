//! Forms, for browsers without script: the same verbs as the REST interface, answered by going back
//! to the page.

use super::Server;
use super::extract::{At, MAX_BODY, Who};
use super::home::{back, local};
use super::page;
use super::problem::{Handled, Trouble};
use crate::auth::Seal;
use app::backend::Problem;
use app::view::{CommandRequest, StartRequest};
use axum::extract::rejection::FormRejection;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use domain::plan::Strategy;
use domain::{AppName, Command, EnvName, RolloutId, Target};
use http::StatusCode;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct StartForm {
    app: String,
    env: String,
    image: String,
    strategy: String,
    #[serde(default)]
    return_to: String,
}

#[derive(Deserialize)]
pub(super) struct CommandForm {
    #[serde(default)]
    step: String,
    #[serde(default)]
    return_to: String,
}

/// `POST /do/rollouts`
pub(super) async fn start(
    State(server): State<Server>,
    Who(viewer): Who,
    Extension(seal): Extension<Seal>,
    form: Result<Form<StartForm>, FormRejection>,
) -> Handled<Response> {
    let form = filled(form)?;
    let done = match request(&form) {
        Ok(request) => server.backend.start(&viewer, request).await,
        Err(problem) => Err(problem),
    };
    let home = local(&form.return_to);
    Ok(match done {
        // As with script: to what was started. Only a refusal leads back.
        Ok(view) => Redirect::to(&format!("/rollouts/{}", view.id)),
        Err(problem) => back(&home.unwrap_or_else(|| "/".to_owned()), &problem, &seal),
    }
    .into_response())
}

/// `POST /do/rollouts/{id}/{verb}`
pub(super) async fn command(
    State(server): State<Server>,
    Who(viewer): Who,
    Extension(seal): Extension<Seal>,
    At((id, verb)): At<(RolloutId, String)>,
    form: Result<Form<CommandForm>, FormRejection>,
) -> Handled<Response> {
    let form = filled(form)?;
    let Some(command) = Command::ALL
        .into_iter()
        .find(|command| command.as_str() == verb)
    else {
        return Err(Trouble::new(
            StatusCode::NOT_FOUND,
            format!("{verb:?} cannot be said to a rollout"),
            "go back and reload the page",
        ));
    };
    let home = local(&form.return_to);
    let step = match form.step.as_str() {
        "" => None,
        step => Some(step.parse().map_err(|_| {
            Trouble::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("step is {step:?}"),
                "go back and reload the page",
            )
            .at("step")
        })?),
    };
    let done = server
        .backend
        .command(&viewer, id, command, CommandRequest { step })
        .await;
    Ok(match done {
        // A rollback of a finished rollout is one of its own: that is the one to look at.
        Ok(view) if view.id != id => Redirect::to(&format!("/rollouts/{}", view.id)),
        Ok(view) => Redirect::to(&home.unwrap_or_else(|| format!("/rollouts/{}", view.id))),
        Err(problem) => {
            let home = home.unwrap_or_else(|| format!("/rollouts/{id}"));
            back(&home, &problem, &seal)
        }
    }
    .into_response())
}

/// `POST /do/holds/{app}/{env}/remove`
pub(super) async fn remove_hold(
    State(server): State<Server>,
    Who(viewer): Who,
    Extension(seal): Extension<Seal>,
    At((app, env)): At<(AppName, EnvName)>,
) -> Response {
    let target = Target { app, env };
    let done = server.world.remove_hold(&viewer, &target).await;
    removed(&target, done, &seal)
}

/// `POST /do/vetoes/{app}/{env}/{image}/remove`
pub(super) async fn remove_veto(
    State(server): State<Server>,
    Who(viewer): Who,
    Extension(seal): Extension<Seal>,
    At((app, env, image)): At<(AppName, EnvName, String)>,
) -> Response {
    let target = Target { app, env };
    let done = server.world.remove_veto(&viewer, &target, &image).await;
    removed(&target, done, &seal)
}

/// To the environment it was removed from, which tells it.
fn removed(target: &Target, done: Result<bool, Problem>, seal: &Seal) -> Response {
    let home = format!("/applications/{}", target.app);
    match done {
        Ok(_) => Redirect::to(&format!("{home}#env-{}", target.env)),
        Err(problem) => back(&home, &problem, seal),
    }
    .into_response()
}

/// Shows a problem as a page: who sent a form without script has a browser before them.
pub(super) async fn as_page(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_form = path.starts_with("/do/") || path.starts_with("/sign-in/");
    let response = next.run(request).await;
    match response.extensions().get::<Trouble>() {
        Some(trouble) if is_form => page::problem(trouble.status(), trouble.body()),
        _ => response,
    }
}

fn filled<T>(form: Result<Form<T>, FormRejection>) -> Handled<T> {
    match form {
        Ok(Form(form)) => Ok(form),
        Err(error) => {
            let detail = match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => {
                    format!("the form is larger than {} KB", MAX_BODY / 1024)
                }
                _ => error.body_text(),
            };
            Err(Trouble::new(
                error.status(),
                detail,
                "go back and reload the page",
            ))
        }
    }
}

fn request(form: &StartForm) -> Result<StartRequest, Problem> {
    let bad = |field: &str, detail: String, remedy: &str| Problem {
        kind: app::backend::ProblemKind::Invalid,
        detail,
        remedy: remedy.to_owned(),
        field: Some(field.to_owned()),
    };
    let app = AppName::new(&form.app).map_err(|e| bad("app", e.to_string(), "reload the page"))?;
    let env = EnvName::new(&form.env).map_err(|e| bad("env", e.to_string(), "reload the page"))?;
    let strategy = Strategy::ALL
        .into_iter()
        .find(|s| s.as_str() == form.strategy)
        .ok_or_else(|| {
            bad(
                "strategy",
                format!("{:?} is no strategy", form.strategy),
                "choose one of the four",
            )
        })?;
    Ok(StartRequest {
        app,
        env,
        image: form.image.clone(),
        strategy,
    })
}
