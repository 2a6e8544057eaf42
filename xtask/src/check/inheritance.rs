//! Versions, lints and the facts of a package are written once, in the root manifest; members inherit them.

use toml::Table;
use toml::Value;

use super::fault::Fault;
use super::manifest::Manifest;

/// What a member's `[package]` takes over from the workspace.
const FACTS: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];
const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Finds what a member decides for itself and should not.
pub(crate) fn check(members: &[Manifest]) -> Vec<Fault> {
    members.iter().flat_map(check_member).collect()
}

fn check_member(member: &Manifest) -> Vec<Fault> {
    let manifest: Table = match member.body.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![Fault::at(&member.path, 1, error.to_string(), "mend the manifest")],
    };
    let mut faults = Vec::new();
    let mut fault = |key: &str, reason: String, fix: String| {
        faults.push(Fault::at(&member.path, member.line_of(key), reason, fix));
    };

    if !manifest.get("lints").is_some_and(inherits) {
        fault(
            "[lints]",
            "the lints of the workspace are not in force".into(),
            "add `[lints] workspace = true`".into(),
        );
    }
    let package = manifest.get("package").and_then(Value::as_table);
    for fact in FACTS {
        if !package
            .and_then(|package| package.get(fact))
            .is_some_and(inherits)
        {
            fault(
                fact,
                format!("`{fact}` is decided here"),
                format!("write `{fact}.workspace = true`"),
            );
        }
    }
    for (name, value) in dependencies(&manifest) {
        if !inherits(value) {
            fault(
                name,
                format!("the version of `{name}` is decided here"),
                format!("put it into `[workspace.dependencies]` and write `{name}.workspace = true`"),
            );
        }
    }
    faults
}

fn inherits(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// Every dependency of a manifest, those of single targets included.
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

    fn faults(body: &str) -> Vec<Fault> {
        let member = Manifest {
            package: "x".into(),
            dependencies: vec![],
            path: "Cargo.toml".into(),
            body: body.into(),
        };
        check(&[member])
    }

    #[test]
    fn a_member_that_inherits_everything_is_fine() {
        let body = format!(
            "{PACKAGE}[lints]\nworkspace = true\n[dependencies]\na.workspace = true\n\
             b = {{ workspace = true, features = [\"c\"] }}\n"
        );
        assert_eq!(faults(&body), []);
    }

    #[test]
    fn versions_of_its_own_are_faults_wherever_they_stand() {
        let body = format!(
            "{PACKAGE}[lints]\nworkspace = true\n[dependencies]\na = \"1\"\n[dev-dependencies]\nb = {{ path = \"b\" }}\n\
             [target.'cfg(unix)'.dependencies]\nc = \"1\"\n"
        );
        let faults = faults(&body);
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert_eq!(faults[0].line, 11);
    }

    #[test]
    fn lints_and_facts_must_be_inherited() {
        let faults = faults("[package]\nname = \"x\"\nversion = \"1.0.0\"\n");
        assert_eq!(faults.len(), 1 + FACTS.len(), "{faults:?}");
    }
}
