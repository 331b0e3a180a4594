//! `viridian image`: bake, import, list, show.

use super::client::{Client, typed, with_query};
use super::connect::Connect;
use super::{Done, Failure, Outcome};
use super::{print, progress};
use app::view::{BakeRequest, ImageView, ImagesView};
use clap::Subcommand;
use domain::{AppName, Digest, Version};
use serde_json::json;
use std::path::PathBuf;

/// Bake, import and look at images.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Bake(Bake),
    Import(Import),
    List(List),
    Show(Show),
}

/// Turn a folder into a new image.
///
/// Everything after `--` is the program and its arguments, started without a shell in the unpacked
/// folder; ${PORT} is filled in by the node.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  viridian image bake ./site --app site --version 1 -- python3 -m http.server '${PORT}' --bind 127.0.0.1"
)]
struct Bake {
    /// The folder, on the server's machine.
    folder: PathBuf,
    #[arg(long, value_name = "NAME")]
    app: AppName,
    /// The image's version; it never moves to another image.
    #[arg(long, value_name = "VERSION")]
    version: Version,
    /// The image to build upon: a version of the same application, or a digest.
    #[arg(long, value_name = "VERSION|DIGEST")]
    parent: Option<String>,
    /// A note kept with the image, such as commit=3f2a91; can be given more than once.
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    #[command(flatten)]
    connect: Connect,
    /// The program and its arguments. Without them the parent's are used.
    #[arg(last = true, value_name = "ARGV")]
    command: Vec<String>,
}

/// Take over an image from an OCI image layout.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  viridian image import ./layout --app site --version 2")]
struct Import {
    /// The folder of the layout, on the server's machine.
    folder: PathBuf,
    #[arg(long, value_name = "NAME")]
    app: AppName,
    #[arg(long, value_name = "VERSION")]
    version: Version,
    /// Which image of the layout, where it holds several.
    #[arg(long, value_name = "NAME")]
    reference: Option<String>,
    #[command(flatten)]
    connect: Connect,
}

/// List images, parents before children.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  viridian image list --app site")]
struct List {
    #[arg(long, value_name = "NAME")]
    app: Option<AppName>,
    #[command(flatten)]
    connect: Connect,
}

/// Show one image and what differs from its parent.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  viridian image show 1.4.2 --app site")]
struct Show {
    /// A digest, or a version together with --app.
    image: String,
    #[arg(long, value_name = "NAME")]
    app: Option<AppName>,
    #[command(flatten)]
    connect: Connect,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE")?;
    if key.is_empty() {
        Err("the key is empty: write it as KEY=VALUE".into())
    } else {
        Ok((key.into(), value.into()))
    }
}

pub(crate) async fn run(args: Args) -> Outcome {
    match args.command {
        Command::Bake(args) => bake(args).await,
        Command::Import(args) => import(args).await,
        Command::List(args) => list(args).await,
        Command::Show(args) => show(args).await,
    }
}

/// The server may stand in another folder than this command.
fn absolute(folder: &std::path::Path) -> Result<String, Failure> {
    let absolute = std::path::absolute(folder).map_err(|error| {
        Failure::new(
            format!("{} has no address: {error}", folder.display()),
            "name a folder",
        )
    })?;
    absolute.into_os_string().into_string().map_err(|path| {
        Failure::new(
            format!("{} is not UTF-8", path.display()),
            "rename the folder",
        )
    })
}

async fn bake(args: Bake) -> Outcome {
    let request = BakeRequest {
        folder: absolute(&args.folder)?,
        app: args.app,
        version: args.version,
        parent: args.parent,
        command: args.command,
        labels: args.labels,
    };
    let (app, version) = (request.app.clone(), request.version.clone());
    make(
        &args.connect,
        "/api/v1/images",
        &request,
        (&app, &version),
        "Baked",
    )
    .await
}

async fn import(args: Import) -> Outcome {
    let request = json!({
        "folder": absolute(&args.folder)?, "app": args.app, "version": args.version,
        "reference": args.reference,
    });
    let path = "/api/v1/images/import";
    let what = (&args.app, &args.version);
    make(&args.connect, path, &request, what, "Imported").await
}

