//! Which crate may depend on which: the layers of `ARCHITECTURE.md` as a table. Dependencies only point down, and the
//! interfaces cannot depend on the repositories. A dependency that is allowed need not exist.

use super::manifest::{Manifest, Need};
use super::violation::Violation;

/// The allowed dependencies of one crate.
struct Layer {
    package: &'static str,
    /// In its code and its build script.
    dependencies: &'static [&'static str],
    /// In its tests, in addition.
    tests: &'static [&'static str],
}

const DOMAIN: &str = "mainstay-domain";
const PLATFORM: &str = "mainstay-platform";
const REPOSITORIES: &str = "mainstay-repositories";
const ENGINE: &str = "mainstay-engine";
const SERVICES: &str = "mainstay-services";
const EDGE: &str = "mainstay-edge";
const VIEWS: &str = "mainstay-views";
const REST: &str = "mainstay-rest";
const GRAPHQL: &str = "mainstay-graphql";
const GRPC: &str = "mainstay-grpc";
const REALTIME: &str = "mainstay-realtime";
const CONSOLE: &str = "mainstay-console";
const BACKGROUND: &str = "mainstay-background";
const INTEGRATIONS: &str = "mainstay-integrations";
const APP: &str = "mainstay-app";
const FACADE: &str = "mainstay";
const TESTKIT: &str = "mainstay-testkit";
const E2E: &str = "mainstay-e2e";
const CLI: &str = "mainstay-cli";
/// An application outside of Mainstay: it may use the facade, and the test kit in its tests.
pub(super) const EXAMPLE: &str = "reviews";
/// A development tool that measures the product; no crate of the product depends on it.
const BENCH: &str = "mainstay-bench";
/// A development tool that tries the parsers; the same holds.
const FUZZ: &str = "mainstay-fuzz";

/// What every interface may depend on: never the repositories.
const BELOW_INTERFACES: &[&str] = &[DOMAIN, PLATFORM, ENGINE, SERVICES, EDGE, VIEWS];
const UP_TO_ENGINE: &[&str] = &[DOMAIN, PLATFORM, ENGINE];
const UP_TO_SERVICES: &[&str] = &[DOMAIN, PLATFORM, ENGINE, SERVICES];
const WITH_TESTKIT: &[&str] = &[TESTKIT];

const LAYERS: [Layer; 23] = [
    Layer {
        package: DOMAIN,
        dependencies: &[],
        tests: &[],
    },
    Layer {
        package: PLATFORM,
        dependencies: &[DOMAIN],
        tests: &[],
    },
    Layer {
        package: REPOSITORIES,
        dependencies: &[DOMAIN, PLATFORM],
        tests: WITH_TESTKIT,
    },
    // It names no noun of the product: see the rule `engine`.
    Layer {
        package: ENGINE,
        dependencies: &[DOMAIN, PLATFORM, REPOSITORIES],
        tests: WITH_TESTKIT,
    },
    Layer {
        package: SERVICES,
        dependencies: &[DOMAIN, PLATFORM, REPOSITORIES, ENGINE],
        tests: WITH_TESTKIT,
    },
    Layer {
        package: EDGE,
        dependencies: UP_TO_SERVICES,
        tests: WITH_TESTKIT,
    },
    Layer {
        package: VIEWS,
        dependencies: &[DOMAIN, ENGINE, SERVICES],
        tests: WITH_TESTKIT,
    },
    Layer {
        package: REST,
        dependencies: BELOW_INTERFACES,
        tests: WITH_TESTKIT,
    },
    Layer {
        package: GRAPHQL,
        dependencies: BELOW_INTERFACES,
        tests: WITH_TESTKIT,
    },
    Layer {
        package: GRPC,
        dependencies: BELOW_INTERFACES,
        tests: WITH_TESTKIT,
    },
    Layer {
        package: REALTIME,
        dependencies: BELOW_INTERFACES,
        tests: WITH_TESTKIT,
    },
    Layer {
        package: CONSOLE,
        dependencies: BELOW_INTERFACES,
        tests: WITH_TESTKIT,
    },
    Layer {
        package: BACKGROUND,
        dependencies: UP_TO_ENGINE,
        tests: WITH_TESTKIT,
    },
    Layer {
        package: INTEGRATIONS,
        dependencies: UP_TO_SERVICES,
        tests: WITH_TESTKIT,
    },
    Layer {
        package: APP,
        dependencies: ALL_LAYERS,
        tests: WITH_TESTKIT,
    },
    // What an extending application needs: the layers of a use case, and the command line.
    Layer {
        package: FACADE,
        dependencies: &[
            DOMAIN,
            PLATFORM,
            REPOSITORIES,
            ENGINE,
            SERVICES,
            EDGE,
            VIEWS,
            REST,
            GRAPHQL,
            GRPC,
            REALTIME,
            CONSOLE,
            BACKGROUND,
            INTEGRATIONS,
            APP,
            CLI,
        ],
        tests: WITH_TESTKIT,
    },
    Layer {
        package: EXAMPLE,
        dependencies: &[FACADE],
        tests: WITH_TESTKIT,
    },
    Layer {
        package: TESTKIT,
        dependencies: &[
            DOMAIN,
            PLATFORM,
            REPOSITORIES,
            ENGINE,
            SERVICES,
            EDGE,
            REST,
            REALTIME,
            BACKGROUND,
            INTEGRATIONS,
            APP,
        ],
        tests: &[],
    },
    // Tests only, which use the public interfaces.
    Layer {
        package: E2E,
        dependencies: &[],
        tests: &[DOMAIN, PLATFORM, ENGINE, SERVICES, TESTKIT],
    },
    Layer {
        package: CLI,
        dependencies: &[DOMAIN, PLATFORM, ENGINE, SERVICES, EDGE, BACKGROUND, APP],
        tests: WITH_TESTKIT,
    },
    Layer {
        package: BENCH,
        dependencies: &[DOMAIN, PLATFORM, REPOSITORIES],
        tests: &[],
    },
    Layer {
        package: FUZZ,
        dependencies: &[DOMAIN, PLATFORM, SERVICES, EDGE, REALTIME, INTEGRATIONS],
        tests: &[],
    },
    Layer {
        package: "xtask",
        dependencies: &[],
        tests: &[],
    },
];

