//! Lambda's own API on a loopback port, for the functions of function folders, and front doors:
//! ports on which HTTP reaches them as through a load balancer, an API or a function URL.
//!
//! ```text
//! boto3, aws, Terraform ─▶ retrigger-serve ─▶ who calls? ─▶ may it, under the snapshot?
//!                                              callers        authorize
//!   Invoke         ─▶ may Lambda assume the role? ─▶ sandbox ─▶ answer, and a recording
//!   AddPermission, CreateEventSourceMapping, … ─▶ the snapshot's files
//!
//! browser, curl ─▶ front door ─▶ event ─▶ may the service invoke? ─▶ sandbox ─▶ HTTP response
//! notification ─▶ POST /trigger/SERVICE ─▶ events ─▶ the same, and nobody waits
//! ```
//!
//! Its state is the snapshot: what `AddPermission` writes, the next call and the next replay read,
//! and what a person changes in the files, the next call sees. Every call is decided under the
//! policies of the snapshot, with the caller as [`Serve::caller`] and [`Serve::caller_of`] say.
//! Signatures are not verified: whoever reaches the port is who it says it is, which is why no
//! other interface than the loopback one is listened on.
//!
//! An asynchronous invocation is run once; AWS retries one that fails. Responses of
//! `InvokeWithResponseStream` and of a function URL that streams are sent as they come, where the
//! function runs in a process of its own, else when they are complete.
//!
//! A front door answers what its service would. It takes the `Host` names of the loopback interface,
//! its own on AWS and those that [`FrontDoor::host`] adds, so that no page reaches it by a name that
//! was made to lead here; the event has the name on AWS. `Origin` is let through, as cross-origin
//! requests are for the function or its URL's configuration to answer.
//!
//! ```no_run
//! # async fn serve() -> Result<(), retrigger::serve::ServeError> {
//! use retrigger::serve::{AlbSettings, DoorKind, FrontDoor, Serve};
//!
//! let alb = FrontDoor::new(DoorKind::Alb(AlbSettings::default())).port(8080);
//! let serve = Serve::new(["recordings/lambda-demo"]).port(3000).front_door(alb);
//! let running = serve.start().await?;
//! println!("aws --endpoint-url http://{} lambda list-functions", running.address());
//! println!("curl -i {}", running.front_doors()[0].url);
//! running.until(std::future::pending()).await;
//! # Ok(()) }
//! ```

mod callers;
mod error;
mod find;
mod function;

mod api;
mod authorize;
mod control;
mod door;
mod front_door;
mod invoke;
mod mappings;
mod notify;
mod record;

use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use retrigger_iam::Principal;
use retrigger_recording::{Anonymize, FunctionArn};
use retrigger_runtime::Handler;
use retrigger_serve::Server;
use tokio::{sync::watch, task::JoinSet};

pub use api::Called;
pub use error::ServeError;
pub use front_door::{
    AlbSettings, DoorKind, FrontDoor, FrontDoorError, HealthCheck, HttpSettings, RestSettings,
    ServedDoor, UrlSettings,
};

use crate::replay::pool::SharedHandler;
use api::{Api, Observer};
use callers::Callers;
use door::OpenDoor;
use function::Served;
use record::Recorder;

/// How many invocations run or wait at a time. Source: Lambda Developer Guide, "Lambda quotas"
/// (concurrent executions of an account).
const DEFAULT_CONCURRENCY: u16 = 1000;

/// How long connections may take to end, once nothing runs any more: a client that never sends the
/// rest of its request is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is served, and how.
#[derive(Clone)]
pub struct Serve {
    paths: Vec<PathBuf>,
    port: u16,
    doors: Vec<FrontDoor>,
    snapshot: Option<PathBuf>,
    callers: Callers,
    record: Option<String>,
    anonymize: Vec<Anonymize>,
    concurrency: u16,
    sandboxes: usize,
    build: bool,
    handlers: BTreeMap<String, SharedHandler>,
    observer: Option<Observer>,
}

/// A server that listens.
#[must_use = "it answers calls within `until` only"]
pub struct Running {
    server: Server,
    api: Arc<Api>,
    doors: Vec<(Server, Arc<OpenDoor>)>,
}

