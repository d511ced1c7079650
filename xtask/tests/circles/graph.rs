//! Finds circles in a graph: its strongly connected components with more than one node (Tarjan, 1972).

struct Search<'a> {
    edges: &'a [(usize, usize)],
    /// For each node, how many nodes were visited before it.
    met: Vec<Option<usize>>,
    open: Vec<usize>,
    count: usize,
    circles: Vec<Vec<usize>>,
}

/// Each circle with its nodes in order.
pub(crate) fn circles(nodes: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut search =
        Search { edges, met: vec![None; nodes], open: Vec::new(), count: 0, circles: Vec::new() };
    for node in 0..nodes {
        if search.met[node].is_none() {
            search.visit(node);
        }
    }
    search.circles
}

impl Search<'_> {
    /// Returns the earliest open node that this one leads to.
    fn visit(&mut self, node: usize) -> usize {
        let number = self.count;
        self.count += 1;
        self.met[node] = Some(number);
        self.open.push(node);
        let mut earliest = number;
        for (_, next) in self.edges.iter().filter(|(from, _)| *from == node) {
            match self.met[*next] {
                None => earliest = earliest.min(self.visit(*next)),
                Some(number) if self.open.contains(next) => earliest = earliest.min(number),
                Some(_) => {}
            }
        }
        if earliest == number {
            let begin = self.open.iter().rposition(|open| *open == node).unwrap_or(0);
            let mut circle = self.open.split_off(begin);
            circle.sort_unstable();
            if circle.len() > 1 {
                self.circles.push(circle);
            }
        }
        earliest
    }
}
