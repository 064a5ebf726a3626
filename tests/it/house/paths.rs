//! Which paths a file names: in `use` trees and inline, each resolved as far as its room. Test modules inside a file are
//! passed over: they are no part of the product.

use super::tokens::{Spot, Token, tokens};

/// What a path begins with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Named {
    /// A room of ours, whichever way it was reached: `crate::`, `tollgate::`, or enough `super::`.
    Room(String),
    /// The first word of any other path: a crate, or something local.
    Outside(String),
}

/// The paths that a file names, with their lines. `home` is the file's own module path: `["flow", "gate"]`.
pub(super) fn named(home: &[&str], text: &str) -> Vec<(usize, Named)> {
    let spots = tokens(text);
    let mut walk =
        Walk { spots: &spots, at: 0, home: home.iter().map(ToString::to_string).collect(), open: Vec::new() };
    let mut found = Vec::new();
    while walk.at < spots.len() {
        walk.step(&mut found);
    }
    found
}

struct Walk<'a> {
    spots: &'a [Spot],
    at: usize,
    /// The module that we are in.
    home: Vec<String>,
    /// Open braces, and whether each is a module's.
    open: Vec<bool>,
}

impl Walk<'_> {
    fn step(&mut self, found: &mut Vec<(usize, Named)>) {
        let line = self.spots[self.at].line;
        if self.begins_test_item() {
            self.pass_item();
        } else if self.word(0) == Some("use") && !self.is_mark(1, '<') {
            self.at += 1;
            for path in self.tree(&[]) {
                found.extend(self.resolve(&path).map(|named| (line, named)));
            }
        } else if let (Some("mod"), Some(name), true) = (self.word(0), self.word(1), self.is_mark(2, '{')) {
            self.home.push(name.to_owned());
            self.open.push(true);
            self.at += 3;
        } else if self.is_mark(0, '{') {
            self.open.push(false);
            self.at += 1;
        } else if self.is_mark(0, '}') {
            if self.open.pop() == Some(true) {
                self.home.pop();
            }
            self.at += 1;
        } else if self.word(0).is_some() {
            let path = self.inline_path();
            // A single word is no path: it is a name brought in by a `use`, which was looked at there.
            if path.len() > 1 {
                found.extend(self.resolve(&path).map(|named| (line, named)));
            }
        } else {
            self.at += 1;
        }
    }

    fn token(&self, ahead: usize) -> Option<&Token> {
        self.spots.get(self.at + ahead).map(|spot| &spot.token)
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.token(ahead) {
            Some(Token::Word(word)) => Some(word),
            Some(Token::Path | Token::Mark(_)) | None => None,
        }
    }

    fn is_mark(&self, ahead: usize, mark: char) -> bool {
        self.token(ahead) == Some(&Token::Mark(mark))
    }

    /// `#[cfg(test)]`
    fn begins_test_item(&self) -> bool {
        let marks = [(0, '#'), (1, '['), (3, '('), (5, ')'), (6, ']')];
        marks.into_iter().all(|(ahead, mark)| self.is_mark(ahead, mark))
            && self.word(2) == Some("cfg")
            && self.word(4) == Some("test")
    }

    /// To the item's end: its closing brace, or a semicolon outside every bracket.
    fn pass_item(&mut self) {
        let mut depth = 0_i32;
        while let Some(token) = self.token(0).cloned() {
            self.at += 1;
            match token {
                Token::Mark('{' | '(' | '[') => depth += 1,
                Token::Mark('}') if depth == 1 => return,
                Token::Mark('}' | ')' | ']') => depth -= 1,
                Token::Mark(';') if depth == 0 => return,
                Token::Mark(_) | Token::Word(_) | Token::Path => {}
            }
        }
    }

    /// `a::b::c`, as far as words go.
    fn inline_path(&mut self) -> Vec<String> {
        let mut path = Vec::new();
        while let Some(word) = self.word(0) {
            path.push(word.to_owned());
            self.at += 1;
            if self.token(0) != Some(&Token::Path) {
                break;
            }
            self.at += 1;
            if self.word(0).is_none() {
                // `Vec::<u8>`, `crate::{…}` inside a macro: still a path.
                path.push("*".to_owned());
            }
        }
        path
    }

    /// A `use` tree as the full paths of its leaves.
    fn tree(&mut self, before: &[String]) -> Vec<Vec<String>> {
        let mut path = before.to_vec();
        loop {
            if let Some(word) = self.word(0) {
                path.push(word.to_owned());
                self.at += 1;
            } else if self.is_mark(0, '*') {
                path.push("*".to_owned());
                self.at += 1;
            } else if self.is_mark(0, '{') {
                return self.group(&path);
            }
            if self.token(0) != Some(&Token::Path) {
                break;
            }
            self.at += 1;
        }
        if self.word(0) == Some("as") {
            self.at += 2;
        }
        vec![path]
    }

    /// The braces of a `use` tree.
    fn group(&mut self, before: &[String]) -> Vec<Vec<String>> {
        let mut leaves = Vec::new();
        self.at += 1;
        while self.at < self.spots.len() && !self.is_mark(0, '}') {
            if self.is_mark(0, ',') {
                self.at += 1;
            } else {
                let start = self.at;
                leaves.extend(self.tree(before));
                // Whatever cannot be part of a tree is passed over, so that this ends on any text.
                self.at = self.at.max(start + 1);
            }
        }
        self.at += 1;
        leaves
    }

    fn resolve(&self, path: &[String]) -> Option<Named> {
        let supers = path.iter().take_while(|word| *word == "super").count();
        match path.first()?.as_str() {
            "crate" | "tollgate" => Some(Named::Room(path.get(1)?.clone())),
            "super" if supers >= self.home.len() => Some(Named::Room(path.get(supers)?.clone())),
            "super" | "self" | "Self" => None,
            outside => Some(Named::Outside(outside.to_owned())),
        }
    }
}
