//! What is hidden in recordings besides secrets.

use retrigger::recording::Anonymize;

/// The flag of every command that records.
#[derive(clap::Args)]
pub(crate) struct AnonymizeArgs {
    /// Replace these too in what is recorded, each value by one of its form: `account`, `email`,
    /// `ip`, or several with commas
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub(crate) anonymize: Vec<Anonymize>,
}
