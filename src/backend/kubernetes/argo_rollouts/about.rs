//! What people wrote on a Rollout, and who else has a hand on it.

use super::objects::Rollout;
use crate::domain::release::About;

pub(super) fn about(rollout: &Rollout) -> About {
    let annotation = |key: &str| rollout.metadata.annotation(key).map(Into::into);
    About {
        by: annotation("flightdeck/by"),
        owner: annotation("flightdeck/owner"),
        change: annotation("flightdeck/change").or_else(|| annotation("kubernetes.io/change-cause")),
        gitops: gitops(rollout).map(Into::into),
        router: router(rollout).map(Into::into),
    }
}

/// The GitOps tool that owns the object, by the marks it leaves.
pub(super) fn gitops(rollout: &Rollout) -> Option<String> {
    let meta = &rollout.metadata;
    if let Some(tracking) = meta.annotation("argocd.argoproj.io/tracking-id") {
        let application = tracking.split(':').next().unwrap_or_default();
        return Some(format!("Argo CD application `{application}`"));
    }
    if let Some(application) = meta.label("argocd.argoproj.io/instance") {
        return Some(format!("Argo CD application `{application}`"));
    }
    if let Some((_, name)) = meta.labels.iter().find(|(key, _)| key.ends_with("toolkit.fluxcd.io/name")) {
        return Some(format!("Flux `{name}`"));
    }
    // Argo CD's older mark, which other tools use as well.
    let instance = meta.label("app.kubernetes.io/instance")?;
    (meta.label("app.kubernetes.io/managed-by").is_none()).then(|| format!("perhaps Argo CD application `{instance}`"))
}

/// How traffic is split.
fn router(rollout: &Rollout) -> Option<String> {
    let routing = rollout.canary()?.traffic_routing.as_ref()?;
    let names = routing.routers.keys().filter(|key| *key != "managedRoutes").chain(routing.plugins.keys());
    let names: Vec<&str> = names.map(String::as_str).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
