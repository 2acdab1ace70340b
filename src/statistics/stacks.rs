//! Protocol stacks: each stack once, with a number.

use hashbrown::HashMap;

/// Maximum number of distinct stacks. All later ones count as [`OTHER_STACK`]. A capture has some tens, unless it is
/// crafted with nested tunnels.
const MAX_STACKS: usize = 1024;

/// The name that stands for all stacks beyond the limit.
pub const OTHER_STACK: &str = "";

/// The protocol stack of a frame, by its position in the list of stacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StackId(pub u16);

/// The protocol names of a stack, outermost first.
pub type StackNames = Vec<&'static str>;

/// The stacks so far.
#[derive(Debug, Default)]
pub(crate) struct StackTable {
    numbers: HashMap<StackNames, u16>,
    /// Numbers by the full path of a frame, before [`normalized`].
    paths: HashMap<StackNames, u16>,
}

impl StackTable {
    /// Returns the stack of a frame with these protocols. Appends it to `new` if it is new.
    pub(crate) fn id(&mut self, path: &[&'static str], new: &mut Vec<StackNames>) -> StackId {
        if let Some(&number) = self.paths.get(path) {
            return StackId(number);
        }
        let number = self.assign_number(normalized(path), new);
        if self.paths.len() == MAX_STACKS {
            self.paths.clear();
        }
        self.paths.insert(path.to_vec(), number);
        StackId(number)
    }

    /// Returns the number of a stack that is normalized. Appends it to `new` if it is new.
    pub(crate) fn assign_number(&mut self, stack: StackNames, new: &mut Vec<StackNames>) -> u16 {
        let is_new = !self.numbers.contains_key(&stack);
        let stack = if is_new && self.numbers.len() + 1 >= MAX_STACKS { vec![OTHER_STACK] } else { stack };
        let next = self.numbers.len() as u16;
        *self.numbers.entry(stack).or_insert_with_key(|stack| {
            new.push(stack.clone());
            next
        })
    }
}

/// Returns the names of a path without `ethertype`, and without repeated messages of one frame.
fn normalized(path: &[&'static str]) -> StackNames {
    let mut names = StackNames::new();
    let mut messages = 0;
    for &name in path.iter().filter(|name| **name != "ethertype") {
        if is_layer(name) {
            names.push(name);
            messages = names.len();
        } else if !names.iter().skip(messages).any(|seen| *seen == name) {
            names.push(name);
        }
    }
    names
}

fn is_layer(name: &str) -> bool {
    dissectors::protocol(name).is_some_and(|protocol| protocol.is_layer())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_of_the_same_protocols_have_one_number() {
        let mut stacks = StackTable::default();
        let mut new = Vec::new();
        let paths: [&[&str]; 6] = [
            &["eth", "ethertype", "ip", "tcp"],
            &["eth", "ethertype", "ip", "tcp", "http", "json", "http", "json"],
            &["eth", "ethertype", "ip", "tcp"],
            &["eth", "ethertype", "ip", "tcp", "http", "json"],
            &["eth", "ethertype", "ip", "ip", "tcp"],
            &[],
        ];
        let numbers = paths.map(|path| stacks.id(path, &mut new).0);
        assert_eq!(numbers, [0, 1, 0, 1, 2, 3]);
        let names: [&[&str]; 4] =
            [&["eth", "ip", "tcp"], &["eth", "ip", "tcp", "http", "json"], &["eth", "ip", "ip", "tcp"], &[]];
        assert_eq!(new, names);
    }

    #[test]
    fn the_number_of_stacks_is_limited() {
        let mut stacks = StackTable::default();
        let mut new = Vec::new();
        // A distinct stack for each number, with its bits as layers.
        let stack = |number: usize| (0..14).map(move |bit| if number >> bit & 1 == 0 { "ip" } else { "ipv6" });
        for number in 0..10_000 {
            stacks.id(&stack(number).collect::<StackNames>(), &mut new);
        }
        assert_eq!((new.len(), new.last()), (MAX_STACKS, Some(&vec![OTHER_STACK])));
        let mut number = |number| stacks.id(&stack(number).collect::<StackNames>(), &mut new).0;
        assert_eq!([number(7), number(9_999), number(20_000)], [7, MAX_STACKS as u16 - 1, MAX_STACKS as u16 - 1]);
    }
}
