//! What sources make of answers over the wire: the good, the wrong, the cut and the slow.
#![expect(clippy::unwrap_used, reason = "these are tests; the lint knows test functions only")]

mod asking;
mod flavours;
mod identity;
mod kubernetes;
mod prometheus;
mod raw_server;
