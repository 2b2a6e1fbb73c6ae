//! Kubernetes clusters.

pub mod argo_rollouts;
