//! Who is there: what a server says of itself, and whether it is what was configured.

use super::{Inner, Prometheus, skew, wire};
use crate::{
    config::prometheus::Flavour,
    domain::{failure::Failure, time::Seconds},
    http::Reply,
};

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// What it is, where it can be told.
    pub flavour: Option<Flavour>,
    /// Where it tells.
    pub version: Option<String>,
    /// Seconds its clock is ahead of ours, where it says its time.
    pub skew: Option<f64>,
    /// How far behind its own clock its newest numbers are by design.
    pub held_back: Seconds,
    /// Targets it scrapes that are up, and all; none where it knows none.
    pub targets: Option<(u64, u64)>,
}

impl Prometheus {
    /// Asks the server who it is.
    ///
    /// # Errors
    /// When it cannot be reached, refuses, or is nothing of the kind.
    pub async fn probe(&self) -> Result<Probe, Failure> {
        let inner = &self.0;
        let sent = (inner.clock)();
        let reply = inner.instant("count(up) or vector(0)").await?;
        let skew = skew(reply.date, sent, (inner.clock)());
        let all = wire::instant(&wire::accept(&reply, &inner.server)?)?.value;
        let up = inner.instant("count(up == 1) or vector(0)").await?;
        let up = wire::instant(&wire::accept(&up, &inner.server)?)?.value;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts")]
        let targets = (all > 0.0).then_some((up as u64, all as u64));
        let held_back = inner.present().await?.held_back;
        let about = about(inner).await?;
        let flavour = recognise(inner, &reply, about.as_ref()).await;
        let mut version = about.and_then(|about| about.version).filter(|version| !version.is_empty());
        if flavour == Some(Flavour::VictoriaMetrics) {
            // What it calls its version there is the Prometheus it pretends to be.
            version = own_version(inner).await;
        }
        Ok(Probe { flavour, version, skew, held_back, targets })
    }
}

/// What the page about the build says; none where there is no such page.
async fn about(inner: &Inner) -> Result<Option<wire::Build>, Failure> {
    let reply = inner.get("/api/v1/status/buildinfo").await?;
    Ok(if reply.status.is_success() { wire::build(&reply.body) } else { None })
}

/// What it is, by what only one of them does.
async fn recognise(inner: &Inner, reply: &Reply, about: Option<&wire::Build>) -> Option<Flavour> {
    if reply.header_names.iter().any(|name| name == "x-server-hostname") {
        return Some(Flavour::VictoriaMetrics);
    }
    let build = about?;
    match build.application.as_deref() {
        Some(name) if name.contains("Mimir") || name.contains("Cortex") || name.contains("Enterprise Metrics") => {
            return Some(Flavour::Mimir);
        }
        Some(_) | None => {}
    }
    // Its versions begin with 0; of all of them it alone lists its stores.
    let lists_stores = match inner.get("/api/v1/stores").await {
        Ok(reply) => reply.status.is_success() && wire::is_success(&reply.body),
        Err(_) => false,
    };
    if lists_stores {
        return Some(Flavour::Thanos);
    }
    build.go_version.as_ref().map(|_| Flavour::Prometheus)
}

/// VictoriaMetrics's own version, where its page of metrics is within reach.
async fn own_version(inner: &Inner) -> Option<String> {
    let reply = inner.get("/metrics").await.ok().filter(|reply| reply.status.is_success())?;
    let page = String::from_utf8(reply.body).ok()?;
    let line = page.lines().find(|line| line.starts_with("vm_app_version{"))?;
    let (_, rest) = line.split_once("short_version=\"")?;
    let (version, _) = rest.split_once('"')?;
    (!version.is_empty()).then(|| version.to_owned())
}
