//! The command line of the traffic program, and nothing else.

use std::{net::SocketAddr, path::PathBuf, str::FromStr};

use crate::fault::Fault;

/// Customers for one rollout: follows its pods and weights, and serves what they would have measured.
#[derive(Debug, clap::Parser)]
#[command(name = "lab-traffic", version)]
pub struct Arguments {
    /// The rollout whose pods get the customers
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub rollout: RolloutName,

    /// Where /metrics is served and faults are switched; loopback only
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:23510", value_parser = loopback)]
    pub listen: SocketAddr,

    /// The kubeconfig to read pods with; without it the usual places are looked at
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Requests per second over all pods
    #[arg(long, default_value_t = 200.0, value_parser = not_negative)]
    pub rps: f64,

    /// Share of requests that begin a checkout
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, value_parser = share)]
    pub checkouts: f64,

    /// Seconds from a checkout to its order
    #[arg(long, value_name = "SECONDS", default_value_t = 3)]
    pub order_lag: u16,

    /// The same seed gives the same customers
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// Seconds for which the same customers have come before, told to Prometheus once with their own times
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=3300))]
    pub past: u16,

    /// A fault to begin with; may be given several times
    #[arg(long = "fault", value_name = "NAME")]
    pub faults: Vec<Fault>,
}

/// A rollout's full name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutName {
    pub namespace: String,
    pub name: String,
}

impl FromStr for RolloutName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
                Ok(Self { namespace: namespace.to_owned(), name: name.to_owned() })
            }
            _ => Err("expected `namespace/name`".to_owned()),
        }
    }
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|error| format!("{error}"))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("anyone could switch faults: give a loopback address".to_owned())
    }
}

fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok(number),
        _ => Err("expected a number that is not negative".to_owned()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err("expected a number from 0 to 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollout_needs_both_parts_of_its_name() {
        assert!("shop/checkout".parse::<RolloutName>().is_ok());
        for wrong in ["checkout", "/checkout", "shop/", "shop/checkout/x", ""] {
            assert!(wrong.parse::<RolloutName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_share_is_a_part_of_a_whole() {
        assert_eq!(share("0.01"), Ok(0.01));
        for wrong in ["-0.1", "1.1", "20 %", "NaN"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_loopback_is_listened_on() {
        assert!(loopback("127.0.0.1:1").is_ok());
        assert!(loopback("[::1]:1").is_ok());
        assert!(loopback("0.0.0.0:1").is_err());
    }
}
