//! The revisions with their pods as dots, and who and what stands behind the release.

use crate::{
    core::{
        content,
        state::{Open, State},
    },
    domain::revision::{Pod, Revision},
    theme::Role,
    view::{widget::row::Row, words},
};

pub fn heading(open: &Open, focus: Role, width: usize) -> Row {
    let right = Row::new().muted(" age").gap(2).field(Role::Muted, "pods", dot_columns(width));
    let right = right.right(Role::Muted, "ready", ready_columns(open)).gap(1);
    Row::new().gap(1).put(focus, "REVISIONS").with_right(right, width)
}

const fn dot_columns(width: usize) -> usize {
    if width > 46 { 12 } else { 8 }
}

/// Columns that the longest `2/8` takes, with a blank before it.
fn ready_columns(open: &Open) -> usize {
    let longest = open.release.iter().flat_map(|r| content::shown_revisions(r)).map(|r| ready(r).len()).max();
    1 + longest.unwrap_or_default().max(5)
}

fn ready(revision: &Revision) -> String {
    format!("{}/{}", revision.ready, revision.desired)
}

/// One line per revision: number, tag, version, age, pods, ready of desired.
pub fn rows(state: &State, open: &Open, width: usize) -> Vec<Row> {
    let Some(release) = &open.release else { return Vec::new() };
    let columns = ready_columns(open);
    content::shown_revisions(release).map(|revision| row(state, revision, width, columns)).collect()
}

fn row(state: &State, revision: &Revision, width: usize, ready_columns: usize) -> Row {
    let tags: Vec<&str> = revision.tags.iter().map(|tag| words::tag(*tag)).collect();
    let (_, health) = words::revision(revision.health);
    let number = revision.number.map(|n| n.to_string()).unwrap_or_default();
    let age = revision.created_at.map(|at| words::age(state.at.since(at))).unwrap_or_default();
    let leaving =
        revision.scale_down_at.map(|at| format!("↓{}", crate::domain::time::Seconds::between(state.at.wall, at)));
    let right = Row::new()
        .muted(format!("{age:>4}"))
        .gap(2)
        .then(leaving.map_or_else(Row::new, |l| Row::new().put(Role::Warn, l).gap(1)));
    let dots = dots(revision, dot_columns(width));
    let right = right.then(dots).right(health, &ready(revision), ready_columns).gap(1);
    Row::new()
        .right(Role::Muted, &number, 4)
        .gap(1)
        .put(Role::Text, tags.first().copied().unwrap_or("old"))
        .gap(1)
        .put(Role::Title, words::version(revision))
        .with_right(right, width)
}

/// One dot per pod: `●` ready, `○` not yet, `✗` in trouble. Many pods are counted by their share instead.
fn dots(revision: &Revision, room: usize) -> Row {
    let total = usize::try_from(revision.desired).unwrap_or(usize::MAX).max(revision.pods.len());
    let (ready, trouble) = if revision.pods.is_empty() {
        (usize::try_from(revision.ready).unwrap_or(usize::MAX), 0)
    } else {
        let ready = revision.pods.iter().filter(|pod| pod.ready).count();
        (ready, revision.pods.iter().filter(|pod| is_troubled(pod)).count())
    };
    let scaled = |count: usize| {
        if total <= room || total == 0 { count } else { (count * room).div_ceil(total).min(room) }
    };
    let bad = scaled(trouble);
    let good = scaled(ready.min(total)).min(scaled(total).min(room).saturating_sub(bad));
    let rest = total.min(room).saturating_sub(good + bad);
    Row::new()
        .put(Role::Bad, "✗".repeat(bad))
        .put(Role::Good, "●".repeat(good))
        .put(Role::Unknown, "○".repeat(rest))
        .to(room)
}

/// Whether something is wrong with a pod beyond not being ready yet.
fn is_troubled(pod: &Pod) -> bool {
    !pod.ready && pod.trouble.is_some()
}

/// The change, by whom, who keeps the object, and which parts cannot be seen and why.
pub fn about(open: &Open, width: usize) -> Vec<Row> {
    let Some(release) = &open.release else { return Vec::new() };
    let about = &release.about;
    let mut rows = vec![Row::new()];
    if let Some(change) = &about.change {
        rows.push(Row::new().gap(1).put(Role::Title, "CHANGE").gap(1).text(change.to_string()));
    }
    let by = about.by.as_ref().map(|by| format!("by {by}"));
    let owner = about.owner.as_ref().map(|owner| format!("owner {owner}"));
    let who: Vec<String> = by.into_iter().chain(owner).collect();
    if !who.is_empty() {
        rows.push(Row::new().gap(1).muted(who.join(" · ")));
    }
    if let Some(tool) = &about.gitops {
        rows.push(Row::new().gap(1).put(Role::Warn, "!").gap(1).text(format!("kept by {tool}")));
    }
    for missing in &release.missing {
        rows.push(Row::new().gap(1).put(Role::Unknown, "?").gap(1).muted(missing.to_string()));
    }
    rows.into_iter().map(|row| row.cut(width)).collect()
}
