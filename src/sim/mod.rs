//! The demo's world: a cluster, its traffic, its customers. A function of seed, time and acts.
