//! Huffman code of HPACK and QPACK (RFC 7541 B), decoded four bits at a time.

use alloc::vec::Vec;

/// Length of the code of each symbol, in bits. The codes follow from it: they ascend with length and symbol.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
    7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

/// Symbol that is never sent: its first bits pad the last byte.
const END_OF_STRING: u16 = 256;
/// Marks a symbol among the children of a node of the code tree.
const LEAF: u16 = 0x8000;

/// Transition of the decoder by four bits. No code is shorter than five, so that they complete at most one symbol.
#[derive(Clone, Copy)]
struct Step {
    /// Node of the code tree that is reached.
    next: u8,
    symbol: u8,
    kind: StepKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum StepKind {
    /// Within a code.
    Inside,
    /// A symbol is complete.
    Symbol,
    /// The code of the end of a string, which is an error.
    Invalid,
}

static STEPS: [[Step; 16]; 256] = steps(&code_tree());
/// Nodes of the code tree at which a string may end: at most seven bits of padding, all of them set (RFC 7541 5.2).
static MAY_END: [bool; 256] = padding_nodes(&code_tree());

/// Builds the code tree: the children of each node by the next bit, node 0 being the root.
#[allow(clippy::indexing_slicing, reason = "evaluated at compile time")]
const fn code_tree() -> [[u16; 2]; 256] {
    let mut tree = [[0; 2]; 256];
    let (mut nodes, mut code, mut len) = (1, 0_u32, 1);
    while len <= 30 {
        let mut symbol = 0;
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as u32 == len {
                let (mut node, mut bit) = (0, len);
                while bit > 1 {
                    bit -= 1;
                    let side = (code >> bit & 1) as usize;
                    if tree[node][side] == 0 {
                        tree[node][side] = nodes;
                        nodes += 1;
                    }
                    node = tree[node][side] as usize;
                }
                tree[node][(code & 1) as usize] = LEAF | symbol as u16;
                code += 1;
            }
            symbol += 1;
        }
        code <<= 1;
        len += 1;
    }
    tree
}

#[allow(clippy::indexing_slicing, reason = "evaluated at compile time")]
const fn steps(tree: &[[u16; 2]; 256]) -> [[Step; 16]; 256] {
    let mut steps = [[Step { next: 0, symbol: 0, kind: StepKind::Inside }; 16]; 256];
    let mut from = 0;
    while from < 256 {
        let mut bits = 0;
        while bits < 16 {
            let (mut node, mut bit) = (from as u16, 4);
            let mut step = Step { next: 0, symbol: 0, kind: StepKind::Inside };
            while bit > 0 {
                bit -= 1;
                node = tree[node as usize][bits >> bit & 1];
                if node == LEAF | END_OF_STRING {
                    step.kind = StepKind::Invalid;
                    node = 0;
                } else if node & LEAF != 0 {
                    step.symbol = node as u8;
                    step.kind = StepKind::Symbol;
                    node = 0;
                }
            }
            step.next = node as u8;
            steps[from][bits] = step;
            bits += 1;
        }
        from += 1;
    }
    steps
}

#[allow(clippy::indexing_slicing, reason = "evaluated at compile time")]
const fn padding_nodes(tree: &[[u16; 2]; 256]) -> [bool; 256] {
    let mut nodes = [false; 256];
    let (mut node, mut bits) = (0, 0);
    while bits <= 7 {
        nodes[node] = true;
        node = tree[node][1] as usize;
        bits += 1;
    }
    nodes
}

/// Appends a decoded string. Returns whether it is valid; otherwise, what was decoded before the error is appended.
pub(crate) fn decode(coded: &[u8], out: &mut Vec<u8>) -> bool {
    // A code has at least five bits.
    out.reserve(coded.len() * 8 / 5);
    let mut node = 0_u8;
    for &byte in coded {
        for bits in [byte >> 4, byte & 15] {
            let Some(step) = STEPS.get(usize::from(node)).and_then(|steps| steps.get(usize::from(bits))) else {
                return false;
            };
            match step.kind {
                StepKind::Inside => {}
                StepKind::Symbol => out.push(step.symbol),
                StepKind::Invalid => return false,
            }
            node = step.next;
        }
    }
    MAY_END.get(usize::from(node)).is_some_and(|&may_end| may_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_at_most_seven_set_bits_and_never_the_end_of_a_string() {
        let decoded = |coded: &[u8]| {
            let mut out = Vec::new();
            (decode(coded, &mut out), out)
        };
        // `0` is 00000, `a` is 00011 (RFC 7541 B).
        assert_eq!(decoded(&[0b0000_0111]), (true, b"0".to_vec()));
        assert_eq!(decoded(&[0b0000_0110]), (false, b"0".to_vec()));
        assert_eq!(decoded(&[0b0000_0111, 0b1111_1111]), (false, b"0".to_vec()));
        assert!(!decoded(&[0xff]).0);
        assert!(!decoded(&[0xff, 0xff, 0xff, 0xff]).0);
        assert_eq!(decoded(&[0b0001_1000, 0b1111_1111]), (true, b"aa".to_vec()));
    }
}
