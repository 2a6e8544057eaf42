//! Splits Rust source just far enough to separate code from comments and literals, so that a rule does not match its own
//! examples.

/// A source file, split.
#[derive(Debug, Default)]
pub(crate) struct Code {
    /// The source with comments and the insides of literals replaced by spaces; line numbers are unchanged.
    pub(crate) bare: String,
    /// String literals, as written between their quotes, with the line on which each begins (from 1).
    pub(crate) literals: Vec<(usize, String)>,
}

/// Splits a source. Source that does not compile gives an arbitrary result, but never a panic.
pub(crate) fn split(source: &str) -> Code {
    let mut scanner = Scanner {
        chars: source.chars().collect(),
        at: 0,
        line: 1,
        code: Code::default(),
    };
    while scanner.at < scanner.chars.len() {
        scanner.step();
    }
    scanner.code
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
    line: usize,
    code: Code,
}

impl Scanner {
    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => self.blank_while(|scanner| scanner.peek(0) != '\n'),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('r', '"' | '#') if !self.inside_word() || self.after_prefix() => self.raw_string(),
            ('\'', '\\') => self.character(),
            ('\'', _) if self.peek(2) == '\'' => self.character(),
            _ => self.keep(),
        }
    }

    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn ended(&self) -> bool {
        self.at >= self.chars.len()
    }

    /// Whether the character before belongs to a word, so that an `r` here is only that word's letter.
    fn inside_word(&self) -> bool {
        self.at > 0 && is_word(self.chars[self.at - 1])
    }

    /// Whether the word that ends in this `r` is `br` or `cr`.
    fn after_prefix(&self) -> bool {
        let before = self.at.checked_sub(2).map(|at| self.chars[at]);
        matches!(self.chars[self.at - 1], 'b' | 'c') && !before.is_some_and(is_word)
    }

    fn keep(&mut self) {
        let next = self.peek(0);
        self.take(next);
    }

    fn blank(&mut self) {
        self.take(' ');
    }

    /// Advances by one character and writes `output` for it; line breaks are always kept.
    fn take(&mut self, output: char) {
        if self.peek(0) == '\n' {
            self.line += 1;
            self.code.bare.push('\n');
        } else {
            self.code.bare.push(output);
        }
        self.at += 1;
    }

    fn blank_while(&mut self, more: impl Fn(&Self) -> bool) {
        while !self.ended() && more(self) {
            self.blank();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        while !self.ended() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.blank();
                    continue;
                }
            }
            self.blank();
            self.blank();
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        let (line, mut inside) = (self.line, String::new());
        self.keep();
        while !self.ended() && self.peek(0) != '"' {
            if self.peek(0) == '\\' {
                inside.push('\\');
                self.blank();
            }
            inside.push(self.peek(0));
            self.blank();
        }
        self.keep();
        self.code.literals.push((line, inside));
    }

    fn raw_string(&mut self) {
        let mut hashes = 0;
        while self.peek(1 + hashes) == '#' {
            hashes += 1;
        }
        if self.peek(1 + hashes) != '"' {
            return self.keep(); // a raw identifier
        }
        let (line, mut inside) = (self.line, String::new());
        for _ in 0..hashes + 2 {
            self.keep();
        }
        let closes =
            |scanner: &Self| scanner.peek(0) == '"' && (1..=hashes).all(|ahead| scanner.peek(ahead) == '#');
        while !self.ended() && !closes(self) {
            inside.push(self.peek(0));
            self.blank();
        }
        for _ in 0..=hashes {
            self.keep();
        }
        self.code.literals.push((line, inside));
    }

    fn character(&mut self) {
        self.keep();
        if self.peek(0) == '\\' {
            self.blank();
        }
        self.blank();
        self.blank_while(|scanner| !matches!(scanner.peek(0), '\'' | '\n'));
        self.keep();
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_comments_and_strings_and_keeps_code() {
        let code = split("let a = \"todo!\"; // todo!\n/* todo! /* nested */ todo! */ done();");
        assert!(!code.bare.contains("todo!"));
        assert!(code.bare.contains("let a = \"     \";"));
        assert!(code.bare.contains("done();"));
        assert_eq!(code.bare.lines().count(), 2);
        assert_eq!(code.literals, [(1, "todo!".to_owned())]);
    }

    #[test]
    fn raw_strings_end_at_the_same_number_of_hashes() {
        let code = split("let a = r#\"say \"hi\" \"#; let r#type = br\"x\"; let fir = \"y\";");
        let inside: Vec<&str> = code.literals.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(inside, ["say \"hi\" ", "x", "y"]);
        assert!(code.bare.contains("let r#type"));
    }

    #[test]
    fn quotes_in_characters_and_lifetimes_start_no_string() {
        let code = split("fn f<'a>(x: &'a str) { let q = '\"'; let e = '\\''; let u = '\\u{41}'; dbg!(x) }");
        assert!(code.literals.is_empty());
        assert!(code.bare.contains("dbg!(x)"));
    }

    #[test]
    fn escapes_do_not_end_a_string_and_lines_are_counted() {
        let code = split("\n\"a\\\"b\n c\"; \"\\\\\"; here");
        assert_eq!(
            code.literals,
            [(2, "a\\\"b\n c".to_owned()), (3, "\\\\".to_owned())]
        );
        assert!(code.bare.ends_with("here"));
    }

    #[test]
    fn invalid_source_does_not_panic() {
        for source in ["\"", "r#\"", "/*", "'", "'\\", "r", "\"\\"] {
            split(source);
        }
    }
}
