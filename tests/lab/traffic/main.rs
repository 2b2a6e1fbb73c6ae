//! Customers for the lab. kwok's pods run no program, so this one plays what they would have measured:
//! it follows a rollout's pods and weights through the API server, draws requests, checkouts and orders
//! each second, and serves them to Prometheus. Things can be made to go wrong while it runs.

mod arguments;
mod draw;
mod exposition;
mod fault;
mod follow;
mod past;
mod pod;
mod server;
mod world;

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use anyhow::Context;
use clap::Parser;
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use tokio::net::TcpListener;

use crate::{
    arguments::Arguments,
    follow::Follower,
    past::Past,
    world::{Settings, World},
};

#[expect(clippy::disallowed_methods, reason = "customers come by a real clock")]
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    // Two of our crates bring a rustls; without a choice the first handshake panics.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();

    let client = connect(arguments.kubeconfig.as_deref()).await.context("no way to the API server")?;
    let listener =
        TcpListener::bind(arguments.listen).await.with_context(|| format!("cannot listen on {}", arguments.listen))?;
    tracing::info!("faults and metrics at http://{}", arguments.listen);

    let Arguments { rollout, rps, checkouts, order_lag, seed, past, faults, .. } = arguments;
    let mut world = World::new(Settings { rps, checkouts, order_lag, seed }, faults.into_iter().collect());
    let mut past = Past::new(past);
    let mut follower = Follower::new(client, &rollout);
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = seconds.tick() => {
                past.live(&mut world, follower.picture(), &rollout, SystemTime::now());
                world.tick(follower.picture());
            }
            () = follower.changed() => {}
            Ok((stream, _)) = listener.accept() => {
                if let Err(error) = server::answer(stream, &mut world, &mut past, &rollout).await {
                    tracing::debug!("a caller left early: {error}");
                }
            }
        }
    }
}

async fn connect(kubeconfig: Option<&Path>) -> anyhow::Result<Client> {
    let config = match kubeconfig {
        Some(file) => {
            Config::from_custom_kubeconfig(Kubeconfig::read_from(file)?, &KubeConfigOptions::default()).await?
        }
        None => Config::infer().await?,
    };
    Ok(Client::try_from(config)?)
}
