//! The part of JSON Schema that `docs/json-output.schema.json` uses, and nothing more: a keyword that
//! isn't known here fails.

use serde_json::Value;

const SCHEMA: &str = include_str!("../../../../docs/json-output.schema.json");
/// Keywords that only explain.
const COMMENTS: [&str; 4] = ["$schema", "$defs", "title", "description"];

/// Checks one line of the program's output.
#[track_caller]
pub fn check(line: &Value) {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    if let Err(fault) = validate(&schema, &schema, line) {
        // Of the branches for this type, the reasons.
        let branches = schema["oneOf"].as_array().expect("oneOf").iter();
        let faults: Vec<_> = branches
            .filter_map(|branch| validate(&schema, branch, line).err())
            .filter(|fault| !fault.starts_with("/type"))
            .collect();
        panic!("{fault}: {line}\n{}", faults.join("\n"));
    }
}

/// How many branches of the schema there are, and which one a line is.
pub fn branch(line: &Value) -> usize {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let branches = schema["oneOf"].as_array().expect("oneOf");
    let hit = branches.iter().position(|branch| validate(&schema, branch, line).is_ok());
    hit.expect("a line of the schema")
}

/// The number of kinds of line.
pub fn branches() -> usize {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    schema["oneOf"].as_array().expect("oneOf").len()
}

/// Kinds of line that need nodes, chains or resolvers, by the beginning of their description.
const OF_OTHERS: [&str; 7] = [
    "salt committee",
    "salt escrow",
    "salt subject",
    "salt consent",
    "salt recover",
    "account find",
    "registry sync",
];

/// Whether a kind of line needs others: those are met in the tests with nodes.
pub fn needs_others(branch: usize) -> bool {
    let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
    let description =
        schema["oneOf"][branch]["description"].as_str().unwrap_or_default().to_owned();
    OF_OTHERS.iter().any(|of_others| description.starts_with(of_others))
}

fn validate(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    let keywords = schema.as_object().ok_or("a schema that is no object")?;
    for (keyword, rule) in keywords {
        let holds = match keyword.as_str() {
            "$ref" => {
                let name = rule.as_str().and_then(|name| name.strip_prefix("#/$defs/"));
                let target = &root["$defs"][name.expect("a reference to $defs")];
                assert!(target.is_object(), "{rule} is not defined");
                validate(root, target, value)?;
                true
            }
            "type" => is_of_type(rule, value),
            "const" => value == rule,
            "enum" => rule.as_array().is_some_and(|all| all.contains(value)),
            "minimum" => value.as_f64() >= rule.as_f64(),
            "pattern" => matches(rule.as_str().unwrap_or_default(), value.as_str()),
            "oneOf" => {
                let all = rule.as_array().expect("oneOf is a list").iter();
                all.filter(|one| validate(root, one, value).is_ok()).count() == 1
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    validate(root, rule, item)?;
                }
                true
            }
            "minItems" | "maxItems" => {
                let count = rule.as_u64().expect("a number of items");
                let len = value.as_array().map(|items| items.len() as u64);
                len.is_none_or(
                    |len| if keyword == "minItems" { len >= count } else { len <= count },
                )
            }
            "required" => {
                let keys = rule.as_array().expect("required is a list").iter();
                keys.filter_map(Value::as_str).all(|key| value.get(key).is_some())
            }
            "properties" => {
                for (key, schema) in rule.as_object().expect("properties are an object") {
                    if let Some(value) = value.get(key) {
                        validate(root, schema, value).map_err(|fault| format!("/{key}{fault}"))?;
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = |key: &String| schema["properties"].get(key).is_some();
                let more = value.as_object().into_iter().flatten().filter(|(key, _)| !known(key));
                for (key, value) in more {
                    if rule == &Value::Bool(false) {
                        return Err(format!("/{key} is not known"));
                    }
                    validate(root, rule, value).map_err(|fault| format!("/{key}{fault}"))?;
                }
                true
            }
            keyword => {
                assert!(COMMENTS.contains(&keyword), "{keyword} is not known here");
                true
            }
        };
        if !holds {
            return Err(format!(" breaks {keyword} {rule}"));
        }
    }
    Ok(())
}

fn is_of_type(rule: &Value, value: &Value) -> bool {
    match rule.as_str() {
        Some("string") => value.is_string(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("number") => value.is_number(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => panic!("{rule} is no type that is known here"),
    }
}

/// Patterns of the form `^prefix[0-9a-f]+$` or with a count.
fn matches(pattern: &str, value: Option<&str>) -> bool {
    let inner = pattern.strip_prefix('^').and_then(|p| p.strip_suffix('$')).expect("anchored");
    let (prefix, count) = inner.split_once("[0-9a-f]").expect("hexadecimal digits");
    let digits = value.and_then(|value| value.strip_prefix(prefix));
    let count = count.strip_prefix('{').and_then(|n| n.strip_suffix('}'));
    digits.is_some_and(|digits| {
        let hex = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        hex && match count {
            Some(count) => digits.len().to_string() == count,
            None => !digits.is_empty(),
        }
    })
}
