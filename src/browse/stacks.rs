//! Which protocols lie in one another: each stack of them once, and a number for it.

use dissectors::Part;
use hashbrown::HashMap;

/// As many stacks as are told apart; all later ones are taken for [`OTHER`]. A capture has some tens, unless somebody
/// wraps tunnels into tunnels to have more.
const MOST: usize = 1024;

/// The name of what lies in stacks that are not told apart.
pub const OTHER: &str = "";

/// The protocols of a frame, by the place of their stack in [`Index::stacks`](super::Index::stacks).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stack(pub u16);

/// The names of a stack, outermost first.
pub type Names = Vec<&'static str>;

/// The stacks met so far.
#[derive(Debug, Default)]
pub(super) struct Stacks {
    numbers: HashMap<Names, u16>,
    /// The same by what frames have: with names that say nothing more.
    paths: HashMap<Names, u16>,
}

impl Stacks {
    /// The stack of a frame with these protocols; one that is new goes to `new`.
    pub(super) fn of(&mut self, path: &[&'static str], new: &mut Vec<Names>) -> Stack {
        if let Some(&number) = self.paths.get(path) {
            return Stack(number);
        }
        let number = self.number(told(path), new);
        if self.paths.len() == MOST {
            self.paths.clear();
        }
        self.paths.insert(path.to_vec(), number);
        Stack(number)
    }

    fn number(&mut self, stack: Names, new: &mut Vec<Names>) -> u16 {
        let is_new = !self.numbers.contains_key(&stack);
        let stack = if is_new && self.numbers.len() + 1 >= MOST { vec![OTHER] } else { stack };
        let next = self.numbers.len() as u16;
        *self.numbers.entry(stack).or_insert_with_key(|stack| {
            new.push(stack.clone());
            next
        })
    }
}

/// The names of a path that say what lies in what: not that of a mere type, and each of several messages of a frame once.
fn told(path: &[&'static str]) -> Names {
    let mut names = Names::new();
    let mut messages = 0;
    for &name in path.iter().filter(|name| **name != "ethertype") {
        if is_layer(name) {
            names.push(name);
            messages = names.len();
        } else if !names.iter().skip(messages).any(|met| *met == name) {
            names.push(name);
        }
    }
    names
}

fn is_layer(name: &str) -> bool {
    dissectors::protocol(name).is_some_and(|protocol| matches!(protocol.part, Part::Layer(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_of_the_same_protocols_have_one_number() {
        let mut stacks = Stacks::default();
        let mut new = Vec::new();
        let paths: [&[&str]; 6] = [
            &["eth", "ethertype", "ip", "tcp"],
            &["eth", "ethertype", "ip", "tcp", "http", "json", "http", "json"],
            &["eth", "ethertype", "ip", "tcp"],
            &["eth", "ethertype", "ip", "tcp", "http", "json"],
            &["eth", "ethertype", "ip", "ip", "tcp"],
            &[],
        ];
        let numbers = paths.map(|path| stacks.of(path, &mut new).0);
        assert_eq!(numbers, [0, 1, 0, 1, 2, 3]);
        let names: [&[&str]; 4] =
            [&["eth", "ip", "tcp"], &["eth", "ip", "tcp", "http", "json"], &["eth", "ip", "ip", "tcp"], &[]];
        assert_eq!(new, names);
    }

    #[test]
    fn there_is_an_end_to_them() {
        let mut stacks = Stacks::default();
        let mut new = Vec::new();
        // A stack for each number: its bits, as layers.
        let stack = |number: usize| (0..14).map(move |bit| if number >> bit & 1 == 0 { "ip" } else { "ipv6" });
        for number in 0..10_000 {
            stacks.of(&stack(number).collect::<Names>(), &mut new);
        }
        assert_eq!((new.len(), new.last()), (MOST, Some(&vec![OTHER])));
        let mut again = |number| stacks.of(&stack(number).collect::<Names>(), &mut new).0;
        assert_eq!([again(7), again(9_999), again(20_000)], [7, MOST as u16 - 1, MOST as u16 - 1]);
    }
}
