//! `customs gate schema`: what the files of a team's gate may say, as JSON schema.

use super::config::{Config, Tokens};
use crate::error::{Doing as _, Failure};
use crate::output;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// Arguments of `customs gate schema`.
#[derive(clap::Args)]
pub struct Arguments {
    /// Which file.
    #[arg(long, value_enum, default_value_t = Of::Config)]
    of: Of,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Of {
    /// The config of `customs gate --config`.
    Config,
    /// The file of tokens.
    Tokens,
}

/// Prints it.
pub fn main(arguments: &Arguments) -> Result<u8, Failure> {
    let schema = match arguments.of {
        Of::Config => of::<Config>(),
        Of::Tokens => of::<Tokens>(),
    };
    let text = serde_json::to_string_pretty(&schema).doing("write the schema")?;
    output::result(&format!("{text}\n"))?;
    Ok(0)
}

/// The schema of a type, with everything in its place: nothing has to be looked up.
pub fn of<T: JsonSchema>() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}
