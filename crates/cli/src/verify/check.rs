//! `customs check`: `customs verify` for CI, with the question of policy, and with a change that
//! makes a refused lockfile an admitted one.

use super::policy::Given;
use super::root::Root;
use super::{Command, Shape, code, fix, told};
use crate::error::Failure;

/// Arguments of `customs check`.
#[derive(clap::Args)]
pub struct CheckArguments {
    #[command(flatten)]
    look: super::Arguments,
    #[command(flatten)]
    policy: Given,
    #[command(flatten)]
    fix: fix::Wanted,
}

/// `customs check`.
pub fn main(arguments: CheckArguments) -> Result<u8, Failure> {
    let CheckArguments {
        mut look,
        policy,
        fix,
    } = arguments;
    look.policy = policy;
    let root = Root::of(&look.paths);
    let report = told(&look, Command::Check, &root)?;
    let code = code(&report, look.strict);
    if !fix.fix {
        return Ok(code);
    }
    // What a program reads stays what it reads.
    let aloud = look.json || look.format != Shape::Text;
    fix::main(&report, &root, &look.policy, &fix, aloud, code)
}
