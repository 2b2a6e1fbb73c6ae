//! Layers of configuration, resolved to settings; every error names file, line and key.
//!
//! Built-in, then the user's file, then a trusted project's panels, then the environment, then flags.
//! A later layer wins, except that policy can only become stricter. Reads files, changes none but the
//! list of trusted ones, and contacts nothing.

pub mod access;
mod asking;
pub mod carried;
pub mod error;
pub mod file;
pub mod given;
pub mod keys;
pub mod near;
mod packs;
pub mod panel;
pub mod paths;
pub mod prometheus;
mod resolve;
pub mod show;
pub mod slo;
pub mod source;
mod toml_file;
pub mod trust;
pub mod units;

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};

use self::{
    error::{ConfigError, ConfigErrors, Spot},
    file::{FileLayer, NumbersLayer},
    given::{Given, Said},
    paths::Paths,
    source::SourceConfig,
    trust::Trusted,
};
use crate::{core::settings::Settings, domain::clean::Name};

pub use resolve::DEFAULT_THEME;

/// The contexts of a kubeconfig.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contexts {
    /// The files they were read from, for messages.
    pub from: String,
    pub current: Option<String>,
    pub names: Vec<String>,
    /// Whether this process runs inside a cluster that it could use instead.
    pub in_cluster: bool,
}

/// Reads the contexts of one kubeconfig, or of the usual ones; fails in words.
pub type ReadContexts<'a> = &'a dyn Fn(Option<&Path>) -> Result<Contexts, String>;

/// Everything the outside contributes to the configuration.
#[expect(missing_debug_implementations, reason = "holds a closure")]
pub struct Inputs<'a> {
    pub paths: &'a Paths,
    pub variables: &'a BTreeMap<String, String>,
    pub flags: Given,
    /// The folder the program was started in.
    pub folder: &'a Path,
    /// For the offset of the local zone.
    pub now: DateTime<Utc>,
    pub contexts: ReadContexts<'a>,
}

/// The configuration as it holds.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub settings: Settings,
    /// In the order of `settings.sources`.
    pub sources: Vec<(Name, SourceConfig)>,
    /// Its name, and where it was given.
    pub theme: Said<String>,
    /// Things a person should know that stop nothing: an untrusted file, a panel without a source.
    pub notes: Vec<String>,
    /// Every file that was read.
    pub files: Vec<PathBuf>,
    /// Why there is no cluster to look at, where there is none.
    pub no_cluster: Option<String>,
}

/// Resolves all layers.
///
/// # Errors
/// Everything that is wrong in any of them.
pub fn load(inputs: &Inputs<'_>) -> Result<Loaded, ConfigErrors> {
    let mut notes = Vec::new();
    let environment = Given::from_environment(inputs.variables, &mut notes).map_err(ConfigErrors)?;
    let given = inputs.flags.clone().over(environment)?;
    let mut files = Vec::new();
    let user = user_layer(&given, inputs.paths, &mut files)?;
    let project = project_layer(inputs, &mut files, &mut notes)?;
    resolve::resolve(inputs, given, user, project, files, notes)
}

fn user_layer(given: &Given, paths: &Paths, files: &mut Vec<PathBuf>) -> Result<FileLayer, ConfigErrors> {
    let (path, asked_for) = match &given.config {
        Some(said) => (said.value.clone(), true),
        None => (paths.config_file(), false),
    };
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !asked_for => return Ok(FileLayer::default()),
        Err(error) => return Err(unreadable(path, &error).into()),
    };
    files.push(path.clone());
    file::user(&path, &text, paths.home.as_deref()).map_err(ConfigErrors)
}

fn project_layer(
    inputs: &Inputs<'_>,
    files: &mut Vec<PathBuf>,
    notes: &mut Vec<String>,
) -> Result<NumbersLayer, ConfigErrors> {
    let Some(path) = trust::project_file(inputs.folder) else { return Ok(NumbersLayer::default()) };
    let path = path.canonicalize().unwrap_or(path);
    // Read once: what is judged is what is parsed.
    let content = fs::read(&path).map_err(|error| unreadable(path.clone(), &error))?;
    let trusted = Trusted::new(&inputs.paths.data);
    match trusted.holds(&path, &content) {
        Ok(true) => {}
        Ok(false) => {
            let path = path.display();
            notes
                .push(format!("{path} is not trusted and was ignored; look at it, then run `flightdeck trust {path}`"));
            return Ok(NumbersLayer::default());
        }
        Err(error) => return Err(unreadable(inputs.paths.data.join("trusted"), &error).into()),
    }
    let text = String::from_utf8(content).map_err(|error| ConfigError {
        spot: Spot::Whole(path.clone()),
        what: format!("is not text: {error}"),
        hint: None,
    })?;
    files.push(path.clone());
    file::project(&path, &text).map_err(ConfigErrors)
}

fn unreadable(path: PathBuf, error: &io::Error) -> ConfigError {
    ConfigError { spot: Spot::Whole(path), what: format!("cannot be read: {error}"), hint: None }
}

#[cfg(test)]
mod tests;
