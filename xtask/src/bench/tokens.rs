//! P5: signing in.

use super::seeded::load;
use super::table::{Row, Target, millis};
use super::{Bench, Fallible};

/// P5: verifying passwords, and the latency of other requests while five hundred sign-ins wait.
pub(super) fn sign_in(bench: &Bench<'_>) -> Fallible<Vec<Row>> {
    let (programs, seconds) = (bench.programs, bench.seconds());
    let (ours, argon2) = bench.alternate(
        || bench.sqlite.working_copy()?.load("sign-in", &seconds, false),
        || programs.measurement(&["baseline", "sign-in", "--seconds", &seconds]),
    )?;
    let mut row = Row::compared(
        "P5",
        "sign in, 64 at once",
        ours,
        ("bare Argon2id, one thread per core", argon2),
        Target::Ratio(95),
    );

    let copy = bench.sqlite.working_copy()?;
    let server = copy.serve(false)?;
    let seed = &bench.sqlite.seed;
    let crowd = std::thread::scope(|scope| {
        let crowd = scope.spawn(|| {
            let arguments = [
                "sign-in",
                "--connections",
                "500",
                "--seconds",
                &seconds,
                "--warm-up-ms",
                "3000",
            ];
            load(programs, &server, seed, &arguments).map_err(|cause| cause.to_string())
        });
        let others = load(
            programs,
            &server,
            seed,
            &[
                "read",
                "--connections",
                "8",
                "--seconds",
                "2",
                "--warm-up-ms",
                "3500",
            ],
        );
        (crowd.join(), others)
    });
    let (Ok(crowd), others) = crowd else {
        return Err("the crowd was not measured".into());
    };
    let (crowd, others) = (crowd?, others?);
    let note = format!(
        "; 500 at once: {} MiB at most, others read in p99 {}",
        crowd.peak_kib / 1024,
        millis(others.p99_us)
    );
    row.notes.push_str(&note);
    Ok(vec![row])
}
