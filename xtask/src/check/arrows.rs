//! Which crate may name which: the floors of `ARCHITECTURE.md` as a table. Stairs only go down, and the doors have no
//! stair to the repositories. An arrow that is allowed and not drawn is fine.

use super::fault::Fault;
use super::manifest::{Manifest, Need};

/// What one crate may name.
struct Room {
    package: &'static str,
    /// In its code and its build script.
    floors: &'static [&'static str],
    /// Besides these, in its tests.
    tests: &'static [&'static str],
}

const DOMAIN: &str = "mainstay-domain";
const PLATFORM: &str = "mainstay-platform";
const REPOSITORIES: &str = "mainstay-repositories";
const SERVICES: &str = "mainstay-services";
const EDGE: &str = "mainstay-edge";
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
const STORIES: &str = "mainstay-stories";
const CLI: &str = "mainstay-cli";
/// A tool of the development: it measures the product, and nothing of the product knows it.
const BENCH: &str = "mainstay-bench";

/// What every door may name: never the repositories.
const BELOW_A_DOOR: &[&str] = &[DOMAIN, PLATFORM, SERVICES, EDGE];
const ON_SERVICES: &[&str] = &[DOMAIN, PLATFORM, SERVICES];
const WITH_TESTKIT: &[&str] = &[TESTKIT];

const ROOMS: [Room; 19] = [
    Room {
        package: DOMAIN,
        floors: &[],
        tests: &[],
    },
    Room {
        package: PLATFORM,
        floors: &[DOMAIN],
        tests: &[],
    },
    Room {
        package: REPOSITORIES,
        floors: &[DOMAIN, PLATFORM],
        tests: WITH_TESTKIT,
    },
    Room {
        package: SERVICES,
        floors: &[DOMAIN, PLATFORM, REPOSITORIES],
        tests: WITH_TESTKIT,
    },
    Room {
        package: EDGE,
        floors: ON_SERVICES,
        tests: WITH_TESTKIT,
    },
    Room {
        package: REST,
        floors: BELOW_A_DOOR,
        tests: WITH_TESTKIT,
    },
    Room {
        package: GRAPHQL,
        floors: BELOW_A_DOOR,
        tests: WITH_TESTKIT,
    },
    Room {
        package: GRPC,
        floors: BELOW_A_DOOR,
        tests: WITH_TESTKIT,
    },
    Room {
        package: REALTIME,
        floors: BELOW_A_DOOR,
        tests: WITH_TESTKIT,
    },
    Room {
        package: CONSOLE,
        floors: BELOW_A_DOOR,
        tests: WITH_TESTKIT,
    },
    Room {
        package: BACKGROUND,
        floors: ON_SERVICES,
        tests: WITH_TESTKIT,
    },
    Room {
        package: INTEGRATIONS,
        floors: ON_SERVICES,
        tests: WITH_TESTKIT,
    },
    Room {
        package: APP,
        floors: EVERY_FLOOR,
        tests: WITH_TESTKIT,
    },
    // What an extending application sees: the floors through which a use case passes, not the SQL behind them.
    Room {
        package: FACADE,
        floors: &[
            DOMAIN,
            PLATFORM,
            SERVICES,
            EDGE,
            REST,
            GRAPHQL,
            GRPC,
            REALTIME,
            CONSOLE,
            BACKGROUND,
            INTEGRATIONS,
            APP,
        ],
        tests: WITH_TESTKIT,
    },
    Room {
        package: TESTKIT,
        floors: &[
            DOMAIN,
            PLATFORM,
            REPOSITORIES,
            SERVICES,
            EDGE,
            REST,
            BACKGROUND,
            INTEGRATIONS,
            APP,
        ],
        tests: &[],
    },
    // Nothing but tests: what it promises, it promises over the doors.
    Room {
        package: STORIES,
        floors: &[],
        tests: &[DOMAIN, PLATFORM, SERVICES, TESTKIT],
    },
    Room {
        package: CLI,
        floors: &[DOMAIN, PLATFORM, SERVICES, EDGE, BACKGROUND, APP],
        tests: WITH_TESTKIT,
    },
    Room {
        package: BENCH,
        floors: &[DOMAIN, PLATFORM, REPOSITORIES],
        tests: &[],
    },
    Room {
        package: "xtask",
        floors: &[],
        tests: &[],
    },
];

/// What `app` knows: everybody.
const EVERY_FLOOR: &[&str] = &[
    DOMAIN,
    PLATFORM,
    REPOSITORIES,
    SERVICES,
    EDGE,
    REST,
    GRAPHQL,
    GRPC,
    REALTIME,
    CONSOLE,
    BACKGROUND,
    INTEGRATIONS,
];

/// Finds arrows that the table does not have, and crates that it does not know.
pub(crate) fn check(members: &[Manifest]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for member in members {
        let Some(room) = ROOMS.iter().find(|room| room.package == member.package) else {
            faults.push(Fault::at(
                &member.path,
                member.line_of("name"),
                format!("`{}` has no place in the table of floors", member.package),
                "decide which floor it is and add it to the table in xtask/src/check/arrows.rs",
            ));
            continue;
        };
        for dependency in member.dependencies.iter().filter(|dependency| dependency.ours) {
            let other = dependency.package.as_str();
            let allowed = room.floors.contains(&other)
                || (dependency.need == Need::Tests && room.tests.contains(&other));
            if !allowed {
                faults.push(Fault::at(
                    &member.path,
                    member.line_of(other),
                    format!("`{}` may not name `{other}`", member.package),
                    "move the code to the floor that may, or go through a use case; floors: ARCHITECTURE.md",
                ));
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
    fn stairs_go_down() {
        assert!(check(&[member(SERVICES, &[(REPOSITORIES, Need::Always)])]).is_empty());
        assert_eq!(check(&[member(DOMAIN, &[(PLATFORM, Need::Always)])]).len(), 1);
    }

    #[test]
    fn no_door_names_the_repositories_not_even_in_tests() {
        for door in [REST, GRAPHQL, GRPC, REALTIME, CONSOLE, EDGE] {
            for need in [Need::Always, Need::Tests] {
                let faults = check(&[member(door, &[(SERVICES, Need::Always), (REPOSITORIES, need)])]);
                assert_eq!(faults.len(), 1, "{door}");
                assert_eq!(
                    faults[0].line, 3,
                    "the fault points at the line of the dependency"
                );
            }
        }
    }

    #[test]
    fn nothing_knows_what_measures_it() {
        for room in ROOMS {
            assert_eq!(
                check(&[member(room.package, &[(BENCH, Need::Tests)])]).len(),
                1,
                "{}",
                room.package
            );
        }
    }

    #[test]
    fn the_testkit_is_for_tests() {
        assert!(check(&[member(REST, &[(TESTKIT, Need::Tests)])]).is_empty());
        assert_eq!(check(&[member(REST, &[(TESTKIT, Need::Always)])]).len(), 1);
    }

    #[test]
    fn a_crate_without_a_floor_is_a_fault() {
        assert_eq!(check(&[member("mainstay-common", &[])]).len(), 1);
    }

    #[test]
    fn the_table_itself_has_no_circle() {
        // Each round removes the rooms that stand on nothing that is left; a circle would never go.
        let mut left: Vec<&Room> = ROOMS.iter().collect();
        while !left.is_empty() {
            let names: Vec<&str> = left.iter().map(|room| room.package).collect();
            let before = left.len();
            left.retain(|room| room.floors.iter().any(|floor| names.contains(floor)));
            assert!(left.len() < before, "a circle among {names:?}");
        }
    }
}
