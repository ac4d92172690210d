//! Hosts the Node function of a folder for one event and prints what it led to: `host FOLDER
//! EVENT`. The tests of this crate kill it in the middle.
#![expect(clippy::print_stdout, reason = "it is what the program is for")]

use std::{error::Error, time::Duration};

use retrigger_runtime::{FunctionConfig, Invocation, Process};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: host FOLDER EVENT")?;
    let event = arguments.next().ok_or("usage: host FOLDER EVENT")?;
    let mut function = FunctionConfig::new("demo");
    function.code_dir = folder.into();
    function.timeout = Duration::from_secs(45);
    let mut process = Process::new(function)?;
    let outcome = process.invoke(Invocation::new("1-2", event)).await?;
    println!("{outcome:?}");
    Ok(())
}
