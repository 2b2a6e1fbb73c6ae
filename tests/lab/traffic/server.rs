//! The program's only door: /metrics for Prometheus, and faults switched by POST.
//! One short request per connection; no more of HTTP than that.

use std::{fmt::Write, io, time::Duration};

use clap::ValueEnum;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::{arguments::RolloutName, exposition, fault::Fault, past::Past, world::World};

/// What is sent back: status line, content type and body.
type Reply = (&'static str, &'static str, String);

const TEXT: &str = "text/plain; charset=utf-8";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Answers one connection; a caller that dawdles is dropped, for the world stands still meanwhile.
pub async fn answer(stream: TcpStream, world: &mut World, past: &mut Past, rollout: &RolloutName) -> io::Result<()> {
    timeout(Duration::from_secs(2), exchange(stream, world, past, rollout)).await?
}

async fn exchange(mut stream: TcpStream, world: &mut World, past: &mut Past, rollout: &RolloutName) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") && head.len() < 8192 {
        if stream.read_buf(&mut head).await? == 0 {
            break;
        }
    }
    let head = String::from_utf8_lossy(&head);
    let mut words = head.split_whitespace();
    let (mut status, kind, mut body) = reply(words.next().unwrap_or(""), words.next().unwrap_or(""), world, rollout);
    if kind == METRICS && past.is_ahead() {
        (status, body) = ("503 Service Unavailable", "there are no pods yet that could have a past\n".to_owned());
    } else if kind == METRICS && head.contains("User-Agent: Prometheus/") {
        // Others who scrape do not take times that they are told.
        body.insert_str(0, past.tell());
    }
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all((head + &body).as_bytes()).await?;
    stream.shutdown().await
}

fn reply(method: &str, path: &str, world: &mut World, rollout: &RolloutName) -> Reply {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match (method, parts.as_slice()) {
        ("GET", ["metrics"]) if world.faults.has(Fault::Unscraped) => {
            ("503 Service Unavailable", TEXT, "this scrape is missed on purpose\n".to_owned())
        }
        ("GET", ["metrics"]) => ("200 OK", METRICS, exposition::page(world, rollout, None)),
        ("GET", [""]) => ("200 OK", TEXT, faults(world)),
        ("POST", ["fault", name, how @ ("on" | "off")]) => match Fault::from_str(name, false) {
            Ok(fault) => {
                world.faults.switch(fault, *how == "on");
                ("200 OK", TEXT, faults(world))
            }
            Err(_) => ("404 Not Found", TEXT, format!("no fault `{name}`\n{}", faults(world))),
        },
        _ => ("404 Not Found", TEXT, "GET / or /metrics, POST /fault/NAME/on or /off\n".to_owned()),
    }
}

fn faults(world: &World) -> String {
    Fault::value_variants().iter().fold(String::new(), |mut list, fault| {
        let state = if world.faults.has(*fault) { "on " } else { "off" };
        // Writing to a String cannot fail.
        let _ = writeln!(list, "{state} {:<14} {}", fault.name(), fault.about());
        list
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Settings;

    #[test]
    fn faults_are_listed_and_switched() {
        let mut world =
            World::new(Settings { rps: 1.0, checkouts: 0.2, order_lag: 0, seed: 1 }, std::iter::empty().collect());
        let rollout: RolloutName = "shop/checkout".parse().unwrap();
        let mut ask = |method, path| reply(method, path, &mut world, &rollout);
        assert!(ask("GET", "/").2.contains("off payments"));
        assert!(ask("POST", "/fault/payments/on").2.contains("on  payments"));
        assert!(ask("GET", "/").2.contains("on  payments"));
        assert!(ask("POST", "/fault/payments/off").2.contains("off payments"));
        assert_eq!(ask("POST", "/fault/unscraped/on").0, "200 OK");
        assert_eq!(ask("GET", "/metrics").0, "503 Service Unavailable");
        assert_eq!(ask("POST", "/fault/unscraped/off").0, "200 OK");
        assert_eq!(ask("GET", "/metrics").0, "200 OK");
        for (method, path) in [("POST", "/fault/gremlins/on"), ("GET", "/fault/payments/on"), ("POST", "/"), ("", "")] {
            assert_eq!(ask(method, path).0, "404 Not Found", "{method} {path}");
        }
    }
}