async fn make(
    connect: &Connect,
    path: &str,
    request: &impl serde::Serialize,
    (app, version): (&AppName, &Version),
    done: &str,
) -> Outcome {
    let client = connect.client()?;
    let work = client.make(path, request);
    if connect.json {
        print::json(&work.await?.0);
        return Ok(Done::Ok);
    }
    let (answer, new) = progress::told(&client, app, version, work).await?;
    let image: ImageView = typed(&answer)?;
    let size = print::bytes(image.size_bytes);
    let ImageView {
        app,
        version,
        files,
        digest,
        ..
    } = image;
    let files = match files {
        1 => "1 file".to_owned(),
        n => format!("{n} files"),
    };
    print::line(if new {
        format!("{done} {app} {version}: {files}, {size}.")
    } else {
        format!("{app} {version} is this very image already ({files}, {size}): nothing was made.")
    });
    print::line(digest.as_str());
    doubt_name(&client, &app).await;
    Ok(Done::Ok)
}

/// A common base is an image of no application, so such a name is only doubted: it may be mistyped.
async fn doubt_name(client: &Client, app: &AppName) {
    let found = client.get(&format!("/api/v1/applications/{app}")).await;
    if found.is_err_and(|failure| failure.status == Some(404)) {
        eprintln!(
            "Note: no application is named {app} yet. Declare it with `viridian apply` to release this image; a base of others needs no more."
        );
    }
}

async fn list(args: List) -> Outcome {
    let path = with_query("/api/v1/images", &[("app", args.app.map(String::from))]);
    let answer = args.connect.client()?.get(&path).await?;
    if args.connect.json {
        print::json(&answer);
        return Ok(Done::Ok);
    }
    let view: ImagesView = typed(&answer)?;
    if view.images.is_empty() {
        print::line("There is no image yet: `viridian image bake` makes one.");
        return Ok(Done::Ok);
    }
    let version_of = |digest: &Digest| {
        let parent = view.images.iter().find(|image| &image.digest == digest);
        parent.map_or_else(
            || digest.short().to_owned(),
            |image| image.version.to_string(),
        )
    };
    let rows: Vec<_> = view
        .images
        .iter()
        .map(|image| {
            vec![
                image.app.to_string(),
                image.version.to_string(),
                image.digest.short().to_owned(),
                image
                    .parent
                    .as_ref()
                    .map_or_else(|| "-".to_owned(), version_of),
                print::bytes(image.size_bytes),
                print::time(image.baked_at),
                live(image),
            ]
        })
        .collect();
    let head = [
        "APP",
        "VERSION",
        "DIGEST",
        "PARENT",
        "SIZE",
        "BAKED (UTC)",
        "LIVE IN",
    ];
    print::line(print::table(&head, &rows));
    Ok(Done::Ok)
}

fn live(image: &ImageView) -> String {
    let live: Vec<_> = image
        .live
        .iter()
        .map(|live| format!("{}/{} {}%", live.app, live.env, live.weight))
        .collect();
    if live.is_empty() {
        "-".to_owned()
    } else {
        live.join(", ")
    }
}

async fn show(args: Show) -> Outcome {
    let client = args.connect.client()?;
    let digest = match (Digest::new(&args.image), args.app) {
        (Ok(digest), _) => digest,
        (Err(_), None) => {
            return Err(Failure::new(
                format!("{:?} is not a digest", args.image),
                "name the application of the version with --app, or give the whole digest",
            ));
        }
        (Err(_), Some(app)) => {
            let path = with_query("/api/v1/images", &[("app", Some(app.to_string()))]);
            let view: ImagesView = typed(&client.get(&path).await?)?;
            let found = view
                .images
                .into_iter()
                .find(|image| image.version.as_str() == args.image);
            let missing = || {
                Failure::new(
                    format!("{app} has no image {}", args.image),
                    format!("`viridian image list --app {app}` shows what there is"),
                )
            };
            found.ok_or_else(missing)?.digest
        }
    };
    let answer = client.get(&format!("/api/v1/images/{digest}")).await?;
    if args.connect.json {
        print::json(&answer);
        return Ok(Done::Ok);
    }
    let image: ImageView = typed(&answer)?;
    print::line(format!(
        "{} {}, {} files, {}",
        image.app,
        image.version,
        image.files,
        print::bytes(image.size_bytes)
    ));
    print::line(format!("digest   {}", image.digest));
    print::line(format!(
        "parent   {}",
        image.parent.as_ref().map_or("none", |p| p.as_str())
    ));
    print::line(format!("command  {}", image.command.join(" ")));
    print::line(format!(
        "baked    {} by {}",
        print::time(image.baked_at),
        image.baked_by
    ));
    print::line(format!("live in  {}", live(&image)));
    for (key, value) in &image.labels {
        print::line(format!("label    {key}={value}"));
    }
    for change in &image.changes {
        print::line(format!("{:<8} {}", change.kind, change.path));
    }
    Ok(Done::Ok)
}
