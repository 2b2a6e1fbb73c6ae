//! What the demo watches: what customers came for first, then how the machines feel, then what both versions share.

use super::NUMBERS;
use crate::{
    domain::{
        panel::{Better, Cap, PanelKind, PanelSpec, TargetPattern, Worth},
        time::Seconds,
    },
    sim,
};

/// The panels of a scenario: eight, or all that can be watched.
pub(super) fn panels(is_detailed: bool) -> Vec<PanelSpec> {
    let mut panels = usual();
    if is_detailed {
        panels.extend(more());
    }
    panels
}

fn usual() -> Vec<PanelSpec> {
    let orders = PanelSpec {
        critical: true,
        business: true,
        lag: Seconds(20.0),
        unit: "".into(),
        per: 1000.0,
        worth: Some(Worth { amount: f64::from(sim::ORDER_WORTH), currency: "EUR".into() }),
        ..panel("orders per 1,000 checkouts", ratio("orders", "checkouts"), Better::Higher)
    };
    vec![
        orders,
        PanelSpec {
            critical: true,
            tolerance: 0.5,
            cap: Some(Cap { share: 0.02, exposures: 500.0 }),
            ..panel("error ratio", ratio("errors", "requests"), Better::Lower)
        },
        PanelSpec {
            business: true,
            lag: Seconds(60.0),
            tolerance: 0.5,
            ..panel("refunds", ratio("refunds", "checkouts"), Better::Lower)
        },
        PanelSpec {
            business: true,
            tolerance: 0.3,
            unit: "".into(),
            ..panel("sign-ups", PanelKind::Rate { events: "sign_ups".to_owned(), by: "pod".into() }, Better::Higher)
        },
        PanelSpec {
            business: true,
            tolerance: 0.5,
            ..panel("chat contacts", ratio("chat_contacts", "requests"), Better::Lower)
        },
        PanelSpec {
            tolerance: 0.25,
            ..panel(
                "latency > 300 ms",
                PanelKind::Latency {
                    within: "fast_requests".to_owned(),
                    requests: "requests".to_owned(),
                    by: "pod".into(),
                },
                Better::Lower,
            )
        },
        PanelSpec { unit: "ms".into(), ..value("cpu per request", "cpu_per_request", 0.2) },
        shared("db pool in use", "db_pool_in_use", 0.25),
        shared("payment provider errors", "provider_error_share", 1.0),
    ]
}

/// What some people watch as well.
fn more() -> Vec<PanelSpec> {
    let minor = |name: &str, meter: &str, better: Better, group: &str| PanelSpec {
        group: Some(group.into()),
        tolerance: 0.5,
        ..panel(name, ratio(meter, "requests"), better)
    };
    let (customers, machines) = ("customers", "machines");
    let mut all = vec![
        minor("coupons redeemed", "coupons_redeemed", Better::Higher, customers),
        minor("gift cards", "gift_cards", Better::Higher, customers),
        minor("saved carts", "saved_carts", Better::Higher, customers),
        minor("abandoned carts", "abandoned_carts", Better::Lower, customers),
        minor("guest checkouts", "guest_checkouts", Better::Higher, customers),
        minor("address corrections", "address_corrections", Better::Lower, customers),
        minor("newsletter opt-ins", "newsletter_opt_ins", Better::Higher, customers),
        minor("wishes", "wishes", Better::Higher, customers),
        minor("searches without a hit", "empty_searches", Better::Lower, customers),
        minor("latency > 1 s", "slow_requests_1s", Better::Lower, machines),
        minor("latency > 3 s", "slow_requests_3s", Better::Lower, machines),
        minor("cache misses", "cache_misses", Better::Lower, machines),
        minor("redirects", "redirects", Better::Lower, machines),
        minor("database retries", "db_retries", Better::Lower, "dependencies"),
        minor("lock waits", "lock_waits", Better::Lower, "dependencies"),
        minor("stock timeouts", "stock_timeouts", Better::Lower, "dependencies"),
        minor("tax timeouts", "tax_timeouts", Better::Lower, "dependencies"),
    ];
    all.extend([
        PanelSpec { group: Some(machines.into()), unit: "MiB".into(), ..value("memory", "memory", 0.2) },
        PanelSpec { group: Some(machines.into()), unit: "".into(), ..value("threads", "threads", 0.5) },
        PanelSpec { unit: "".into(), ..shared("queue depth", "queue_depth", 1.0) },
        PanelSpec { unit: "/s".into(), ..shared("cache evictions", "cache_evictions", 1.0) },
    ]);
    all
}

fn panel(name: &str, kind: PanelKind, better: Better) -> PanelSpec {
    PanelSpec {
        targets: TargetPattern(vec!["checkout".to_owned()]),
        source: NUMBERS.into(),
        origin: "built into the demo".into(),
        ..PanelSpec::new(name, kind, better)
    }
}

fn ratio(events: &str, exposures: &str) -> PanelKind {
    PanelKind::Ratio { events: events.to_owned(), exposures: exposures.to_owned(), by: "pod".into() }
}

fn value(name: &str, meter: &str, tolerance: f64) -> PanelSpec {
    let kind = PanelKind::Value { query: meter.to_owned(), by: "pod".into() };
    PanelSpec { tolerance, per: 1.0, ..panel(name, kind, Better::Lower) }
}

fn shared(name: &str, meter: &str, tolerance: f64) -> PanelSpec {
    PanelSpec { tolerance, per: 1.0, ..panel(name, PanelKind::Shared { query: meter.to_owned() }, Better::Lower) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_panels_are_thirty() {
        assert_eq!((panels(false).len(), panels(true).len()), (9, 30));
    }

    #[test]
    fn every_panel_asks_for_what_the_world_has() {
        let meters = sim::meters();
        for panel in panels(true) {
            assert!(panel.kind.queries().iter().all(|(query, _)| meters.contains(query)), "{panel:?}");
        }
    }
}
