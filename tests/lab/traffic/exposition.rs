//! The world as Prometheus reads it.

use std::{fmt::Write, time::SystemTime};

use clap::ValueEnum;

use crate::{
    arguments::RolloutName,
    fault::Fault,
    pod::{LATENCY_BOUNDS, Pod},
    world::{POOL_SIZE, World},
};

/// A counter of pods: name, what it means, and its series as (further labels, value).
type Counter = (&'static str, &'static str, fn(&Pod) -> Vec<(&'static str, u64)>);

const COUNTERS: &[Counter] = &[
    ("http_requests_total", "Requests answered, by status code.", |pod| {
        vec![(r#",code="200""#, pod.succeeded), (r#",code="500""#, pod.failed)]
    }),
    ("checkout_attempts_total", "Checkouts begun.", |pod| vec![("", pod.checkouts)]),
    ("orders_completed_total", "Orders completed; they come some seconds after their checkout.", |pod| {
        vec![("", pod.orders)]
    }),
    ("payments_rejected_total", "Payments rejected by the provider.", |pod| vec![("", pod.payments_rejected)]),
];

/// The whole page, of now or with the time at which it was so.
pub fn page(world: &World, rollout: &RolloutName, at: Option<SystemTime>) -> String {
    let milliseconds = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let at = at.map(|at| format!(" {}", milliseconds(at))).unwrap_or_default();
    let mut page = String::new();
    // Writing to a String cannot fail.
    let _ = write_page(&mut page, world, rollout, &at);
    page
}

/// `at` stands behind each value.
fn write_page(page: &mut String, world: &World, rollout: &RolloutName, at: &str) -> std::fmt::Result {
    let RolloutName { namespace, name: app } = rollout;
    let labels = |name: &str, pod: &Pod| {
        format!(r#"namespace="{namespace}",app="{app}",pod="{name}",rollouts_pod_template_hash="{}""#, pod.hash)
    };
    for (metric, about, series) in COUNTERS {
        writeln!(page, "# HELP {metric} {about}\n# TYPE {metric} counter")?;
        for (name, pod) in &world.pods {
            for (more, value) in series(pod) {
                writeln!(page, "{metric}{{{}{more}}} {value}{at}", labels(name, pod))?;
            }
        }
    }
    let metric = "http_request_duration_seconds";
    writeln!(page, "# HELP {metric} Time to answer.\n# TYPE {metric} histogram")?;
    for (name, pod) in &world.pods {
        write_histogram(page, metric, &labels(name, pod), pod, at)?;
    }
    for (metric, about, value) in [
        ("db_pool_connections_in_use", "Connections that both arms hold.", world.pool_in_use),
        ("db_pool_connections_max", "Connections there are.", POOL_SIZE),
    ] {
        writeln!(page, "# HELP {metric} {about}\n# TYPE {metric} gauge")?;
        writeln!(page, r#"{metric}{{namespace="{namespace}",app="{app}",pool="orders"}} {value}{at}"#)?;
    }
    writeln!(page, "# HELP lab_fault 1 while the fault is switched on.\n# TYPE lab_fault gauge")?;
    for fault in Fault::value_variants() {
        let on = u8::from(world.faults.has(*fault));
        writeln!(page, r#"lab_fault{{namespace="{namespace}",app="{app}",fault="{}"}} {on}{at}"#, fault.name())?;
    }
    Ok(())
}

fn write_histogram(page: &mut String, metric: &str, labels: &str, pod: &Pod, at: &str) -> std::fmt::Result {
    let mut below = 0;
    for (count, bound) in pod.latency.iter().zip(LATENCY_BOUNDS) {
        below += count;
        writeln!(page, r#"{metric}_bucket{{{labels},le="{}"}} {below}{at}"#, f64::from(bound) / 1000.0)?;
    }
    let count = pod.succeeded + pod.failed;
    writeln!(page, r#"{metric}_bucket{{{labels},le="+Inf"}} {count}{at}"#)?;
    let (seconds, milliseconds) = (pod.latency_milliseconds / 1000, pod.latency_milliseconds % 1000);
    writeln!(page, "{metric}_sum{{{labels}}} {seconds}.{milliseconds:03}{at}")?;
    writeln!(page, "{metric}_count{{{labels}}} {count}{at}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Picture, Settings};

    #[test]
    fn every_pod_has_its_labels_and_whole_buckets() {
        let mut world = World::new(
            Settings { rps: 50.0, checkouts: 0.2, order_lag: 0, seed: 1 },
            [Fault::Errors].into_iter().collect(),
        );
        let pods = [("checkout-1".to_owned(), "abc".to_owned())].into();
        world.tick(&Picture { pods, stable: "abc".to_owned(), canary: "abc".to_owned(), weight: None });
        let page = page(&world, &"shop/checkout".parse().unwrap(), None);
        let pod = &world.pods["checkout-1"];
        let labels = r#"namespace="shop",app="checkout",pod="checkout-1",rollouts_pod_template_hash="abc""#;
        for line in [
            format!(r#"http_requests_total{{{labels},code="200"}} {}"#, pod.succeeded),
            format!("orders_completed_total{{{labels}}} {}", pod.orders),
            format!(r#"http_request_duration_seconds_bucket{{{labels},le="2.5"}} {}"#, pod.succeeded + pod.failed),
            format!("http_request_duration_seconds_count{{{labels}}} {}", pod.succeeded + pod.failed),
            r#"lab_fault{namespace="shop",app="checkout",fault="errors"} 1"#.to_owned(),
        ] {
            assert!(page.lines().any(|its| its == line), "{line} is not in\n{page}");
        }
    }
}