/// What `app`, the composition root, may depend on.
const ALL_LAYERS: &[&str] = &[
    DOMAIN,
    PLATFORM,
    REPOSITORIES,
    ENGINE,
    SERVICES,
    EDGE,
    VIEWS,
    REST,
    GRAPHQL,
    GRPC,
    REALTIME,
    CONSOLE,
    BACKGROUND,
    INTEGRATIONS,
];

/// Finds dependencies that the table does not allow, and crates that it does not contain.
pub(crate) fn check(members: &[Manifest]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for member in members {
        let Some(layer) = LAYERS.iter().find(|layer| layer.package == member.package) else {
            violations.push(Violation::at(
                &member.path,
                member.line_of("name"),
                format!("`{}` is not in the table of layers", member.package),
                "choose its layer and add it to the table in xtask/src/check/layers.rs",
            ));
            continue;
        };
        for dependency in member.dependencies.iter().filter(|dependency| dependency.ours) {
            let other = dependency.package.as_str();
            let allowed = layer.dependencies.contains(&other)
                || (dependency.need == Need::Tests && layer.tests.contains(&other));
            if !allowed {
                violations.push(Violation::at(
                    &member.path,
                    member.line_of(other),
                    format!("`{}` may not depend on `{other}`", member.package),
                    "move the code to a layer that may, or go through a use case; layers: ARCHITECTURE.md",
                ));
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
    fn dependencies_point_down() {
        assert!(check(&[member(SERVICES, &[(ENGINE, Need::Always)])]).is_empty());
        assert_eq!(check(&[member(ENGINE, &[(SERVICES, Need::Always)])]).len(), 1);
        assert_eq!(check(&[member(DOMAIN, &[(PLATFORM, Need::Always)])]).len(), 1);
    }

    #[test]
    fn no_interface_depends_on_the_repositories_even_in_tests() {
        for interface in [REST, GRAPHQL, GRPC, REALTIME, CONSOLE, EDGE, VIEWS] {
            for need in [Need::Always, Need::Tests] {
                let violations = check(&[member(interface, &[(ENGINE, Need::Always), (REPOSITORIES, need)])]);
                assert_eq!(violations.len(), 1, "{interface}");
                assert_eq!(
                    violations[0].line, 3,
                    "the violation is at the line of the dependency"
                );
            }
        }
    }

    #[test]
    fn no_crate_depends_on_the_benchmark() {
        for layer in LAYERS {
            assert_eq!(
                check(&[member(layer.package, &[(BENCH, Need::Tests)])]).len(),
                1,
                "{}",
                layer.package
            );
        }
    }

    #[test]
    fn the_testkit_is_a_dependency_of_tests_only() {
        assert!(check(&[member(REST, &[(TESTKIT, Need::Tests)])]).is_empty());
        assert_eq!(check(&[member(REST, &[(TESTKIT, Need::Always)])]).len(), 1);
    }

    #[test]
    fn the_example_depends_on_the_facade_alone() {
        assert!(check(&[member(EXAMPLE, &[(FACADE, Need::Always), (TESTKIT, Need::Tests)])]).is_empty());
        for other in [DOMAIN, PLATFORM, REPOSITORIES, SERVICES, EDGE, APP, CLI] {
            assert_eq!(
                check(&[member(EXAMPLE, &[(other, Need::Tests)])]).len(),
                1,
                "{other}"
            );
        }
        assert_eq!(check(&[member(EXAMPLE, &[(TESTKIT, Need::Always)])]).len(), 1);
    }

    #[test]
    fn a_crate_missing_from_the_table_is_a_violation() {
        assert_eq!(check(&[member("mainstay-common", &[])]).len(), 1);
    }

    #[test]
    fn the_table_has_no_cycle() {
        // Each round removes the layers without dependencies among the remaining ones; a cycle would never be removed.
        let mut remaining: Vec<&Layer> = LAYERS.iter().collect();
        while !remaining.is_empty() {
            let names: Vec<&str> = remaining.iter().map(|layer| layer.package).collect();
            let before = remaining.len();
            remaining.retain(|layer| layer.dependencies.iter().any(|other| names.contains(other)));
            assert!(remaining.len() < before, "a cycle among {names:?}");
        }
    }
}
