//! Revisions of a Rollout: its ReplicaSets, newest first, with their tags, versions and pods.

use super::{
    Observed, Part,
    objects::{ReplicaSet, Rollout, condition},
    pods,
};
use crate::domain::{
    clean::Clean,
    revision::{Revision, RevisionHealth, Tag},
};

/// All revisions that are kept. Where ReplicaSets may not be read, the ones the status names.
pub(super) fn revisions(observed: &Observed) -> Vec<Revision> {
    if !observed.sees(Part::ReplicaSets) || observed.replica_sets.is_empty() {
        return by_status(observed);
    }
    let mut sets: Vec<&ReplicaSet> = observed.replica_sets.iter().collect();
    sets.sort_by(|a, b| {
        let key = |rs: &ReplicaSet| (rs.metadata.revision(), rs.metadata.creation_timestamp);
        key(b).cmp(&key(a)).then_with(|| a.metadata.name.cmp(&b.metadata.name))
    });
    let versions = versions(&sets);
    sets.iter().zip(versions).map(|(rs, version)| revision(observed, rs, version)).collect()
}

fn revision(observed: &Observed, rs: &ReplicaSet, version: Clean) -> Revision {
    let of_set = observed.pods.iter().filter(|pod| pod.metadata.is_owned_by(&rs.metadata.uid));
    Revision {
        number: rs.metadata.revision(),
        first_number: rs.metadata.first_revision(),
        name: rs.metadata.name.as_str().into(),
        hash: rs.hash().into(),
        version,
        images: rs.spec.template.images.iter().map(|i| Clean::new(&i.image)).collect(),
        tags: tags(&observed.rollout, rs.hash()),
        created_at: rs.metadata.creation_timestamp,
        health: health(rs),
        ready: count(rs.status.ready_replicas),
        desired: count(rs.spec.replicas.unwrap_or(1)),
        scale_down_at: rs.metadata.annotation("scale-down-deadline").and_then(|at| at.parse().ok()),
        pods: pods::pods(of_set),
    }
}

fn by_status(observed: &Observed) -> Vec<Revision> {
    let rollout = &observed.rollout;
    let (newest, stable) = (&rollout.status.current_pod_hash, &rollout.status.stable_rs);
    let mut hashes = vec![newest];
    if stable != newest {
        hashes.push(stable);
    }
    hashes
        .into_iter()
        .filter(|hash| !hash.is_empty())
        .map(|hash| {
            let is_newest = hash == newest;
            let images: Vec<Clean> = if is_newest {
                rollout.spec.template.spec.containers.iter().map(|i| Clean::new(&i.image)).collect()
            } else {
                Vec::new()
            };
            let version = images.first().map_or_else(|| Clean::new(hash), |image| tag_of(image).into());
            Revision {
                number: is_newest.then(|| rollout.metadata.revision()).flatten(),
                first_number: None,
                name: format!("{}-{hash}", rollout.metadata.name).into(),
                hash: hash.as_str().into(),
                version,
                images,
                tags: tags(rollout, hash),
                created_at: None,
                health: RevisionHealth::Unknown,
                ready: 0,
                desired: 0,
                scale_down_at: None,
                pods: Vec::new(),
            }
        })
        .collect()
}

fn tags(rollout: &Rollout, hash: &str) -> Vec<Tag> {
    let status = &rollout.status;
    let mut tags = Vec::new();
    let is = |other: &str| !hash.is_empty() && hash == other;
    let stable = is(&status.stable_rs);
    if stable {
        tags.push(Tag::Stable);
    }
    if let Some(canary) = rollout.canary() {
        let is_canary = is(&status.current_pod_hash) && !stable;
        if is_canary {
            tags.push(Tag::Canary);
        }
        let stable_is_ping = status.canary.stable_ping_pong != "pong";
        if canary.ping_pong.is_some() && !status.canary.stable_ping_pong.is_empty() && (stable || is_canary) {
            tags.push(if stable == stable_is_ping { Tag::Ping } else { Tag::Pong });
        }
    } else {
        if is(&status.blue_green.active_selector) {
            tags.push(Tag::Active);
        }
        if is(&status.blue_green.preview_selector) && !is(&status.blue_green.active_selector) {
            tags.push(Tag::Preview);
        }
    }
    tags
}

fn health(rs: &ReplicaSet) -> RevisionHealth {
    let desired = rs.spec.replicas.unwrap_or(1);
    if condition(&rs.status.conditions, "ReplicaFailure").is_some_and(|c| c.status == "True") {
        RevisionHealth::Degraded
    } else if rs.status.observed_generation < rs.metadata.generation || rs.status.available_replicas < desired {
        RevisionHealth::Progressing
    } else if desired == 0 {
        RevisionHealth::ScaledDown
    } else {
        RevisionHealth::Healthy
    }
}

fn count(n: i64) -> u32 {
    u32::try_from(n).unwrap_or_default()
}

/// What people call each revision: the tag of the one image that changes between them; else the number.
fn versions(sets: &[&ReplicaSet]) -> Vec<Clean> {
    let first = sets.first().map(|rs| rs.spec.template.images.as_slice()).unwrap_or_default();
    let image_of =
        |rs: &ReplicaSet, name: &str| rs.spec.template.images.iter().find(|i| i.name == name).map(|i| i.image.clone());
    let changing: Vec<&str> = first
        .iter()
        .map(|image| image.name.as_str())
        .filter(|name| sets.iter().any(|rs| image_of(rs, name) != sets.first().and_then(|rs| image_of(rs, name))))
        .collect();
    let lead = match changing.as_slice() {
        [] => first.first().map(|image| image.name.as_str()),
        [one] => Some(*one),
        [_, _, ..] => None,
    };
    let number = |rs: &ReplicaSet| rs.metadata.revision().map_or_else(|| rs.hash().to_owned(), |n| n.to_string());
    let named: Vec<Option<String>> =
        sets.iter().map(|rs| lead.and_then(|name| image_of(rs, name)).map(|image| tag_of(&image))).collect();
    sets.iter()
        .zip(&named)
        .map(|(rs, name)| match name {
            // Two revisions of one image differ in something else: the number tells them apart.
            Some(name) if named.iter().flatten().filter(|other| *other == name).count() > 1 => {
                format!("{name} r{}", number(rs)).into()
            }
            Some(name) => name.as_str().into(),
            None => number(rs).into(),
        })
        .collect()
}

/// The tag of an image, or the beginning of its digest, or its last name.
fn tag_of(image: &str) -> String {
    const DIGEST_CHARS: usize = 12;
    let last = image.rsplit('/').next().unwrap_or(image);
    let (name, digest) = last.split_once('@').map_or((last, None), |(name, digest)| (name, Some(digest)));
    if let Some((_, tag)) = name.split_once(':') {
        return tag.to_owned();
    }
    digest.map_or_else(
        || name.to_owned(),
        |digest| digest.rsplit(':').next().unwrap_or(digest).chars().take(DIGEST_CHARS).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_called_by_its_tag() {
        let cases = [
            ("shop/web:v2", "v2"),
            ("registry:5000/shop/web:4.2.0", "4.2.0"),
            ("registry:5000/shop/web", "web"),
            ("shop/web:4.2.0@sha256:0123456789abcdef", "4.2.0"),
            ("shop/web@sha256:0123456789abcdef", "0123456789ab"),
        ];
        for (image, called) in cases {
            assert_eq!(tag_of(image), called, "{image}");
        }
    }
}
