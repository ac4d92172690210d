//! `retrigger serve`.

use std::{
    io::{self, Write},
    path::PathBuf,
    time::Duration,
};

use retrigger::serve::{Called, FrontDoor, Running, Serve, ServeError, ServedDoor, ServedFunction};
use serde_json::json;

use crate::{
    exit::{Failure, Outcome},
    output::{Format, Output},
    signals::Signals,
    trigger,
};

/// Answer Lambda's own API on a loopback port, and HTTP on front doors, for the functions of
/// function folders
///
/// The AWS CLI, boto3 and other clients work with `--endpoint-url`. A function really runs, if the
/// snapshot lets the caller invoke it; add-permission, create-event-source-mapping and their like
/// read and change the snapshot's files, and are refused as AWS refuses them.
///
/// Each front door is a port on which a browser or curl reaches a function as through an AWS
/// service: the request becomes that service's event, is decided under the function's policy, and
/// the response goes back as the service sends it. POST /trigger/s3, /trigger/sns and
/// /trigger/eventbridge on the API's port take notifications.
///
/// Signatures are not verified: the access key id alone says who calls. Nothing but this machine
/// reaches the port.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Function folders, snapshots in one, or folders with function folders below them
    #[arg(value_name = "FUNCTION_FOLDER", default_value = ".")]
    paths: Vec<PathBuf>,
    /// The port of 127.0.0.1 to listen on; 0 for a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// The snapshot, taken from each function folder [default: `snapshot`]
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,
    /// Open a port on which HTTP reaches a function as through an Application Load Balancer (`alb`),
    /// an API Gateway REST API (`rest`) or HTTP API (`http`), or the function's URL (`url`); may be
    /// repeated
    #[arg(long, value_name = "KIND[:PORT][,OPTION…]")]
    front_door: Vec<FrontDoor>,
    /// Who calls, or who calls with an access key; may be repeated [default: the account's root
    /// user, unless access keys are named]
    #[arg(long, value_name = "[ACCESS_KEY_ID=]ARN")]
    caller: Vec<String>,
    /// Write each invocation as a recording into this folder of the function folder
    #[arg(long, value_name = "DIR")]
    record: Option<String>,
    #[command(flatten)]
    anonymize: crate::anonymize::AnonymizeArgs,
    /// How many invocations may run or wait at a time; further ones are throttled
    #[arg(long, value_name = "N", default_value_t = 1000)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,
    /// How many sandboxes may run at a time; further invocations wait [default: four for each
    /// processor, at least eight]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    sandboxes: Option<u16>,
    /// Run what was built before
    #[arg(long)]
    no_build: bool,
    /// Do not tell of each call on stderr
    #[arg(long, short)]
    quiet: bool,
    /// How to print the address and the functions
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

const EXAMPLES: &str = "Examples:
  retrigger serve recordings/lambda-demo --port 3000
  aws --endpoint-url http://127.0.0.1:3000 lambda invoke --function-name lambdaDemo out.json
  retrigger serve --caller arn:aws:iam::841860927337:user/alice \\
    --caller AKIAIOSFODNN7EXAMPLE=arn:aws:iam::841860927337:user/bob
  retrigger serve --record recorded
  retrigger serve recordings/lambda-demo --front-door alb:8080 --front-door url:8081
  retrigger serve --front-door 'rest:8080,stage=prod,route=GET /pets/{id}' --record recorded
  curl http://127.0.0.1:3000/trigger/s3?source-account=841860927337 -d @notification.json

Options of a front door, each after a comma; without them the snapshot says what it is called:
  every  function=NAME[:QUALIFIER]  host=NAME (further names that clients may call it by)
  alb    target-group=ARN  multi-value-headers
         health-check[=PATH]  health-check-interval=SECONDS
  rest   api=ID  stage=NAME  route=METHOD PATH (repeatable)  binary=TYPE (repeatable)
  http   api=ID  stage=NAME  route=KEY (repeatable)  payload=1.0
  url    auth=NONE|AWS_IAM  invoke-mode=BUFFERED|RESPONSE_STREAM

Ctrl-C or SIGTERM lets what runs come to its end; a second one does not wait.";

/// Serves until a signal arrives. Exit code 0 where all that ran came to its end.
pub(crate) fn run(args: &Args, output: &mut Output) -> Result<Outcome, Failure> {
    let serve = args.serve().map_err(|error| failure(&error))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(async {
        let mut signals = Signals::listen()?;
        let running = tokio::select! {
            started = serve.start() => started.map_err(|error| failure(&error))?,
            _ = signals.next() => return Ok(Outcome::Invalid),
        };
        print(&running, args.format, output)?;
        output.finish()?;
        Ok(until_signalled(running, signals, args.quiet).await)
    });
    // What is still at work after a second signal is not waited for, but for its processes to end.
    runtime.shutdown_timeout(Duration::from_secs(2));
    outcome
}

