//! Versions, lints and package metadata are written once, in the root manifest; members inherit them.

use toml::Table;
use toml::Value;

use super::manifest::Manifest;
use super::violation::Violation;

/// The keys of `[package]` that a member inherits from the workspace.
const INHERITED_KEYS: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];
const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Finds what a member should inherit but does not.
pub(crate) fn check(members: &[Manifest]) -> Vec<Violation> {
    members.iter().flat_map(check_member).collect()
}

fn check_member(member: &Manifest) -> Vec<Violation> {
    let manifest: Table = match member.body.parse() {
        Ok(manifest) => manifest,
        Err(error) => {
            return vec![Violation::at(
                &member.path,
                1,
                error.to_string(),
                "repair the manifest",
            )];
        }
    };
    let mut violations = Vec::new();
    let mut report = |key: &str, reason: String, fix: String| {
        violations.push(Violation::at(&member.path, member.line_of(key), reason, fix));
    };

    if !manifest.get("lints").is_some_and(inherits) {
        report(
            "[lints]",
            "the lints of the workspace are not applied".into(),
            "add `[lints] workspace = true`".into(),
        );
    }
    let package = manifest.get("package").and_then(Value::as_table);
    for key in INHERITED_KEYS {
        if !package.and_then(|package| package.get(key)).is_some_and(inherits) {
            report(
                key,
                format!("`{key}` is not inherited"),
                format!("write `{key}.workspace = true`"),
            );
        }
    }
    for (name, value) in dependencies(&manifest) {
        if !inherits(value) {
            report(
                name,
                format!("the version of `{name}` is not inherited"),
                format!("put it into `[workspace.dependencies]` and write `{name}.workspace = true`"),
            );
        }
    }
    violations
}

fn inherits(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// Every dependency of a manifest, including those of specific targets.
fn dependencies(manifest: &Table) -> Vec<(&str, &Value)> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let of_targets = targets
        .into_iter()
        .flat_map(Table::values)
        .filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(of_targets)
        .flat_map(|table| TABLES.iter().filter_map(|name| table.get(*name)?.as_table()))
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGE: &str = "[package]\nname = \"x\"\nversion.workspace = true\nedition.workspace = true\n\
        rust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n";

    fn violations(body: &str) -> Vec<Violation> {
        let member = Manifest {
            package: "x".into(),
            dependencies: vec![],
            path: "Cargo.toml".into(),
            body: body.into(),
        };
        check(&[member])
    }

    #[test]
    fn accepts_a_member_that_inherits_everything() {
        let body = format!(
            "{PACKAGE}[lints]\nworkspace = true\n[dependencies]\na.workspace = true\n\
             b = {{ workspace = true, features = [\"c\"] }}\n"
        );
        assert_eq!(violations(&body), []);
    }

    #[test]
    fn finds_own_versions_in_every_table() {
        let body = format!(
            "{PACKAGE}[lints]\nworkspace = true\n[dependencies]\na = \"1\"\n[dev-dependencies]\nb = {{ path = \"b\" }}\n\
             [target.'cfg(unix)'.dependencies]\nc = \"1\"\n"
        );
        let violations = violations(&body);
        assert_eq!(violations.len(), 3, "{violations:?}");
        assert_eq!(violations[0].line, 11);
    }

    #[test]
    fn lints_and_package_metadata_must_be_inherited() {
        let violations = violations("[package]\nname = \"x\"\nversion = \"1.0.0\"\n");
        assert_eq!(violations.len(), 1 + INHERITED_KEYS.len(), "{violations:?}");
    }
}
