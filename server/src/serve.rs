//! Running the server, from an empty folder to a graceful stop.

mod listener;
mod seat;

use crate::auth::{Hosts, People, PublicUrl};
use crate::cli::Failure;
use crate::data::{DataDir, ServerFile};
use crate::http::live::Live;
use crate::http::{Server, Shared, Writable, router};
use crate::site::SiteOptions;
use crate::world::World;
use domain::Time;
use engine::{Clock, Engine, Replicas, SharedClock, SteadyClock, SystemClock};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use store::Store;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub(crate) struct Options {
    pub(crate) data: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) site: Option<PathBuf>,
    pub(crate) database_url: Option<String>,
    pub(crate) hosts: Vec<String>,
    pub(crate) public: Option<PublicUrl>,
}

/// Serves until SIGTERM or SIGINT. The node stays.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    // Asked first, so that a signal during the start is not lost.
    let stopping = CancellationToken::new();
    stop_on_signal(stopping.clone());
    raise_open_files();

    let folder = options.data.display().to_string();
    let data = DataDir::create(&options.data).map_err(|error| {
        Failure::new(
            format!("{folder} cannot be made: {error}"),
            "name a folder that can be written with --data DIR",
        )
    })?;
    let locked = data.lock_soon().await;
    let locked = locked.map_err(|error| cannot_lock(&folder, &error))?;
    let Some(_lock) = locked else {
        let by = data
            .server()
            .map(|s| format!(" (process {}, {})", s.pid, s.url))
            .unwrap_or_default();
        return Err(Failure::new(
            format!("another `viridian serve`{by} runs on {folder} already"),
            "stop it first, or give this one a folder of its own with --data DIR",
        ));
    };
    // Before anything is started: a taken port is the likeliest mistake.
    let listener = TcpListener::bind(options.listen).await.map_err(|error| {
        Failure::new(
            format!("cannot listen on {}: {error}", options.listen),
            "end what listens there, or choose another address with --listen 127.0.0.1:PORT",
        )
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::new(format!("the listener has no address: {error}"), ""))?;
    let url = format!("http://{address}");

    let database = crate::database::url(data.path(), options.database_url.as_deref())?;
    // Before the database is opened, which brings its schema up to date.
    let seat = seat::take(&database).await?;
    let store = Store::open(&database)
        .await
        .map_err(|error| Failure::new(error, ""))?;
    // Before the node: a disk that is full or a database in other hands is told now, not at the first
    // command.
    store
        .prove_writable(SystemClock.now())
        .await
        .map_err(|error| Failure::new(error, ""))?;
    let exe = std::env::current_exe()
        .map_err(|error| Failure::new(format!("this program cannot find itself: {error}"), ""))?;
    let node = cloud_local::find_or_start(&data.node(), &exe)
        .await
        .map_err(|error| {
            Failure::new(
                format!("the node cannot be started: {}", crate::cli::chain(&error)),
                format!("look into {}", data.node().join("node.log").display()),
            )
        })?;
    let node = Arc::new(node);
    let last = store
        .last_moment()
        .await
        .map_err(|error| Failure::new(error, ""))?;
    let clock = steady_clock(last.unwrap_or_default());
    let clouds: engine::Clouds = BTreeMap::from([(
        cloud_local::NAME.to_owned(),
        Arc::clone(&node) as Arc<dyn cloud::Provider>,
    )]);
    let (owner, replicas) = if options.database_url.is_some() {
        let name = data.replica().map_err(|error| {
            Failure::new(
                format!("the replica's name in {folder} cannot be kept: {error}"),
                "free some space, or mend the folder's rights",
            )
        })?;
        (name, Replicas::Others)
    } else {
        ("embedded".to_owned(), Replicas::None)
    };
    let engine = Engine::start(
        store.clone(),
        clouds,
        Arc::clone(&clock),
        engine::Options {
            owner,
            replicas,
            ..engine::Options::default()
        },
    );

    let people = People::new(store.clone(), Arc::clone(&clock));
    let known = data.token().ok();
    let first_run = known.is_none();
    let token = people.local_token(known).await.map_err(told)?;
    data.write_token(&token).map_err(|error| {
        Failure::new(
            format!("{} cannot be written: {error}", data.token_file().display()),
            "free some space, or mend the folder's rights",
        )
    })?;
    let world = World::new(store.clone(), engine.clone(), node, clock);
    let head = store
        .head()
        .await
        .map_err(|error| Failure::new(error, ""))?;
    let live = Live::start(&world, head, stopping.clone());
    warm_up(world.clone(), stopping.clone());
    let mut names = options.hosts;
    names.extend(options.public.iter().map(|public| public.host().to_owned()));
    let shown = options
        .public
        .as_ref()
        .map_or(url.clone(), ToString::to_string);
    let server = Server::new(Shared {
        backend: Arc::new(world.clone()),
        people: people.clone(),
        live,
        hosts: Hosts::new(address, &names),
        data: data.clone(),
        url: shown.clone(),
        public: options.public,
        writable: Writable::default(),
        stopping: stopping.clone(),
        world,
    });
    let router = router(server, SiteOptions { root: options.site });
    let serving = tokio::spawn(listener::serve(listener, router, stopping.clone()));

    // Only now: who finds the address finds somebody there.
    let file = ServerFile {
        url: url.clone(),
        pid: std::process::id(),
    };
    data.write_server(&file).map_err(|error| {
        Failure::new(
            format!("server.json in {folder} cannot be written: {error}"),
            "free some space, or mend the folder's rights",
        )
    })?;
    println!("Viridian is listening on {url}");
    if first_run {
        let link = people.owners_link().await.map_err(told)?;
        println!("Sign in, once, within an hour: {shown}{link}");
    } else {
        println!("To sign in a browser: viridian login-link --data {folder}");
    }
    tracing::info!(data = %data.path().display(), "serving");

    let lost = tokio::select! {
        () = stopping.cancelled() => None,
        failure = seat::lost(&seat) => Some(failure),
    };
    stopping.cancel();
    tracing::info!("stopping; the node and its traffic stay");
    if let Err(error) = serving.await {
        tracing::error!(%error, "serving ended unexpectedly");
    }
    engine.stop().await;
    store.close().await;
    seat.leave().await;
    tracing::info!("stopped");
    lost.map_or(Ok(()), Err)
}

