//! Which of our crates may name which foreign families: SQL stays below, HTTP stays at the doors, and only one crate
//! calls other servers.

use super::fault::Fault;
use super::manifest::{Manifest, Need};

/// Crates of others that only some of ours may name.
struct Family {
    what: &'static str,
    crates: &'static [&'static str],
    /// Ours that may name them.
    homes: &'static [&'static str],
    /// Ours that may besides name them in tests.
    tests: &'static [&'static str],
    fix: &'static str,
}

const FAMILIES: [Family; 3] = [
    Family {
        what: "a database driver",
        crates: &[
            "rusqlite",
            "tokio-postgres",
            "deadpool-postgres",
            "tokio-postgres-rustls",
            "refinery",
        ],
        // The floors of the benchmarks are the drivers alone.
        homes: &["mainstay-platform", "mainstay-repositories", "mainstay-bench"],
        tests: &[],
        fix: "use `mainstay_platform::database` through a repository",
    },
    Family {
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
        homes: &[
            "mainstay-edge",
            "mainstay-rest",
            "mainstay-graphql",
            "mainstay-grpc",
            "mainstay-realtime",
            "mainstay-console",
            "mainstay-app",
            "mainstay-bench",
        ],
        // Their tests stand up the other side: a fake provider, a fake receiver.
        tests: &[
            "mainstay-integrations",
            "mainstay-background",
            "mainstay-cli",
            "mainstay-testkit",
        ],
        fix: "speak in the meanings of services and let a door dress them as HTTP",
    },
    Family {
        what: "an HTTP or mail client",
        crates: &["reqwest", "lettre"],
        homes: &["mainstay-integrations", "mainstay-testkit", "xtask"],
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

/// Finds foreign crates where they do not belong.
pub(crate) fn check(members: &[Manifest]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for member in members {
        for dependency in &member.dependencies {
            for family in FAMILIES
                .iter()
                .filter(|family| family.crates.contains(&dependency.package.as_str()))
            {
                let at_home = family.homes.contains(&member.package.as_str());
                let in_tests =
                    dependency.need == Need::Tests && family.tests.contains(&member.package.as_str());
                if !at_home && !in_tests {
                    faults.push(Fault::at(
                        &member.path,
                        member.line_of(&dependency.package),
                        format!(
                            "`{}` may not name {} (`{}`)",
                            member.package, family.what, dependency.package
                        ),
                        family.fix,
                    ));
                }
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::manifest::member;
    use super::*;

    #[test]
    fn drivers_live_below() {
        assert!(check(&[member("mainstay-platform", &[("rusqlite", Need::Always)])]).is_empty());
        for driver in FAMILIES[0].crates {
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
    fn http_lives_at_the_doors() {
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
    fn only_integrations_call_other_servers_except_in_tests() {
        assert!(check(&[member("mainstay-integrations", &[("lettre", Need::Always)])]).is_empty());
        assert_eq!(
            check(&[member("mainstay-cli", &[("reqwest", Need::Always)])]).len(),
            1
        );
        assert!(check(&[member("mainstay-cli", &[("reqwest", Need::Tests)])]).is_empty());
    }
}
