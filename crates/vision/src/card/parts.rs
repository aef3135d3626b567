//! Connected parts of a mask: which marked pixels touch, and the box and size of each such part.
//!
//! Guarantees: one pass over the mask, buffers are kept between pictures. Knows nothing of letters or glare.

/// One connected part (corners touching count), in pixels of the mask; right and bottom are exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub left: u32,
    pub top: u32,
    pub right: u32,
    pub bottom: u32,
    pub area: u32,
}

impl Part {
    pub fn width(&self) -> u32 {
        self.right - self.left
    }

    pub fn height(&self) -> u32 {
        self.bottom - self.top
    }

    fn absorb(&mut self, other: &Self) {
        self.left = self.left.min(other.left);
        self.top = self.top.min(other.top);
        self.right = self.right.max(other.right);
        self.bottom = self.bottom.max(other.bottom);
        self.area += other.area;
    }
}

#[derive(Debug, Clone, Copy)]
struct Run {
    start: u32,
    end: u32,
    label: u32,
}

/// Finds parts by joining the runs of neighbouring rows.
#[derive(Debug, Default)]
pub(super) struct PartFinder {
    above: Vec<Run>,
    here: Vec<Run>,
    parents: Vec<u32>,
    boxes: Vec<Part>,
    found: Vec<Part>,
}

impl PartFinder {
    /// All parts of a mask (anything but 0 is marked) of `width` pixels a row, in the order of their topmost row.
    pub fn find(&mut self, mask: &[u8], width: usize) -> &[Part] {
        self.above.clear();
        self.parents.clear();
        self.boxes.clear();
        self.found.clear();
        for (y, row) in mask.chunks_exact(width.max(1)).enumerate() {
            self.join_row(row, y as u32);
            std::mem::swap(&mut self.above, &mut self.here);
        }
        for label in 0..self.boxes.len() {
            let root = root_of(&mut self.parents, label as u32) as usize;
            if root != label {
                let part = self.boxes[label];
                self.boxes[root].absorb(&part);
            }
        }
        let roots = self.parents.iter().enumerate().filter(|(label, parent)| *label as u32 == **parent);
        self.found.extend(roots.map(|(label, _)| self.boxes[label]));
        &self.found
    }

    fn join_row(&mut self, row: &[u8], y: u32) {
        self.here.clear();
        let mut x = 0;
        let mut first_above = 0;
        while let Some(start) = row[x..].iter().position(|value| *value != 0).map(|skip| x + skip) {
            let end = row[start..].iter().position(|value| *value == 0).map_or(row.len(), |skip| start + skip);
            let (start, stop) = (start as u32, end as u32);
            let label = self.label_of(start, stop, &mut first_above);
            let part = Part { left: start, top: y, right: stop, bottom: y + 1, area: stop - start };
            if label as usize == self.boxes.len() {
                self.boxes.push(part);
                self.parents.push(label);
            } else {
                self.boxes[label as usize].absorb(&part);
            }
            self.here.push(Run { start, end: stop, label });
            x = end;
        }
    }

    /// The label of the first run above that touches `start..stop`; all others that touch are joined to it.
    fn label_of(&mut self, start: u32, stop: u32, first_above: &mut usize) -> u32 {
        while self.above.get(*first_above).is_some_and(|run| run.end < start) {
            *first_above += 1;
        }
        let mut label = None;
        for run in self.above[*first_above..].iter().take_while(|run| run.start <= stop) {
            let root = root_of(&mut self.parents, run.label);
            let kept = *label.get_or_insert(root);
            self.parents[root as usize] = root_of(&mut self.parents, kept);
        }
        label.map_or(self.boxes.len() as u32, |label| root_of(&mut self.parents, label))
    }
}

fn root_of(parents: &mut [u32], mut label: u32) -> u32 {
    while parents[label as usize] != label {
        parents[label as usize] = parents[parents[label as usize] as usize];
        label = parents[label as usize];
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rows: &[&str], expected: &[(u32, u32, u32, u32, u32)], because: &str) {
        let width = rows.first().map_or(1, |row| row.len());
        let mask: Vec<u8> = rows.iter().flat_map(|row| row.bytes().map(|byte| u8::from(byte == b'#'))).collect();
        let mut finder = PartFinder::default();
        let mut found: Vec<_> = finder
            .find(&mask, width)
            .iter()
            .map(|part| (part.left, part.top, part.right, part.bottom, part.area))
            .collect();
        found.sort_unstable();
        assert_eq!(found, expected, "{because}: {rows:?}");
    }

    #[test]
    fn touching_pixels_are_one_part() {
        check(&["....", "...."], &[], "nothing is marked");
        check(&["#..#", "...."], &[(0, 0, 1, 1, 1), (3, 0, 4, 1, 1)], "two that do not touch");
        check(&["#...", ".#..", "..#."], &[(0, 0, 3, 3, 3)], "corners touch");
        check(&["#.#", "#.#", "###"], &[(0, 0, 3, 3, 7)], "two branches meet below");
        check(&["###", "#.#", "#.#"], &[(0, 0, 3, 3, 7)], "one part splits below");
        check(&["#.#.#", "#.#.#", "#####"], &[(0, 0, 5, 3, 11)], "three branches meet in one row");
        check(&["#.#..", ".#..#", "#.#.#"], &[(0, 0, 3, 3, 5), (4, 1, 5, 3, 2)], "a cross beside a bar");
    }
}
