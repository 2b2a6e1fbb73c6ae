//! The command line's definitions and nothing else.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::headless::demo;

/// Watch a release as it goes out, see whether customers are hurt, and take it back with one key.
#[derive(Clone, Debug, Parser)]
#[command(name = "flightdeck", version, disable_help_subcommand = true)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,

    #[command(flatten)]
    pub global: Global,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Everywhere")]
pub struct Global {
    /// The kubeconfig's context to use instead of the configured clusters
    #[arg(long, global = true, value_name = "NAME")]
    pub context: Option<String>,

    /// The kubeconfig to use instead of `KUBECONFIG` and `~/.kube/config`
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Watch this namespace only; may be given several times
    #[arg(short, long, global = true, value_name = "NAME")]
    pub namespace: Vec<String>,

    /// A Prometheus to ask, besides the configured ones
    #[arg(long, global = true, value_name = "URL")]
    pub prometheus: Option<String>,

    /// The configuration file to read instead of your own
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// The theme
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,

    /// Forbid every act in this run
    #[arg(long, global = true)]
    pub read_only: bool,

    /// Write everything this run sees to a new file, for `flightdeck replay`
    #[arg(long, global = true, value_name = "FILE")]
    pub record: Option<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// A simulated release to try everything on; needs nothing but this program
    Demo(Demo),
    /// List every key and what it does
    Keys {
        /// As a table for a document
        #[arg(long)]
        markdown: bool,
    },
    /// Trust the panels of a project's `flightdeck.toml` as it is now
    Trust {
        /// The file; without it the one that holds for this folder
        file: Option<PathBuf>,
    },
    /// Show or check the configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Print completions for a shell
    Completions { shell: Shell },
    /// Print the man page
    Man,
}

#[derive(Clone, Debug, Args)]
pub struct Demo {
    /// The story: `silent-payment-failure` or `clean`
    #[arg(default_value = "silent-payment-failure")]
    pub scenario: String,

    /// The same number gives the same world
    #[arg(long, default_value_t = demo::SEED, value_name = "NUMBER")]
    pub seed: u64,

    /// How many times faster than life the world runs
    #[arg(long, default_value_t = demo::SPEED, value_name = "FACTOR", value_parser = factor)]
    pub speed: f64,

    /// With `--record`: fly by itself without a terminal for that long at the keyboard, for example `90s`
    #[arg(long = "for", value_name = "LENGTH", requires = "record")]
    pub length: Option<String>,

    /// With `--for`: keys to press, `@12` for the second, `=50` to type
    #[arg(long, value_name = "KEYS", requires = "length")]
    pub keys: Option<String>,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the configuration as it holds
    Show,
    /// Say what is wrong with the configuration
    Check,
}

fn factor(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|factor| (0.01..=1000.0).contains(factor))
        .ok_or_else(|| "expected a factor from 0.01 to 1000".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_hold_together() {
        Cli::command().debug_assert();
    }
}
