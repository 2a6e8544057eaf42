//! Which crates of the workspace may depend on which external crates: database drivers only in the lower layers, HTTP
//! frameworks only in the interfaces, and clients of other servers only in `integrations`.

use super::layers::EXAMPLE;
use super::manifest::{Manifest, Need};
use super::violation::Violation;

/// External crates on which only some crates of the workspace may depend.
struct Group {
    what: &'static str,
    crates: &'static [&'static str],
    /// Crates that may depend on them.
    allowed: &'static [&'static str],
    /// Crates that may also depend on them in tests.
    tests: &'static [&'static str],
    fix: &'static str,
}

const GROUPS: [Group; 3] = [
    Group {
        what: "a database driver",
        crates: &[
            "rusqlite",
            "tokio-postgres",
            "deadpool-postgres",
            "tokio-postgres-rustls",
            "refinery",
        ],
        // The baselines of the benchmark use the bare drivers.
        allowed: &["mainstay-platform", "mainstay-repositories", "mainstay-bench"],
        tests: &[],
        fix: "use `mainstay_platform::database` through a repository",
    },
    Group {
        what: "the HTTP framework",
        crates: &[
            "axum",
            "axum-extra",
            "tower",
            "tower-http",
            "hyper",
            "hyper-util",
            "h2",
        ],
        allowed: &[
            "mainstay-edge",
            "mainstay-rest",
            "mainstay-graphql",
            "mainstay-grpc",
            "mainstay-realtime",
            "mainstay-console",
            "mainstay-app",
            "mainstay-bench",
        ],
        // Their tests run the other side: a fake provider, a fake receiver.
        tests: &[
            "mainstay-integrations",
            "mainstay-background",
            "mainstay-cli",
            "mainstay-testkit",
        ],
        fix: "return an error or value of services and let an interface render it as HTTP",
    },
    Group {
        what: "an HTTP or mail client",
        crates: &["reqwest", "lettre"],
        allowed: &["mainstay-integrations", "mainstay-testkit", "xtask"],
        tests: &[
            "mainstay-cli",
            "mainstay-app",
            "mainstay-rest",
            "mainstay-edge",
            "mainstay",
        ],
        fix: "declare a port in services and implement it in integrations",
    },
];

/// All external crates that the example needs: the facade has everything else.
const OF_THE_EXAMPLE: [&str; 3] = ["serde", "serde_json", "tokio"];

/// Finds dependencies on external crates where they are not allowed.
pub(crate) fn check(members: &[Manifest]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for member in members {
        for dependency in &member.dependencies {
            let is_foreign = !dependency.ours && !OF_THE_EXAMPLE.contains(&dependency.package.as_str());
            if member.package == EXAMPLE && is_foreign {
                violations.push(Violation::at(
                    &member.path,
                    member.line_of(&dependency.package),
                    format!(
                        "the example shows that an application needs the facade alone, not `{}`",
                        dependency.package
                    ),
                    "let the facade export what the application needs",
                ));
            }
            for group in GROUPS
                .iter()
                .filter(|group| group.crates.contains(&dependency.package.as_str()))
            {
                let is_allowed = group.allowed.contains(&member.package.as_str());
                let in_tests =
                    dependency.need == Need::Tests && group.tests.contains(&member.package.as_str());
                if !is_allowed && !in_tests {
                    violations.push(Violation::at(
                        &member.path,
                        member.line_of(&dependency.package),
                        format!(
                            "`{}` may not depend on {} (`{}`)",
                            member.package, group.what, dependency.package
                        ),
                        group.fix,
                    ));
                }
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::super::manifest::member;
    use super::*;

    #[test]
    fn database_drivers_are_limited_to_the_lower_layers() {
        assert!(check(&[member("mainstay-platform", &[("rusqlite", Need::Always)])]).is_empty());
        for driver in GROUPS[0].crates {
            assert_eq!(
                check(&[member("mainstay-services", &[(driver, Need::Always)])]).len(),
                1,
                "{driver}"
            );
            assert_eq!(
                check(&[member("mainstay-rest", &[(driver, Need::Tests)])]).len(),
                1,
                "{driver}"
            );
        }
    }

    #[test]
    fn the_http_framework_is_limited_to_the_interfaces() {
        assert!(check(&[member("mainstay-rest", &[("axum", Need::Always)])]).is_empty());
        assert_eq!(
            check(&[member("mainstay-services", &[("axum", Need::Always)])]).len(),
            1
        );
        assert_eq!(
            check(&[member("mainstay-domain", &[("tower", Need::Tests)])]).len(),
            1
        );
    }

    #[test]
    fn the_example_needs_nothing_but_the_facade() {
        for (package, violations) in [("serde", 0), ("serde_json", 0), ("utoipa", 1), ("axum", 2)] {
            let member = member(EXAMPLE, &[(package, Need::Always)]);
            assert_eq!(check(&[member]).len(), violations, "{package}");
        }
    }

    #[test]
    fn http_clients_are_limited_to_integrations_and_tests() {
        assert!(check(&[member("mainstay-integrations", &[("lettre", Need::Always)])]).is_empty());
        assert_eq!(
            check(&[member("mainstay-cli", &[("reqwest", Need::Always)])]).len(),
            1
        );
        assert!(check(&[member("mainstay-cli", &[("reqwest", Need::Tests)])]).is_empty());
    }
}
