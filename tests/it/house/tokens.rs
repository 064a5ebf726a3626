//! Rust source as words and marks: comments, strings and characters are gone, so that what is merely mentioned is not
//! taken for what is used. It knows no grammar.

/// What the rules look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// An identifier, a keyword, a number.
    Word(String),
    /// `::`
    Path,
    /// Any other character.
    Mark(char),
}

impl Token {
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(own) if own == word)
    }
}

/// A token and the 1-based line on which it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) token: Token,
    pub(super) line: usize,
}

/// The tokens of a file, in order.
pub(super) fn tokens(text: &str) -> Vec<Spot> {
    let mut lexer = Lexer { rest: text, line: 1, found: Vec::new() };
    while let Some(first) = lexer.rest.chars().next() {
        lexer.step(first);
    }
    lexer.found
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    found: Vec<Spot>,
}

impl Lexer<'_> {
    fn step(&mut self, first: char) {
        if self.rest.starts_with("//") {
            self.pass(self.rest.find('\n').unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("/*") {
            self.block_comment();
        } else if let Some(length) = raw_string(self.rest) {
            self.pass(length);
        } else if first == '"' {
            self.quoted('"');
        } else if first == '\'' {
            self.quote_or_lifetime();
        } else if first.is_alphanumeric() || first == '_' {
            let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
            self.push(Token::Word(self.rest[..end].to_owned()), end);
        } else if self.rest.starts_with("::") {
            self.push(Token::Path, 2);
        } else if first.is_whitespace() {
            self.pass(first.len_utf8());
        } else {
            self.push(Token::Mark(first), first.len_utf8());
        }
    }

    fn push(&mut self, token: Token, length: usize) {
        self.found.push(Spot { token, line: self.line });
        self.pass(length);
    }

    fn pass(&mut self, length: usize) {
        let (passed, rest) = self.rest.split_at(length);
        self.line += passed.matches('\n').count();
        self.rest = rest;
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        loop {
            if self.rest.starts_with("/*") {
                depth += 1;
                self.pass(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.pass(2);
            } else if let Some(other) = self.rest.chars().next() {
                self.pass(other.len_utf8());
            }
            if depth == 0 || self.rest.is_empty() {
                return;
            }
        }
    }

    fn quoted(&mut self, quote: char) {
        let mut escaped = false;
        let inside = self.rest[1..].char_indices().find(|&(_, c)| {
            let closes = c == quote && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        self.pass(inside.map_or(self.rest.len(), |(at, _)| at + 2));
    }

    fn quote_or_lifetime(&mut self) {
        let mut following = self.rest.chars().skip(1);
        match (following.next(), following.next()) {
            (Some('\\'), _) | (_, Some('\'')) => self.quoted('\''),
            _ => self.pass(1),
        }
    }
}

/// The length of a raw string at the beginning of `text`: `r"…"`, `br##"…"##`.
fn raw_string(text: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"]
        .into_iter()
        .find(|prefix| text.strip_prefix(prefix).is_some_and(|rest| rest.trim_start_matches('#').starts_with('"')))?;
    let hashes = text[prefix.len()..].bytes().take_while(|&byte| byte == b'#').count();
    let opened = prefix.len() + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    text[opened..].find(&close).map(|at| opened + at + close.len())
}

#[test]
fn comments_and_literals_are_gone() {
    let text = "a /* x /* y */ z */ b // c\n/// d\n\"e \\\" f\" r#\"g \" h\"# 'i' '\\'' b'\"' &'j k::l br\"m\" n";
    let words: Vec<String> = tokens(text)
        .into_iter()
        .filter_map(|spot| match spot.token {
            Token::Word(word) => Some(word),
            Token::Path | Token::Mark(_) => None,
        })
        .collect();
    assert_eq!(words, ["a", "b", "b", "j", "k", "l", "n"]);
}

#[test]
fn lines_are_counted_through_everything() {
    let text = "a\n/* \n */ \"\n\" r\"\n\"\nz";
    assert_eq!(tokens(text).last(), Some(&Spot { token: Token::Word("z".to_owned()), line: 6 }));
}
