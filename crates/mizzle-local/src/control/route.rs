//! What the endpoint does: one row for each path and method.

use std::sync::PoisonError;

use serde_json::{Value, json};

use super::About;
use super::http::{Reply, Request};
use crate::cluster::Cluster;
use crate::fault::{FaultReport, FaultRule, GRAMMAR};
use crate::limits::read_duration;

/// Every path with its methods and what they do.
const ROUTES: &[(&str, &str, &str)] = &[
    ("/", "GET", "this list"),
    ("/status", "GET", "the cluster: endpoint, address, sessions, commits, pace of jobs, seed of faults"),
    ("/faults", "GET", "every rule: what it is, how often it was looked at and how often it struck"),
    ("/faults", "POST", "adds rules: {\"fault\": \"oc000@3\"} or {\"faults\": [\"oc000\", \"refuse%100\"]}"),
    ("/faults", "DELETE", "lifts every rule"),
    ("/faults/ID", "DELETE", "lifts one rule"),
    ("/sessions/cut", "POST", "cuts every open session"),
    ("/job-delay", "PUT", "lets jobs take another time: {\"delay\": \"5s\"}"),
];

pub(super) async fn answer(request: &Request, cluster: &Cluster, about: &About) -> Reply {
    let one = request.path.strip_prefix("/faults/").filter(|id| !id.is_empty());
    let path = if one.is_some() { "/faults/ID" } else { &request.path };
    match (path, request.method.as_str()) {
        ("/", "GET") => index(),
        ("/status", "GET") => status(cluster, about),
        ("/faults", "GET") => faults(cluster),
        ("/faults", "POST") => inject(&request.body, cluster),
        ("/faults", "DELETE") => Reply::json(200, json!({ "lifted": cluster.faults.clear() })),
        ("/faults/ID", "DELETE") => lift(one.unwrap_or_default(), cluster),
        ("/sessions/cut", "POST") => Reply::json(200, json!({ "cut": cluster.presence.cut() })),
        ("/job-delay", "PUT") => job_delay(&request.body, cluster).await,
        (path, method) => no_such(path, method),
    }
}

fn index() -> Reply {
    let routes: Vec<Value> = ROUTES
        .iter()
        .map(|(path, method, does)| json!({ "path": path, "method": method, "does": does }))
        .collect();
    let about = "the local Aurora DSQL of Mizzle";
    let version = env!("CARGO_PKG_VERSION");
    Reply::json(200, json!({ "about": about, "version": version, "routes": routes, "faults": GRAMMAR }))
}

fn status(cluster: &Cluster, about: &About) -> Reply {
    let delay = *cluster.job_delay.lock().unwrap_or_else(PoisonError::into_inner);
    Reply::json(
        200,
        json!({
            "endpoint": about.endpoint,
            "address": about.address,
            "region": about.region,
            "version": env!("CARGO_PKG_VERSION"),
            "sessions": cluster.presence.count(),
            "commits": cluster.adjudicator.commits(),
            "job_delay": format!("{}ms", delay.as_millis()),
            "fault_seed": cluster.faults.seed(),
        }),
    )
}

fn faults(cluster: &Cluster) -> Reply {
    let rules: Vec<Value> = cluster.faults.reports().iter().map(report).collect();
    Reply::json(200, json!({ "seed": cluster.faults.seed(), "faults": rules }))
}

fn report(report: &FaultReport) -> Value {
    json!({
        "id": report.id,
        "fault": report.rule.to_string(),
        "seen": report.seen,
        "fired": report.fired,
        "active": report.active,
    })
}

/// All of the rules, or none when one of them cannot be read.
fn inject(body: &[u8], cluster: &Cluster) -> Reply {
    let texts = match rules_of(body) {
        Some(texts) if !texts.is_empty() => texts,
        _ => {
            let error = "the body is no {\"fault\": \"…\"} and no {\"faults\": [\"…\", …]}";
            return Reply::error(400, error, GRAMMAR);
        }
    };
    let mut rules = Vec::new();
    for text in &texts {
        match text.parse::<FaultRule>() {
            Ok(rule) => rules.push(rule),
            Err(error) => return Reply::error(400, &error.to_string(), error.hint().unwrap_or(GRAMMAR)),
        }
    }
    let added: Vec<u64> = rules.into_iter().map(|rule| cluster.faults.inject(rule)).collect();
    let reports = cluster.faults.reports();
    let shown = reports.iter().filter(|rule| added.contains(&rule.id)).map(report).collect::<Vec<_>>();
    Reply::json(201, json!({ "faults": shown }))
}

/// `"oc000"`, `["oc000", …]`, `{"fault": "oc000"}` or `{"faults": ["oc000", …]}`.
fn rules_of(body: &[u8]) -> Option<Vec<String>> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    if let Value::Object(fields) = &mut value {
        let only =
            if fields.len() == 1 { fields.remove("fault").or_else(|| fields.remove("faults")) } else { None };
        value = only?;
    }
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(list) => list.iter().map(|rule| rule.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

fn lift(id: &str, cluster: &Cluster) -> Reply {
    match id.parse() {
        Ok(id) if cluster.faults.lift(id) => Reply::json(200, json!({ "lifted": 1 })),
        _ => Reply::error(404, &format!("there is no rule {id:?}"), "GET /faults lists them"),
    }
}

async fn job_delay(body: &[u8], cluster: &Cluster) -> Reply {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    let text = value.as_ref().and_then(|value| value.as_str().or_else(|| value.get("delay")?.as_str()));
    let Some(delay) = text.and_then(read_duration) else {
        let hint = "write {\"delay\": \"5s\"}, a number and ms, s, min or h";
        return Reply::error(400, "the body names no time", hint);
    };
    match cluster.set_job_delay(delay).await {
        Ok(()) => Reply::json(200, json!({ "job_delay": format!("{}ms", delay.as_millis()) })),
        Err(error) => Reply::error(500, &error.to_string(), ""),
    }
}

/// 405 for a path that takes other methods, else 404.
fn no_such(path: &str, method: &str) -> Reply {
    let known = ROUTES.iter().filter(|(known, ..)| *known == path).map(|(_, method, _)| *method);
    let methods = known.collect::<Vec<_>>();
    let allow = match methods[..] {
        [] => {
            let hint = "GET / lists what there is";
            return Reply::error(404, &format!("there is nothing at {path:?}"), hint);
        }
        ["GET", ..] if methods.len() > 1 => "GET, POST, DELETE",
        ["GET"] => "GET",
        ["POST"] => "POST",
        ["PUT"] => "PUT",
        _ => "DELETE",
    };
    let mut reply = Reply::error(405, &format!("{path} takes no {method}"), &format!("it takes {allow}"));
    reply.allow = Some(allow);
    reply
}