impl Args {
    fn serve(&self) -> Result<Serve, ServeError> {
        let mut serve = Serve::new(self.paths.clone())
            .port(self.port)
            .concurrency(self.concurrency)
            .anonymize(&self.anonymize.anonymize)
            .build(!self.no_build);
        if let Some(snapshot) = &self.snapshot {
            serve = serve.snapshot(snapshot);
        }
        if let Some(sandboxes) = self.sandboxes {
            serve = serve.sandboxes(sandboxes.into());
        }
        if let Some(folder) = &self.record {
            serve = serve.record(folder);
        }
        for door in &self.front_door {
            serve = serve.front_door(door.clone());
        }
        for caller in &self.caller {
            // The name of a user or role may have an equals sign too.
            let pair = caller.split_once('=').filter(|_| !caller.starts_with("arn:"));
            serve = match pair {
                Some((key, arn)) => serve.caller_of(key, arn)?,
                None => serve.caller(caller)?,
            };
        }
        if self.quiet || self.format == Format::Json {
            return Ok(serve);
        }
        Ok(serve.on_call(tell))
    }
}

/// A line for each call.
fn tell(called: &Called) {
    anstream::eprintln!("{called}");
}

async fn until_signalled(running: Running, mut signals: Signals, quiet: bool) -> Outcome {
    let (first, mut second) = tokio::sync::oneshot::channel();
    let listening = tokio::spawn(async move {
        signals.next().await;
        let _ = first.send(());
        signals.next().await;
    });
    let shutdown = async {
        let _ = (&mut second).await;
        if !quiet {
            anstream::eprintln!("finishing what runs; once more to end at once");
        }
    };
    tokio::select! {
        () = running.until(shutdown) => Outcome::AsExpected,
        _ = listening => Outcome::Invalid,
    }
}

fn print(running: &Running, format: Format, output: &mut Output) -> io::Result<()> {
    let url = format!("http://{}", running.address());
    let functions = running.functions();
    if format == Format::Json {
        let about = |function: &ServedFunction| {
            json!({
                "arn": function.arn.as_str(), "name": function.arn.name(),
                "folder": function.folder, "snapshot": function.snapshot,
            })
        };
        let functions: Vec<_> = functions.iter().map(about).collect();
        let port = running.address().port();
        let doors: Vec<_> = running.front_doors().iter().map(door_json).collect();
        return output.json(&json!({
            "url": url, "port": port, "functions": functions, "front_doors": doors,
        }));
    }
    writeln!(output, "Lambda's API is at {url}, for")?;
    for function in &functions {
        writeln!(output, "  {}  ({})", function.arn, function.snapshot.display())?;
    }
    if let Some(first) = functions.first() {
        let (name, region) = (first.arn.name(), first.arn.region());
        writeln!(output, "Call it:")?;
        writeln!(
            output,
            "  aws --endpoint-url {url} --region {region} lambda invoke --function-name {name} \
             /dev/stdout"
        )?;
        writeln!(output, "  curl {url}/2015-03-31/functions/{name}/invocations --json '{{}}'")?;
    }
    running.front_doors().iter().try_for_each(|door| print_door(door, output))
}

fn door_json(door: &ServedDoor) -> serde_json::Value {
    json!({
        "kind": door.kind, "url": door.url, "domain_name": door.domain_name,
        "function_arn": door.function_arn, "source_arn": door.source_arn, "routes": door.routes,
        "is_known": door.is_known,
    })
}

fn print_door(door: &ServedDoor, output: &mut Output) -> io::Result<()> {
    writeln!(output, "{} is at {}, for", title(door.kind), door.url)?;
    writeln!(output, "  {}", door.function_arn)?;
    let unknown = if door.is_known { "" } else { "  (made up: no policy names one)" };
    match &door.source_arn {
        Some(arn) => writeln!(output, "  as {arn}{unknown}")?,
        None => writeln!(output, "  as https://{}/{unknown}", door.domain_name)?,
    }
    if !door.routes.is_empty() {
        writeln!(output, "  with {}", door.routes.join(", "))?;
    }
    writeln!(output, "  curl -i {}{}", door.url, door.example)
}

fn title(kind: &str) -> &'static str {
    match kind {
        "alb" => "A load balancer",
        "rest" => "A REST API",
        "http" => "An HTTP API",
        _ => "The function URL",
    }
}

fn failure(error: &ServeError) -> Failure {
    match error {
        ServeError::Snapshot(error) => trigger::failure(error),
        ServeError::Build { message, help: Some(help) } => {
            Failure::new(format!("{message}\n{help}"))
        }
        other => Failure::new(other.to_string()),
    }
}