/// What pages take long to compute over a long history is computed ahead; not at once, since a start has
/// rollouts to go on with.
fn warm_up(world: World, stopping: CancellationToken) {
    const AFTER: std::time::Duration = std::time::Duration::from_secs(3);
    tokio::spawn(async move {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = tokio::time::sleep(AFTER) => world.warm_up().await,
        }
    });
}

/// Time for all of this process: it never jumps, and never begins before what the journal holds.
fn steady_clock(last: Time) -> SharedClock {
    let clock = SteadyClock::begin(last);
    let (shown, wall) = (clock.now(), clock.wall());
    let ahead_s = shown.since_ms(wall) / 1_000;
    if ahead_s > 0 {
        tracing::warn!(
            ahead_s,
            "the journal's last entry is later than this machine's clock: waits stay right, but the times shown run ahead; check the machine's date, and where it is right restore a back-up from before it was wrong"
        );
    }
    Arc::new(clock)
}

/// The lock is the first thing that is written.
fn cannot_lock(folder: &str, error: &io::Error) -> Failure {
    let why = match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => "its disk is read-only".to_owned(),
        io::ErrorKind::StorageFull => "there is no space left on its disk".to_owned(),
        _ => error.to_string(),
    };
    Failure::new(
        format!("{folder} cannot be written: {why}"),
        "mount it for writing, free some space or mend the folder's rights; or name another folder with --data DIR",
    )
}

fn told(problem: app::backend::Problem) -> Failure {
    Failure::new(problem.detail, problem.remedy)
}

/// A second signal ends at once, as a third party's patience may.
fn stop_on_signal(stopping: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    tokio::spawn(async move {
        let (Ok(mut terminate), Ok(mut interrupt)) = (
            signal(SignalKind::terminate()),
            signal(SignalKind::interrupt()),
        ) else {
            tracing::error!(
                "signals cannot be listened to: this process ends without a graceful stop"
            );
            return;
        };
        for asked in 0..2 {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            stopping.cancel();
            if asked > 0 {
                std::process::exit(130);
            }
        }
    });
}

/// Thousands of listeners take as many files; the soft limit is often 1,024.
fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, wanted) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}
