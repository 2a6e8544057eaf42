//! The manifests of the workspace members, as cargo reads them.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// In which builds a crate needs a dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// In its code or its build script.
    Always,
    /// Only in its tests and benches.
    Tests,
}

/// One line of a dependency table.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) package: String,
    pub(crate) need: Need,
    /// Whether it is a path dependency rather than a crate of the registry.
    pub(crate) ours: bool,
}

/// A member of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    pub(crate) package: String,
    pub(crate) dependencies: Vec<Dependency>,
    /// Path of the manifest, relative to the root.
    pub(crate) path: String,
    pub(crate) body: String,
}

impl Manifest {
    /// The line (from 1) that begins with this key, or 1.
    pub(crate) fn line_of(&self, key: &str) -> usize {
        let begins = |line: &str| {
            line.trim_start()
                .trim_start_matches('"')
                .strip_prefix(key)
                .is_some_and(|rest| rest.starts_with([' ', '.', '=', '"']))
        };
        self.body.lines().position(begins).map_or(1, |index| index + 1)
    }
}

/// Reads every member with `cargo metadata`, so that targets, renames and inheritance are resolved by cargo.
pub(crate) fn read(root: &Path) -> Result<Vec<Manifest>, Box<dyn Error>> {
    let answer = Command::new("cargo")
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()?;
    if !answer.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&answer.stderr)).into());
    }
    let metadata: Value = serde_json::from_slice(&answer.stdout)?;
    let mut manifests = Vec::new();
    for package in array(&metadata, "packages") {
        let file = text(package, "manifest_path");
        let path = Path::new(file).strip_prefix(root).unwrap_or(Path::new(file));
        manifests.push(Manifest {
            package: text(package, "name").to_owned(),
            dependencies: array(package, "dependencies").iter().map(dependency).collect(),
            path: path.to_string_lossy().replace('\\', "/"),
            body: std::fs::read_to_string(file)?,
        });
    }
    Ok(manifests)
}

fn dependency(entry: &Value) -> Dependency {
    Dependency {
        package: text(entry, "name").to_owned(),
        need: if entry.get("kind").and_then(Value::as_str) == Some("dev") {
            Need::Tests
        } else {
            Need::Always
        },
        ours: entry.get("path").is_some_and(Value::is_string),
    }
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A member for the tests of the rules: `needs` are (package, need); `mainstay-*` are ours.
#[cfg(test)]
pub(crate) fn member(package: &str, needs: &[(&str, Need)]) -> Manifest {
    let mut body = String::from("[dependencies]\n");
    for (name, _) in needs {
        body.push_str(name);
        body.push_str(".workspace = true\n");
    }
    Manifest {
        package: package.to_owned(),
        dependencies: needs
            .iter()
            .map(|(name, need)| Dependency {
                package: (*name).to_owned(),
                need: *need,
                ours: name.starts_with("mainstay"),
            })
            .collect(),
        path: format!("crates/{package}/Cargo.toml"),
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_its_own_manifest() {
        let members = read(&crate::project::root()).unwrap();
        let own = members.iter().find(|member| member.package == "xtask").unwrap();
        assert_eq!(own.path, "xtask/Cargo.toml");
        assert!(
            own.dependencies
                .iter()
                .any(|dependency| dependency.package == "toml" && !dependency.ours)
        );
    }

    #[test]
    fn finds_a_line_by_its_whole_key() {
        let member = member("x", &[("tokio-util", Need::Always), ("tokio", Need::Always)]);
        assert_eq!(member.line_of("tokio"), 3);
        assert_eq!(member.line_of("absent"), 1);
    }
}
