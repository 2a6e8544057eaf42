//! The modules of a crate, and which file each path leads to.

use super::graph::Edge;
use super::imports::{Import, Kind, imports};
use crate::project::Text;
use std::collections::BTreeMap;

/// A module's path from the root of its crate.
type Path = Vec<String>;

/// A reexport leads to another reexport at most so often.
const MAX_REEXPORTS: usize = 8;

/// The modules of a crate that are files.
pub(super) struct Modules<'t> {
    files: BTreeMap<Path, Module<'t>>,
}

struct Module<'t> {
    /// The file, from the root of the project.
    path: &'t str,
    imports: Vec<Import>,
}

impl<'t> Modules<'t> {
    /// Reads the crate whose sources are in the folder `root`, without its tests.
    pub(super) fn read(texts: &'t [Text], root: &str) -> Self {
        let sources = texts
            .iter()
            .filter(|text| text.is("rs") && !text.is_test())
            .filter_map(|text| Some((text, text.path.strip_prefix(root)?)));
        let files = sources.map(|(text, name)| {
            let imports = imports(&text.body);
            let path = text.path.as_str();
            (module_path(name), Module { path, imports })
        });
        Self {
            files: files.collect(),
        }
    }

    /// Which file needs which other, without what a child takes from its own parents.
    pub(super) fn edges(&self) -> Vec<Edge<'t>> {
        let mut edges = BTreeMap::new();
        for (at, module) in &self.files {
            for import in module
                .imports
                .iter()
                .filter(|import| import.kind != Kind::Reexport)
            {
                let Some(target) = self.resolve(at, &import.segments, MAX_REEXPORTS) else {
                    continue;
                };
                if at.starts_with(&target) {
                    continue;
                }
                let to = self.files[&target].path;
                edges.entry((module.path, to)).or_insert(import.line);
            }
        }
        let edges = edges.into_iter();
        edges.map(|((from, to), line)| Edge { from, to, line }).collect()
    }

    /// The module in whose file the item is defined that a path names in the module `at`; `None` for paths out of the
    /// crate.
    fn resolve(&self, at: &[String], segments: &[String], reexports: usize) -> Option<Path> {
        let (mut module, mut rest) = self.start(at, segments)?;
        while let Some((name, after)) = rest.split_first() {
            let child = [module.as_slice(), std::slice::from_ref(name)].concat();
            if self.files.contains_key(&child) {
                (module, rest) = (child, after);
            } else {
                let reexported = || self.reexport(&module, name, after, reexports);
                return reexported().or(Some(module));
            }
        }
        Some(module)
    }

    /// The module where a path begins, and the segments that follow.
    fn start<'s>(&self, at: &[String], segments: &'s [String]) -> Option<(Path, &'s [String])> {
        let (first, mut rest) = segments.split_first()?;
        let mut module = at.to_vec();
        match first.as_str() {
            "crate" => module.clear(),
            "self" => {}
            "super" => {
                module.pop()?;
                while let Some((next, after)) = rest.split_first()
                    && next == "super"
                {
                    module.pop()?;
                    rest = after;
                }
            }
            name => {
                module.push(name.to_owned());
                if !self.files.contains_key(&module) {
                    return None;
                }
            }
        }
        self.files.contains_key(&module).then_some((module, rest))
    }

    /// Follows a name that a module imports from elsewhere.
    fn reexport(&self, module: &[String], name: &str, after: &[String], reexports: usize) -> Option<Path> {
        let left = reexports.checked_sub(1)?;
        let imports = &self.files.get(module)?.imports;
        let import = imports
            .iter()
            .find(|import| import.kind != Kind::Code && import.name == name && name != "*")?;
        let segments = [import.segments.as_slice(), after].concat();
        self.resolve(module, &segments, left)
    }
}

/// The path of the module in a file: `a/b.rs` and `a/b/mod.rs` are both `a::b`.
fn module_path(file: &str) -> Path {
    let name = file.trim_end_matches(".rs");
    let mut path: Path = name.split('/').map(str::to_owned).collect();
    if path
        .last()
        .is_some_and(|last| last == "mod" || path.len() == 1 && (last == "lib" || last == "main"))
    {
        path.pop();
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::text;

    #[test]
    fn modules_are_named_after_their_files() {
        assert_eq!(module_path("lib.rs"), Path::new());
        assert_eq!(module_path("a/mod.rs"), ["a"]);
        assert_eq!(module_path("a/b.rs"), ["a", "b"]);
    }

    #[test]
    fn tests_are_no_modules() {
        let texts = [
            text("x/src/a.rs", ""),
            text("x/src/a_tests.rs", ""),
            text("x/src/a/tests.rs", ""),
            text("y/src/a.rs", ""),
        ];
        let modules = Modules::read(&texts, "x/src/");
        let files: Vec<&str> = modules.files.values().map(|module| module.path).collect();
        assert_eq!(files, ["x/src/a.rs"]);
    }

    #[test]
    fn reexports_are_followed_and_a_circle_of_them_ends() {
        let texts = [
            text("x/lib.rs", "pub use a::A;\npub use b::Lost;"),
            text("x/a/mod.rs", "mod inner;\npub use inner::A;"),
            text("x/a/inner.rs", "pub struct A;"),
            text("x/b.rs", "use crate::A;\npub use crate::Lost;"),
        ];
        let modules = Modules::read(&texts, "x/");
        let edges = modules.edges();
        let named: Vec<(&str, &str)> = edges.iter().map(|edge| (edge.from, edge.to)).collect();
        assert_eq!(named, [("x/b.rs", "x/a/inner.rs")]);
    }
}
