//! The command line's definitions and nothing else.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

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
}

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
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

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the configuration as it holds
    Show,
    /// Say what is wrong with the configuration
    Check,
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
