//! `GET /v1/openapi.json`. The helper that sends the tests' requests checks that every answer is described.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{
    TestApi,
    description::{OPENAPI, resolve},
};

#[tokio::test]
async fn every_operation_is_described_and_every_description_is_served() {
    let api = TestApi::new().await;
    let served: BTreeSet<_> = api
        .api
        .operations()
        .into_iter()
        .map(|(method, path)| (method.to_string(), path.to_owned()))
        .collect();
    let described: BTreeSet<_> = OPENAPI["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().keys().map(move |method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    assert_eq!(served, described);
}

#[tokio::test]
async fn the_document_is_served_as_it_is_kept() {
    let api = TestApi::new().await;
    let answer = api.get("/v1/openapi.json").send().await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.json(), *OPENAPI);
    assert_eq!(answer.json()["openapi"], "3.0.3");
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let mut references = BTreeSet::new();
    collect_references(&OPENAPI, &mut references);
    for reference in &references {
        resolve(reference);
    }
    for kind in ["schemas", "responses"] {
        for name in OPENAPI["components"][kind].as_object().unwrap().keys() {
            assert!(references.contains(&format!("#/components/{kind}/{name}")), "{name} is not used");
        }
    }
}

#[test]
fn operations_have_names_of_their_own() {
    let paths = OPENAPI["paths"].as_object().unwrap().values();
    let operations: Vec<_> = paths.flat_map(|item| item.as_object().unwrap().values()).collect();
    let names: BTreeSet<_> =
        operations.iter().map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.len(), operations.len());
}

fn collect_references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect_references(value, into)),
        Value::Object(fields) => {
            into.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| collect_references(value, into));
        }
        _ => {}
    }
}
