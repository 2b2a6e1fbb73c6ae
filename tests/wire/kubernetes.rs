//! A cluster over the wire: what is sent, how often, and what each answer means.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use flightdeck::{
    backend::{
        Backend,
        kubernetes::{
            self,
            argo_rollouts::{self, Observed, Permissions},
        },
    },
    config::source::KubernetesConfig,
    domain::{
        clean::Clean,
        failure::{Failure, FailureKind},
        goal::{Goal, Permission},
        guard::{Beat, GuardState, Heartbeat},
        health::Health,
        plan::{Plan, Request},
        target::Target,
        update::{Scope, Update},
    },
};
use futures::{StreamExt, stream::BoxStream};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{method, path, query_param, query_param_is_missing},
};

use crate::raw_server::RawServer;

const PATCHED: &str = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/web/status";
const ROLLOUTS: &str = "/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts";

fn fixture(name: &str) -> Value {
    let file = format!("{}/tests/fixtures/argo_rollouts/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

/// Time goes 10 s with every look at it, so that nothing has to wait for it.
fn clock() -> kubernetes::Clock {
    let seconds = AtomicI64::new(0);
    Arc::new(move || {
        let now = seconds.fetch_add(10, Ordering::Relaxed);
        chrono::DateTime::from_timestamp(1_800_000_000 + now, 0).unwrap()
    })
}

fn kubeconfig(folder: &Path, server: &str, user: &str) -> PathBuf {
    let file = folder.join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: lab\n\
         clusters: [{{name: lab, cluster: {{server: \"{server}\"}}}}]\n\
         contexts: [{{name: lab, context: {{cluster: lab, user: me, namespace: shop}}}}]\n\
         users: [{{name: me, user: {user}}}]\n",
    );
    fs::write(&file, text).unwrap();
    file
}

async fn connect(file: PathBuf, context: Option<&str>) -> Result<Arc<dyn Backend>, Failure> {
    let config = KubernetesConfig { kubeconfig: Some(file), context: context.map(str::to_owned) };
    kubernetes::connect("lab".into(), config, clock(), Arc::new(|_line| {})).await
}

async fn reached(server: &str) -> Arc<dyn Backend> {
    let folder = tempfile::tempdir().unwrap();
    connect(kubeconfig(folder.path(), server, "{token: sekrit}"), None).await.unwrap()
}

/// A plan for the captured canary at its first pause.
fn plan(goal: &Goal) -> Plan {
    let observed = Observed {
        rollout: serde_json::from_value(fixture("canary-paused-at-1pct")).unwrap(),
        replica_sets: serde_json::from_value(fixture("canary-paused-at-1pct-replicasets")["items"].clone()).unwrap(),
        permissions: Permissions { status: Permission::Yes, spec: Permission::Yes },
        ..Observed::default()
    };
    let release = argo_rollouts::release(&"lab".into(), &observed);
    release.offers.iter().find(|offer| offer.goal == *goal).unwrap().answer.plan().unwrap().clone()
}

fn status(code: u16, reason: &str, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(code)
        .set_body_json(json!({"kind": "Status", "code": code, "reason": reason, "message": message}))
}

#[tokio::test]
async fn an_act_is_sent_once_as_shown() {
    let server = MockServer::start().await;
    Mock::given(method("PATCH")).and(path(PATCHED)).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let backend = reached(&server.uri()).await;
    let plan = plan(&Goal::Promote);
    let receipt = backend.apply(plan.clone()).await.unwrap();
    assert_eq!(receipt.replies, ["200 OK".into()]);
    backend.rehearse(plan.clone()).await.unwrap();

    let requests = server.received_requests().await.unwrap();
    let [sent, rehearsed] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    let [Request::Http { body, .. }] = plan.requests.as_slice() else { panic!("no request") };
    assert_eq!(serde_json::from_slice::<Value>(&sent.body).unwrap(), *body);
    assert_eq!(sent.url.query(), Some("fieldManager=flightdeck"));
    assert_eq!(rehearsed.url.query(), Some("fieldManager=flightdeck&dryRun=All"));
    let header = |name: &str| sent.headers.get(name).unwrap().to_str().unwrap();
    assert_eq!(header("content-type"), "application/json-patch+json");
    assert_eq!(header("authorization"), "Bearer sekrit");
    assert!(header("user-agent").starts_with("flightdeck/"));
}

#[tokio::test]
async fn every_refusal_has_its_kind_and_nothing_is_sent_twice() {
    let unconfirmed = FailureKind::Unconfirmed;
    let cases = [
        (status(401, "Unauthorized", "Unauthorized"), FailureKind::Auth, FailureKind::Auth),
        (
            status(
                403,
                "Forbidden",
                "User \"viewer\" cannot patch resource \"rollouts/status\" in API group \"argoproj.io\" in the namespace \"shop\"",
            ),
            FailureKind::Forbidden,
            FailureKind::Forbidden,
        ),
        (status(404, "NotFound", "no web"), FailureKind::NotFound, FailureKind::NotFound),
        (status(409, "Conflict", "modified"), FailureKind::Conflict, FailureKind::Conflict),
        (status(422, "Invalid", "the server rejected our request"), FailureKind::Conflict, FailureKind::Conflict),
        (
            ResponseTemplate::new(422).set_body_json(json!({"code": 422, "reason": "Invalid", "message": "bad",
                "details": {"causes": [{"field": "spec"}]}})),
            FailureKind::Refused,
            FailureKind::Refused,
        ),
        (
            status(429, "TooManyRequests", "slow down").insert_header("retry-after", "7"),
            FailureKind::Limited(Some(flightdeck::domain::time::Seconds(7.0))),
            FailureKind::Limited(Some(flightdeck::domain::time::Seconds(7.0))),
        ),
        (status(500, "InternalError", "etcd timed out"), unconfirmed, FailureKind::Timeout),
        (ResponseTemplate::new(503).set_body_string("<html>down</html>"), unconfirmed, FailureKind::Timeout),
    ];
    for (answer, applied, rehearsed) in cases {
        let server = MockServer::start().await;
        Mock::given(method("PATCH")).respond_with(answer).mount(&server).await;
        let backend = reached(&server.uri()).await;
        let failure = backend.apply(plan(&Goal::Abort)).await.unwrap_err();
        assert_eq!(failure.kind, applied, "{failure:?}");
        assert_eq!(server.received_requests().await.unwrap().len(), 1, "{failure:?}");
        assert_eq!(backend.rehearse(plan(&Goal::Abort)).await.unwrap_err().kind, rehearsed);
    }
}

#[tokio::test]
async fn a_refusal_names_who_may_not_do_what_where() {
    let server = MockServer::start().await;
    let message = "rollouts.argoproj.io \"web\" is forbidden: User \"viewer\" cannot patch resource \"rollouts/status\" \
                   in API group \"argoproj.io\" in the namespace \"shop\"";
    Mock::given(method("PATCH")).respond_with(status(403, "Forbidden", message)).mount(&server).await;
    let failure = reached(&server.uri()).await.apply(plan(&Goal::Abort)).await.unwrap_err();
    assert_eq!(failure.summary.as_str(), "`viewer` may not patch rollouts/status in `shop`");
}

#[tokio::test]
async fn refused_is_not_sent_and_a_lost_reply_is_unconfirmed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let failure = reached(&nobody).await.apply(plan(&Goal::Abort)).await.unwrap_err();
    assert!(failure.kind == FailureKind::Unreachable && failure.kind.not_sent(), "{failure:?}");

    // It takes the request and hangs up.
    let server = RawServer::start(Vec::new()).await;
    let failure = reached(&server.address).await.apply(plan(&Goal::Abort)).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unconfirmed, "{failure:?}");
}

fn beat(id: &str, state: GuardState) -> Beat {
    let at = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let heartbeat = Heartbeat {
        id: id.into(),
        by: "operator".into(),
        host: "bastion".into(),
        revision: "766d9b9f7d".into(),
        since: at,
        beat: at,
        until: at,
        state,
        outcome: None,
    };
    Beat { release: plan(&Goal::Abort).release, heartbeat, over: None }
}

/// What a server that holds this annotation is sent for a beat, and what comes of it.
async fn beaten(found: Option<&str>, beat: Beat) -> (Result<(), Failure>, Option<Value>) {
    let server = MockServer::start().await;
    let mut rollout = fixture("canary-paused-at-1pct");
    if let Some(found) = found {
        rollout["metadata"]["annotations"]["flightdeck/guard"] = found.into();
    }
    let place = PATCHED.trim_end_matches("/status");
    let there = ResponseTemplate::new(200).set_body_json(rollout);
    Mock::given(method("GET")).and(path(place)).respond_with(there).mount(&server).await;
    Mock::given(method("PATCH"))
        .and(path(place))
        .and(query_param("fieldManager", "flightdeck-guard"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let result = reached(&server.uri()).await.beat(beat).await;
    let sent = server.received_requests().await.unwrap();
    let patch = sent.iter().find(|request| request.method.as_str() == "PATCH");
    (result, patch.map(|request| serde_json::from_slice(&request.body).unwrap()))
}

#[tokio::test]
async fn a_sign_of_life_is_left_only_over_what_was_read() {
    let (result, sent) = beaten(None, beat("me", GuardState::Watching)).await;
    assert_eq!(result, Ok(()));
    let sent = sent.unwrap();
    assert_eq!(sent.as_array().unwrap().len(), 3, "two tests and nothing but the annotation: {sent:#}");
    assert_eq!(sent[1]["value"], Value::Null, "only where none stands");
    let mine = sent[2]["value"].as_str().unwrap().to_owned();

    let (result, sent) = beaten(Some(&mine), beat("me", GuardState::Acting(1))).await;
    assert_eq!((result, &sent.unwrap()[1]["value"]), (Ok(()), &Value::from(mine.as_str())));
    let (result, _) = beaten(Some("no sign at all"), beat("me", GuardState::Watching)).await;
    assert_eq!(result, Ok(()), "what is no sign is nobody's");

    let (result, sent) = beaten(Some(&mine), beat("other", GuardState::Watching)).await;
    let failure = result.unwrap_err();
    assert_eq!((failure.kind, sent), (FailureKind::Conflict, None), "{failure:?}");
    assert!(failure.summary.contains("another guard"), "{failure:?}");
    let stood_down = serde_json::to_string(&beat("me", GuardState::Ended("by hand".into())).heartbeat).unwrap();
    let (result, sent) = beaten(Some(&stood_down), beat("me", GuardState::Watching)).await;
    assert_eq!((result.unwrap_err().kind, sent), (FailureKind::Conflict, None));
    let mut foreign = beat("me", GuardState::Watching);
    foreign.release.uid = "another".into();
    let (result, sent) = beaten(None, foreign).await;
    assert_eq!((result.unwrap_err().kind, sent), (FailureKind::Conflict, None));
}

#[tokio::test]
async fn a_template_goes_back_as_it_was_or_not_at_all() {
    let sets = fixture("canary-paused-at-1pct-replicasets");
    let stable = sets["items"].as_array().unwrap().iter().find(|s| s["metadata"]["name"] == "web-766d9b9f7d").unwrap();
    let undo = plan(&Goal::Rollback { to: Some(1) });
    let set = "/apis/apps/v1/namespaces/shop/replicasets/web-766d9b9f7d";

    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path(set))
        .respond_with(ResponseTemplate::new(200).set_body_json(stable))
        .mount(&server)
        .await;
    Mock::given(method("PATCH")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    reached(&server.uri()).await.apply(undo.clone()).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    let body: Value = serde_json::from_slice(&requests.last().unwrap().body).unwrap();
    let restored = &body[2];
    assert_eq!((&restored["op"], &restored["path"]), (&json!("replace"), &json!("/spec/template")));
    assert_eq!(restored["value"]["spec"]["containers"][0]["image"], "shop/web:v1");
    assert_eq!(restored["value"]["metadata"]["labels"], json!({"app": "web"}), "without the controller's label");

    let mut other = stable.clone();
    other["spec"]["template"]["spec"]["containers"][0]["image"] = json!("shop/web:evil");
    let server = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(200).set_body_json(other)).mount(&server).await;
    let failure = reached(&server.uri()).await.apply(undo).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert_eq!(server.received_requests().await.unwrap().len(), 1, "only the template was read");
}

fn open() -> Scope {
    Scope::Release(Target { source: "lab".into(), kind: "rollout".into(), path: vec!["shop".into(), "web".into()] })
}

fn listed(items: &[Value], version: &str, next: &str) -> ResponseTemplate {
    ResponseTemplate::new(200)
        .set_body_json(json!({"metadata": {"resourceVersion": version, "continue": next}, "items": items}))
}

/// The next update that `wanted` makes something of.
async fn until<T>(updates: &mut BoxStream<'static, Update>, mut wanted: impl FnMut(Update) -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = wanted(updates.next().await.unwrap()) {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.unwrap()
}

/// A watch that stays open and silent, for what is not under test.
async fn quiet(server: &MockServer) {
    let silence = ResponseTemplate::new(200).set_delay(Duration::from_secs(15));
    Mock::given(method("GET"))
        .and(query_param("watch", "true"))
        .respond_with(silence)
        .with_priority(9)
        .mount(server)
        .await;
}

#[tokio::test]
async fn what_may_not_be_seen_is_missing_and_the_rest_is_live() {
    let server = MockServer::start().await;
    let pods =
        "pods is forbidden: User \"me\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\"";
    Mock::given(path("/api/v1/namespaces/shop/pods")).respond_with(status(403, "Forbidden", pods)).mount(&server).await;
    Mock::given(method("GET"))
        .and(query_param("watch", "true"))
        .respond_with(ResponseTemplate::new(200).set_body_string(""))
        .mount(&server)
        .await;
    let rollout = [fixture("canary-paused-at-1pct")];
    Mock::given(path(ROLLOUTS)).respond_with(listed(&rollout, "9", "")).mount(&server).await;
    let sets = fixture("canary-paused-at-1pct-replicasets")["items"].as_array().unwrap().clone();
    Mock::given(path("/apis/apps/v1/namespaces/shop/replicasets"))
        .respond_with(listed(&sets, "9", ""))
        .mount(&server)
        .await;
    Mock::given(method("GET")).respond_with(listed(&[], "9", "")).with_priority(9).mount(&server).await;

    let mut updates = reached(&server.uri()).await.watch(open());
    let (mut missing, mut live): (Option<Vec<Clean>>, bool) = (None, false);
    until(&mut updates, |update| {
        match update {
            Update::Snapshot(releases) => missing = releases.first().map(|r| r.missing.clone()),
            Update::Changed(release) => missing = Some(release.missing.clone()),
            Update::Health(health) => live = health == Health::Live,
            Update::Gone(_) | Update::Identity(_) | Update::Clock(_) | Update::Debrief(_) => {}
        }
        let said = missing.as_ref().is_some_and(|m| m == &["pods: `me` may not list pods in `shop`".into()]);
        (said && live).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_travels_with_a_release_is_asked_for_only_while_it_is_open() {
    let plain = |mut rollout: Value| {
        rollout["spec"]["strategy"]["canary"]["steps"] = json!([{"setWeight": 1}, {"pause": {}}]);
        rollout
    };
    let nested = json!({"metadata": {"name": "success", "namespace": "shop"},
                        "spec": {"templates": [{"templateName": "all", "clusterScope": true}]}});
    let web = fixture("canary-paused-at-1pct");
    let (panels, templates, cluster_templates) =
        ("/api/v1/namespaces/shop/configmaps", "/analysistemplates", "/clusteranalysistemplates");
    for (scope, rollout, found, expected) in [
        (open(), web.clone(), vec![], vec![panels, templates]),
        (open(), web.clone(), vec![nested], vec![panels, templates, cluster_templates]),
        (open(), plain(web.clone()), vec![], vec![panels]),
        (Scope::Board(vec!["shop".into()]), web, vec![], vec![]),
    ] {
        let server = MockServer::start().await;
        Mock::given(path(ROLLOUTS))
            .and(query_param_is_missing("watch"))
            .respond_with(listed(&[rollout], "9", ""))
            .mount(&server)
            .await;
        Mock::given(path("/apis/argoproj.io/v1alpha1/namespaces/shop/analysistemplates"))
            .and(query_param_is_missing("watch"))
            .respond_with(listed(&found, "9", ""))
            .mount(&server)
            .await;
        quiet(&server).await;
        Mock::given(method("GET")).respond_with(listed(&[], "9", "")).with_priority(10).mount(&server).await;
        let mut updates = reached(&server.uri()).await.watch(scope);
        until(&mut updates, |update| (update == Update::Health(Health::Live)).then_some(())).await;
        let requests = server.received_requests().await.unwrap();
        let lists: Vec<&str> = requests
            .iter()
            .filter(|request| !request.url.query().unwrap_or_default().contains("watch=true"))
            .map(|request| request.url.path())
            .collect();
        let asked = [panels, templates, cluster_templates];
        let asked: Vec<&str> = asked.into_iter().filter(|kind| lists.iter().any(|path| path.ends_with(kind))).collect();
        assert_eq!(asked, expected);
        let mut maps = requests.iter().filter(|request| request.url.path() == panels);
        assert!(
            maps.all(|request| request.url.query().unwrap_or_default().contains("labelSelector=flightdeck%2Fpanels"))
        );
    }
}

#[tokio::test]
async fn a_cluster_whose_clock_is_off_says_so_before_any_time_is_told() {
    let server = MockServer::start().await;
    let dated = |answer: ResponseTemplate| answer.insert_header("date", "Fri, 15 Jan 2027 08:10:00 GMT");
    let rollout = [fixture("canary-paused-at-1pct")];
    Mock::given(path(ROLLOUTS))
        .and(query_param_is_missing("watch"))
        .respond_with(dated(listed(&rollout, "9", "")))
        .mount(&server)
        .await;
    quiet(&server).await;
    Mock::given(method("GET")).respond_with(dated(listed(&[], "9", ""))).with_priority(10).mount(&server).await;
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = Some(kubeconfig(folder.path(), &server.uri(), "{token: sekrit}"));
    // It is 08:00:00 here, and stays so.
    let clock = Arc::new(|| chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap());
    let config = KubernetesConfig { kubeconfig, context: None };
    let backend = kubernetes::connect("lab".into(), config, clock, Arc::new(|_line| {})).await.unwrap();
    let mut updates = backend.watch(open());
    let first = until(&mut updates, |update| match update {
        Update::Health(_) | Update::Identity(_) => None,
        told => Some(told),
    });
    assert_eq!(first.await, Update::Clock(600.5));
    let next = until(&mut updates, |update| match update {
        Update::Health(_) | Update::Identity(_) => None,
        told => Some(told),
    });
    let Update::Snapshot(releases) = next.await else { panic!("no release") };
    let told = fixture("canary-paused-at-1pct")["status"]["pauseConditions"][0]["startTime"].clone();
    let told: chrono::DateTime<chrono::Utc> = serde_json::from_value(told).unwrap();
    let shown = releases[0].waiting.as_ref().and_then(|waiting| waiting.since);
    assert_eq!(shown, Some(told - chrono::TimeDelta::seconds(600)), "it is shown by our clock");
}

#[tokio::test]
async fn the_first_news_of_a_release_wait_for_what_declares_its_panels() {
    let text = "[[panels]]\nname = \"orders\"\nkind = \"shared\"\nquery = \"x\"\nbetter = \"higher\"\n";
    let map = json!({"metadata": {"name": "panels", "namespace": "shop", "labels": {"flightdeck/panels": "true"}},
                     "data": {"panels.toml": text}});
    let forbidden = "configmaps is forbidden: User \"me\" cannot list resource \"configmaps\" in API group \"\" in the \
                     namespace \"shop\"";
    let unseen: Clean = "configmaps: `me` may not list configmaps in `shop`".into();
    for (answer, declared, said) in
        [(listed(&[map], "9", ""), 1, None), (status(403, "Forbidden", forbidden), 0, Some(unseen))]
    {
        let server = MockServer::start().await;
        Mock::given(path("/api/v1/namespaces/shop/configmaps"))
            .and(query_param_is_missing("watch"))
            .respond_with(answer.set_delay(Duration::from_millis(400)))
            .mount(&server)
            .await;
        let rollout = [fixture("canary-paused-at-1pct")];
        Mock::given(path(ROLLOUTS))
            .and(query_param_is_missing("watch"))
            .respond_with(listed(&rollout, "9", ""))
            .mount(&server)
            .await;
        quiet(&server).await;
        Mock::given(method("GET")).respond_with(listed(&[], "9", "")).with_priority(10).mount(&server).await;
        let mut updates = reached(&server.uri()).await.watch(open());
        let first = until(&mut updates, |update| match update {
            Update::Snapshot(releases) => releases.first().cloned(),
            Update::Changed(release) => panic!("{:?} came later", release.declared),
            Update::Gone(_) | Update::Health(_) | Update::Identity(_) | Update::Clock(_) | Update::Debrief(_) => None,
        });
        let first = first.await;
        assert_eq!((first.declared.len(), &first.panels_unseen), (declared, &said));
    }
}

#[tokio::test]
async fn pages_are_put_together_and_a_watch_too_old_begins_anew() {
    let server = MockServer::start().await;
    let mut web = fixture("canary-paused-at-1pct");
    let mut other = web.clone();
    other["metadata"]["name"] = json!("pay");
    other["metadata"]["uid"] = json!("pay");
    let rollouts = "/apis/argoproj.io/v1alpha1/rollouts";
    let watches = || Mock::given(path(rollouts)).and(query_param("watch", "true"));
    let lists = || Mock::given(path(rollouts)).and(query_param_is_missing("watch"));
    lists()
        .and(query_param("continue", "more"))
        .respond_with(listed(&[other], "9", ""))
        .with_priority(1)
        .mount(&server)
        .await;
    lists().respond_with(listed(&[web.clone()], "9", "more")).up_to_n_times(1).with_priority(2).mount(&server).await;
    // A change, then word that the rest was missed: a success with an error inside.
    web["metadata"]["resourceVersion"] = json!("10");
    web["spec"]["paused"] = json!(true);
    let changed = json!({"type": "MODIFIED", "object": web});
    let gone = json!({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}});
    let lines = ResponseTemplate::new(200).set_body_string(format!("{changed}\n{gone}\n"));
    watches().respond_with(lines).up_to_n_times(1).with_priority(2).mount(&server).await;
    // The list that follows no longer has `pay`.
    lists().respond_with(listed(&[web], "20", "")).with_priority(3).mount(&server).await;
    quiet(&server).await;
    Mock::given(method("GET")).respond_with(listed(&[], "9", "")).with_priority(10).mount(&server).await;

    let mut updates = reached(&server.uri()).await.watch(Scope::Board(Vec::new()));
    let first = until(&mut updates, |update| match update {
        Update::Snapshot(releases) => Some(releases),
        _ => None,
    })
    .await;
    assert_eq!(first.len(), 2);
    let (mut held, mut gone) = (first.iter().any(|r| r.held), None);
    until(&mut updates, |update| {
        match update {
            Update::Changed(release) => held |= release.held,
            Update::Gone(target) => gone = Some(target.to_string()),
            Update::Snapshot(_) | Update::Health(_) | Update::Identity(_) | Update::Clock(_) | Update::Debrief(_) => {}
        }
        (held && gone.is_some()).then_some(())
    })
    .await;
    assert_eq!(gone.as_deref(), Some("lab/shop/pay"));
}

/// A server that has just been started refuses for a moment, and whoever listens may have given up what it had.
#[tokio::test]
async fn what_was_refused_is_listed_anew_and_not_only_watched() {
    for (code, reason) in [(403, "Forbidden"), (404, "NotFound")] {
        let server = MockServer::start().await;
        let mut web = fixture("canary-paused-at-1pct");
        let watches = || Mock::given(path(ROLLOUTS)).and(query_param("watch", "true"));
        let lists = || Mock::given(path(ROLLOUTS)).and(query_param_is_missing("watch"));
        watches().respond_with(status(code, reason, "not yet")).up_to_n_times(1).with_priority(1).mount(&server).await;
        lists().respond_with(listed(&[web.clone()], "9", "")).up_to_n_times(1).with_priority(1).mount(&server).await;
        // What happened meanwhile is in the list, and no watch will tell of it.
        web["metadata"]["resourceVersion"] = json!("20");
        web["spec"]["paused"] = json!(true);
        lists().respond_with(listed(&[web], "21", "")).with_priority(2).mount(&server).await;
        quiet(&server).await;
        Mock::given(method("GET")).respond_with(listed(&[], "9", "")).with_priority(10).mount(&server).await;

        let mut updates = reached(&server.uri()).await.watch(open());
        until(&mut updates, |update| match update {
            Update::Snapshot(releases) => releases.iter().any(|release| release.held).then_some(()),
            Update::Changed(release) => release.held.then_some(()),
            Update::Health(_) | Update::Gone(_) | Update::Identity(_) | Update::Clock(_) | Update::Debrief(_) => None,
        })
        .await;
        let asked =
            server.received_requests().await.unwrap().into_iter().filter(|request| request.url.path() == ROLLOUTS);
        let order: Vec<bool> = asked.map(|r| r.url.query().unwrap_or_default().contains("watch=true")).collect();
        assert_eq!(order.get(..3), Some([false, true, false].as_slice()), "{code}");
    }
}

#[tokio::test]
async fn who_may_not_see_the_whole_cluster_sees_the_namespace_of_the_context() {
    let server = MockServer::start().await;
    let message = "User \"me\" cannot list resource \"rollouts\" in API group \"argoproj.io\" at the cluster scope";
    Mock::given(path("/apis/argoproj.io/v1alpha1/rollouts"))
        .respond_with(status(403, "Forbidden", message))
        .mount(&server)
        .await;
    quiet(&server).await;
    let web = [fixture("canary-paused-at-1pct")];
    Mock::given(path(ROLLOUTS))
        .and(query_param_is_missing("watch"))
        .respond_with(listed(&web, "9", ""))
        .mount(&server)
        .await;
    Mock::given(method("GET")).respond_with(listed(&[], "9", "")).with_priority(10).mount(&server).await;
    let mut updates = reached(&server.uri()).await.watch(Scope::Board(Vec::new()));
    let releases = until(&mut updates, |update| match update {
        Update::Snapshot(releases) => Some(releases),
        _ => None,
    })
    .await;
    assert_eq!(
        releases[0].missing,
        ["namespaces: only `shop` is shown, `me` may not list rollouts in the whole cluster".into()],
    );
}

#[tokio::test]
async fn a_kubeconfig_that_cannot_be_used_says_where_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = kubeconfig(folder.path(), "https://127.0.0.1:1", "{token: sekrit}");
    let failure = connect(file.clone(), Some("prod")).await.err().unwrap();
    assert!(failure.to_string().ends_with("has no context `prod`; it knows lab"), "{failure}");

    fs::write(&file, "apiVersion: v1\nusers:\n- name: me\n  user: {token: sekrit\n").unwrap();
    let failure = connect(file, None).await.err().unwrap();
    assert!(failure.summary.contains("line") && !format!("{failure:?}").contains("sekrit"), "{failure:?}");

    let failure = connect("/no/such/kubeconfig".into(), None).await.err().unwrap();
    assert!(failure.summary.contains("/no/such/kubeconfig"), "{failure}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_plugin_gives_tokens_and_is_asked_again_when_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let counter = folder.path().join("count");
    let script = format!(
        r#"echo >> {0}; printf '{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{{"token":"t%s"}}}}' "$(wc -l < {0} | tr -d ' ')""#,
        counter.display()
    );
    let user = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "sh",
                               "args": ["-c", script], "interactiveMode": "Never"}});
    let server = MockServer::start().await;
    let token = |t: &str| Mock::given(wiremock::matchers::header("authorization", format!("Bearer {t}")));
    token("t1").respond_with(status(401, "Unauthorized", "Unauthorized")).mount(&server).await;
    token("t2").respond_with(ResponseTemplate::new(200)).mount(&server).await;
    let backend = connect(kubeconfig(folder.path(), &server.uri(), &user.to_string()), None).await.unwrap();
    // The refused act is not sent again by itself; the next one has a new token.
    assert_eq!(backend.apply(plan(&Goal::Abort)).await.unwrap_err().kind, FailureKind::Auth);
    backend.apply(plan(&Goal::Abort)).await.unwrap();
    assert_eq!(server.received_requests().await.unwrap().len(), 2);

    let user = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "sh",
                               "args": ["-c", "echo denied by idp >&2; exit 3"], "interactiveMode": "Never"}});
    let failure = connect(kubeconfig(folder.path(), &server.uri(), &user.to_string()), None).await.err().unwrap();
    assert_eq!(failure.kind, FailureKind::Auth);
    assert!(failure.detail.unwrap().contains("denied by idp"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_plugin_that_fails_when_an_act_needs_it_leaves_it_unsent() {
    for goal in [Goal::Abort, Goal::Rollback { to: Some(1) }] {
        let folder = tempfile::tempdir().unwrap();
        // Its first token is as good as over.
        let script = format!(
            r#"[ -e {0} ] && echo denied by idp >&2 && exit 3; : > {0}; printf '{{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{{"token":"t","expirationTimestamp":"2027-01-15T08:00:30Z"}}}}'"#,
            folder.path().join("ran").display()
        );
        let user = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "sh",
                                   "args": ["-c", script], "interactiveMode": "Never"}});
        let server = MockServer::start().await;
        let backend = connect(kubeconfig(folder.path(), &server.uri(), &user.to_string()), None).await.unwrap();
        let failure = backend.apply(plan(&goal)).await.unwrap_err();
        assert!(failure.kind.not_sent(), "{goal}: {failure:?}");
        assert!(failure.detail.as_ref().unwrap().contains("denied by idp"), "{goal}: {failure:?}");
        assert!(server.received_requests().await.unwrap().is_empty());
    }
}
