//! The components of an OpenAPI document: each schema appears once, under its name, and every one is used.
//!
//! `utoipa` inlines the argument of a generic schema (`Data<Order>`) instead of referring to it, and lists schemas that
//! no operation uses. Code generators then create a type for each copy, or refuse the document.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Replaces each copy of a named object schema by a reference to it.
pub(super) fn refer(document: &mut Value) {
    let named: Vec<(String, Value)> = schemas(document)
        .into_iter()
        .flatten()
        .filter(|(_, schema)| schema.get("properties").is_some())
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    let Some(top) = document.as_object_mut() else {
        return;
    };
    for (part, value) in top {
        let components = match part.as_str() {
            "components" => value.get_mut("schemas").and_then(Value::as_object_mut),
            _ => None,
        };
        match components {
            // The named schema itself stays; its children may be copies.
            Some(components) => components
                .values_mut()
                .for_each(|schema| each_child(schema, &mut |child| replace(child, &named))),
            None => replace(value, &named),
        }
    }
}

fn replace(value: &mut Value, named: &[(String, Value)]) {
    if let Some((name, _)) = named.iter().find(|(_, schema)| schema == value) {
        *value = json!({"$ref": format!("#/components/schemas/{name}")});
        return;
    }
    each_child(value, &mut |child| replace(child, named));
}

fn each_child(value: &mut Value, then: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Object(map) => map.values_mut().for_each(then),
        Value::Array(list) => list.iter_mut().for_each(then),
        _ => {}
    }
}

/// Removes the schemas and responses that no operation refers to, directly or indirectly.
pub(super) fn drop_unused(document: &mut Value) {
    let mut reached = BTreeSet::new();
    let mut fresh = references(&document["paths"]);
    while let Some(reference) = fresh.pop_first() {
        if let Some(target) = document.pointer(reference.trim_start_matches('#')) {
            fresh.extend(references(target).difference(&reached).cloned());
        }
        reached.insert(reference);
    }
    for kind in ["schemas", "responses"] {
        let listed = document.pointer_mut(&format!("/components/{kind}"));
        if let Some(listed) = listed.and_then(Value::as_object_mut) {
            listed.retain(|name, _| reached.contains(&format!("#/components/{kind}/{name}")));
        }
    }
}

/// Every `$ref` within a value.
fn references(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Object(map) => {
            let own = map.get("$ref").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(map.values().flat_map(references)).collect()
        }
        Value::Array(list) => list.iter().flat_map(references).collect(),
        _ => BTreeSet::new(),
    }
}

fn schemas(document: &Value) -> Option<&Map<String, Value>> {
    document.pointer("/components/schemas")?.as_object()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Value {
        let mug = json!({"type": "object", "properties": {"size": {"$ref": "#/components/schemas/Size"}}});
        json!({
            "paths": {"/mugs": {"get": {"responses": {
                "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Listed_Mug"}}}},
                "400": {"$ref": "#/components/responses/Failure400"},
            }}}},
            "components": {
                "schemas": {
                    "Listed_Mug": {"type": "object", "properties": {"data": {"type": "array", "items": mug}}},
                    "Mug": mug,
                    "Size": {"type": "object", "properties": {"litres": {"type": "integer"}}},
                    "Plate": {"type": "object", "properties": {"size": {"$ref": "#/components/schemas/Size"}}},
                },
                "responses": {"Failure400": {"description": "x"}, "Failure405": {"description": "y"}},
            },
        })
    }

    #[test]
    fn a_copy_becomes_a_reference_and_the_named_shape_stays() {
        let mut document = document();
        let mug = document["components"]["schemas"]["Mug"].clone();
        refer(&mut document);
        let schemas = &document["components"]["schemas"];
        assert_eq!(
            schemas["Listed_Mug"]["properties"]["data"]["items"],
            json!({"$ref": "#/components/schemas/Mug"})
        );
        assert_eq!(schemas["Mug"], mug);
    }

    #[test]
    fn only_what_an_operation_leads_to_is_listed() {
        let mut document = document();
        refer(&mut document);
        drop_unused(&mut document);
        let names = |kind: &str| {
            let listed = document["components"][kind].as_object().unwrap();
            listed.keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(names("schemas"), ["Listed_Mug", "Mug", "Size"]);
        assert_eq!(names("responses"), ["Failure400"]);
    }
}
