//! Circles in a directed graph.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// An import of a file by another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge<'f> {
    pub(super) from: &'f str,
    pub(super) to: &'f str,
    /// The line of the import.
    pub(super) line: usize,
}

type Neighbours<'e, 'f> = BTreeMap<&'f str, Vec<&'e Edge<'f>>>;

/// The shortest circle of each group of files that reach each other. Where several are equally short, the first by
/// path.
pub(super) fn circles<'e, 'f>(edges: &'e [Edge<'f>]) -> Vec<Vec<&'e Edge<'f>>> {
    let mut neighbours: Neighbours<'e, 'f> = BTreeMap::new();
    for edge in edges {
        neighbours.entry(edge.from).or_default().push(edge);
    }
    let starts = neighbours.keys().copied();
    let mut all: Vec<Vec<&Edge<'f>>> = starts.filter_map(|start| shortest(&neighbours, start)).collect();
    all.sort_by_key(Vec::len);
    let mut reported: BTreeSet<&str> = BTreeSet::new();
    all.retain(|circle| {
        let is_new = !circle.iter().any(|edge| reported.contains(edge.from));
        if is_new {
            // Whatever is in a circle with one of these files belongs to the same group.
            reported.extend(circle.iter().flat_map(|edge| group(&neighbours, edge.from)));
        }
        is_new
    });
    all
}

/// The shortest way from a file back to itself.
fn shortest<'e, 'f>(neighbours: &Neighbours<'e, 'f>, start: &'f str) -> Option<Vec<&'e Edge<'f>>> {
    let mut reached_by: BTreeMap<&str, &'e Edge<'f>> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(file) = queue.pop_front() {
        for edge in neighbours.get(file).into_iter().flatten().copied() {
            if edge.to == start {
                return Some(way_back(&reached_by, edge, start));
            }
            if !reached_by.contains_key(edge.to) {
                reached_by.insert(edge.to, edge);
                queue.push_back(edge.to);
            }
        }
    }
    None
}

fn way_back<'e, 'f>(
    reached_by: &BTreeMap<&str, &'e Edge<'f>>,
    last: &'e Edge<'f>,
    start: &str,
) -> Vec<&'e Edge<'f>> {
    let mut way = vec![last];
    while let Some(first) = way.last().filter(|edge| edge.from != start)
        && let Some(before) = reached_by.get(first.from)
    {
        way.push(before);
    }
    way.reverse();
    way
}

/// The files that reach a file and are reached from it.
fn group<'f>(neighbours: &Neighbours<'_, 'f>, file: &'f str) -> BTreeSet<&'f str> {
    let forward = reachable(neighbours, file);
    forward
        .iter()
        .copied()
        .filter(|other| reachable(neighbours, other).contains(file))
        .collect()
}

fn reachable<'f>(neighbours: &Neighbours<'_, 'f>, start: &'f str) -> BTreeSet<&'f str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![start];
    while let Some(file) = open.pop() {
        for edge in neighbours.get(file).into_iter().flatten() {
            if seen.insert(edge.to) {
                open.push(edge.to);
            }
        }
    }
    seen
}
