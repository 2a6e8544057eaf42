//! The arguments of `cargo xtask fuzz`.

/// The targets, by the names of their files in `fuzz/targets`.
pub(super) const TARGETS: [&str; 26] = [
    "addresses",
    "api_key",
    "attributes",
    "body",
    "callback",
    "client_frame",
    "cookies",
    "cursor",
    "device_token",
    "factor_code",
    "form",
    "headers",
    "id_token",
    "idempotency_key",
    "one_time_token",
    "passkey",
    "password_hash",
    "provider_documents",
    "query",
    "refresh_token",
    "sealed",
    "settings",
    "stream_position",
    "text",
    "token",
    "values",
];

/// How long a target runs, in seconds, if the command line does not say.
const DEFAULT_SECONDS: u64 = 30;

/// The parsed arguments.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Arguments {
    /// The targets to run.
    pub(super) targets: Vec<&'static str>,
    /// How long each runs, in seconds.
    pub(super) seconds: u64,
    /// A single input to run instead, such as one that was found before.
    pub(super) input: Option<String>,
}

impl Arguments {
    /// Parses the command line.
    pub(super) fn read(arguments: &[String]) -> Result<Self, String> {
        let (mut targets, mut seconds, mut input) = (Vec::new(), DEFAULT_SECONDS, None);
        let mut arguments = arguments.iter().map(String::as_str);
        while let Some(argument) = arguments.next() {
            match argument {
                "--seconds" => seconds = number(arguments.next())?,
                "--input" => input = Some(arguments.next().ok_or("--input takes a file")?.to_owned()),
                name => targets.push(target(name)?),
            }
        }
        if input.is_some() && targets.len() != 1 {
            return Err("--input is for one target".to_owned());
        }
        if targets.is_empty() {
            targets = TARGETS.to_vec();
        }
        Ok(Self {
            targets,
            seconds,
            input,
        })
    }
}

fn target(name: &str) -> Result<&'static str, String> {
    let found = TARGETS.into_iter().find(|target| *target == name);
    found.ok_or_else(|| format!("`{name}` is no target; there are {}", TARGETS.join(", ")))
}

fn number(text: Option<&str>) -> Result<u64, String> {
    let number = text
        .and_then(|text| text.parse().ok())
        .filter(|number| *number > 0);
    number.ok_or_else(|| "--seconds takes a whole number from 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Arguments, String> {
        let arguments: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        Arguments::read(&arguments)
    }

    #[test]
    fn every_target_runs_unless_some_are_named() {
        assert_eq!(read("").map(|all| all.targets), Ok(TARGETS.to_vec()));
        let some = Arguments {
            targets: vec!["token"],
            seconds: 5,
            input: None,
        };
        assert_eq!(read("token --seconds 5"), Ok(some));
    }

    #[test]
    fn invalid_arguments_are_refused() {
        for bad in [
            "tokens",
            "--seconds",
            "--seconds 0",
            "--seconds x",
            "token --input",
            "--input file",
            "token body --input file",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_target_is_a_file_and_a_program() {
        let root = crate::project::root();
        let files = std::fs::read_dir(root.join("fuzz/targets")).unwrap();
        let mut names: Vec<String> = files
            .map(|file| {
                file.unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        names.sort();
        assert_eq!(names, TARGETS);
        let manifest = std::fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
        for target in TARGETS {
            assert!(
                manifest.contains(&format!("path = \"targets/{target}.rs\"")),
                "{target}"
            );
        }
    }
}