/// A function that is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedFunction {
    /// Its unqualified ARN.
    pub arn: FunctionArn,
    /// Its folder.
    pub folder: PathBuf,
    /// The snapshot that is read and changed.
    pub snapshot: PathBuf,
}

impl fmt::Debug for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve").field("paths", &self.paths).finish_non_exhaustive()
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("address", &self.address()).finish_non_exhaustive()
    }
}

impl Serve {
    /// The functions at and below `paths`: function folders, snapshots of one, or folders with
    /// function folders in them.
    pub fn new<P: Into<PathBuf>>(paths: impl IntoIterator<Item = P>) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            paths: paths.into_iter().map(Into::into).collect(),
            port: 0,
            doors: Vec::new(),
            snapshot: None,
            callers: Callers::default(),
            record: None,
            anonymize: Vec::new(),
            concurrency: DEFAULT_CONCURRENCY,
            sandboxes: (4 * processors).max(8),
            build: true,
            handlers: BTreeMap::new(),
            observer: None,
        }
    }

    /// The port to listen on; a free one by default.
    #[must_use]
    pub fn port(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// Opens a front door: a port on which HTTP reaches a function. May be repeated.
    #[must_use]
    pub fn front_door(mut self, door: FrontDoor) -> Self {
        self.doors.push(door);
        self
    }

    /// Serves under this snapshot, taken from each function folder, in place of `snapshot`.
    #[must_use]
    pub fn snapshot(self, folder: impl Into<PathBuf>) -> Self {
        Self { snapshot: Some(folder.into()), ..self }
    }

    /// Who calls with any access key that [`caller_of`](Self::caller_of) does not name, or with
    /// none. By default the root user of the function's account, unless access keys are named:
    /// then others are refused.
    ///
    /// # Errors
    ///
    /// Where it is none that a snapshot has policies of: the ARN of a user, a role, a session of
    /// one, or a root user.
    pub fn caller(mut self, arn: &str) -> Result<Self, ServeError> {
        self.callers.set_default(caller(arn)?);
        Ok(self)
    }

    /// Who calls with this access key.
    ///
    /// # Errors
    ///
    /// As [`caller`](Self::caller).
    pub fn caller_of(mut self, access_key_id: &str, arn: &str) -> Result<Self, ServeError> {
        self.callers.set(access_key_id, caller(arn)?);
        Ok(self)
    }

    /// Writes each invocation as a recording into this folder of the function folder.
    #[must_use]
    pub fn record(self, folder: impl Into<String>) -> Self {
        Self { record: Some(folder.into()), ..self }
    }

    /// Replaces these in what is recorded, besides what each `function.toml` asks for.
    #[must_use]
    pub fn anonymize(self, kinds: &[Anonymize]) -> Self {
        Self { anonymize: kinds.to_vec(), ..self }
    }

    /// How many invocations may run or wait at a time; further ones are throttled. 1000 by
    /// default, as on AWS. Asynchronous ones count too, of which AWS keeps any number waiting.
    #[must_use]
    pub fn concurrency(self, invocations: u16) -> Self {
        Self { concurrency: invocations.max(1), ..self }
    }

    /// How many sandboxes may run at a time; further invocations wait. Four for each processor by
    /// default, and eight at least.
    #[must_use]
    pub fn sandboxes(self, sandboxes: usize) -> Self {
        Self { sandboxes: sandboxes.clamp(1, 10_000), ..self }
    }

    /// Whether to build functions that say how; otherwise what was built before is run.
    #[must_use]
    pub fn build(self, yes: bool) -> Self {
        Self { build: yes, ..self }
    }

    /// Runs this Rust handler in process for the function named `function`, in place of a process
    /// of its own.
    #[must_use]
    pub fn in_process(mut self, function: impl Into<String>, handler: impl Handler) -> Self {
        self.handlers.insert(function.into(), SharedHandler(Arc::new(handler)));
        self
    }

    /// Tells of every call once it is answered, and of recordings that cannot be written.
    #[must_use]
    pub fn on_call(self, tell: impl Fn(&Called) + Send + Sync + 'static) -> Self {
        Self { observer: Some(Arc::new(tell)), ..self }
    }

    /// Opens the functions, builds them and listens.
    ///
    /// # Errors
    ///
    /// Where there is no function, a function, its snapshot or a caller cannot be read or found, a
    /// function cannot be built, or the port is taken.
    pub async fn start(self) -> Result<Running, ServeError> {
        let (port, doors) = (self.port, self.doors.clone());
        let serve = self.clone();
        let opened = tokio::task::spawn_blocking(move || serve.open()).await;
        let api = opened.map_err(|error| ServeError::Internal(error.to_string()))??;
        let server = Server::bind(port).await;
        let server = server.map_err(|source| ServeError::Listen { port, source })?;
        let api = Arc::new(api);
        let doors = door::open_all(&api, &doors).await?;
        Ok(Running { server, api, doors })
    }

    fn open(self) -> Result<Api, ServeError> {
        let mut functions: Vec<Arc<Served>> = Vec::new();
        for path in find::function_folders(&self.paths)? {
            let served = self.open_function(&path)?;
            if let Some(other) = functions.iter().find(|other| other.name() == served.name()) {
                return Err(ServeError::SameName {
                    name: served.name().to_owned(),
                    folders: Box::new([other.folder().to_owned(), served.folder().to_owned()]),
                });
            }
            functions.push(Arc::new(served));
        }
        for principal in self.callers.all() {
            authorize::check_caller(&functions, principal)?;
        }
        let recorder = self.record.map(Recorder::new);
        if let Some(recorder) = &recorder {
            functions.iter().try_for_each(|served| recorder.check(served))?;
        }
        let limits = (self.concurrency, self.sandboxes);
        Ok(Api::new(functions, self.callers, recorder, limits, self.observer))
    }

    fn open_function(&self, path: &Path) -> Result<Served, ServeError> {
        let served = Served::open(path, self.snapshot.as_deref(), self.build, |name| {
            self.handlers.get(name).cloned()
        })?;
        Ok(served.anonymize(&self.anonymize))
    }
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The functions.
    pub fn functions(&self) -> Vec<ServedFunction> {
        self.api.functions().iter().map(|served| served.about()).collect()
    }

    /// The front doors, in the order in which they were asked for.
    pub fn front_doors(&self) -> Vec<ServedDoor> {
        self.doors.iter().map(|(_, door)| door.about()).collect()
    }

    /// Answers calls until `shutdown` resolves; then lets what runs come to its end, asynchronous
    /// invocations too, and ends the sandboxes. Dropping the future ends everything at once.
    pub async fn until(self, shutdown: impl Future<Output = ()>) {
        let Self { server, api, doors } = self;
        let lambda: Arc<dyn retrigger_serve::Lambda> = Arc::<Api>::clone(&api);
        let (tell, told) = watch::channel(false);
        // Ended with this future, where it is dropped.
        let mut opened = JoinSet::new();
        for (server, door) in doors {
            opened.spawn(Arc::clone(&door).check_health(turned(told.clone())));
            opened.spawn(server.run_door(door.as_door(), turned(told.clone())));
        }
        let serving = async {
            let shutdown = async {
                shutdown.await;
                // Whoever waits for it is polled beside this, and not dropped before.
                let _ = tell.send(true);
            };
            server.run(lambda, shutdown).await;
            while opened.join_next().await.is_some() {}
        };
        let overdue = async {
            turned(told).await;
            let _quiet = api.quiet().await;
            tokio::time::sleep(PATIENCE).await;
        };
        tokio::select! {
            () = serving => {}
            () = overdue => {}
        }
        let _quiet = api.quiet().await;
        api.shut_down().await;
    }
}

/// Waits until it is said that all ends.
async fn turned(mut told: watch::Receiver<bool>) {
    // Fails only where nobody is left to say so.
    let _ = told.wait_for(|ends| *ends).await;
}

fn caller(arn: &str) -> Result<Principal, ServeError> {
    let parsed = arn.parse().ok().filter(|principal| {
        matches!(
            principal,
            Principal::User(_)
                | Principal::Role(_)
                | Principal::AssumedRole(_)
                | Principal::Root(_)
        )
    });
    parsed.ok_or_else(|| ServeError::NoCaller(arn.to_owned()))
}
