//! The conditions that a backend's own analysis puts on a value, as far as they are plain comparisons.
//!
//! Reads the language of Argo Rollouts (`expr`): `result[0] < 0.05`, `len(result) == 0 || result[0] >= 0.95`. What is
//! not understood is never guessed at: it draws no line and decides nothing.

use super::analysis::{BadSide, Limit, LimitMeans};

/// Longest condition that is read, in bytes; and how deep its parentheses may go.
const MAX_BYTES: usize = 2_000;
const MAX_DEPTH: usize = 24;

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sample {
    /// One value, perhaps not a finite one.
    Value(f64),
    /// An answer without any value.
    Empty,
}

/// Whether what a condition is asked of is one number or a list of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Scalar,
    List,
    /// It may be either.
    Unknown,
}

/// A condition, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Always(bool),
    /// The value against a number.
    Compare(Of, Order, f64),
    /// How many values there are against a number.
    Count(Order, f64),
    NotANumber(Of),
    Infinite(Of),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Unknown,
}

/// How the value is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// `result`: right where the answer is one number.
    Whole,
    /// `result[0]`: right where it is a list.
    First,
    /// `default(result[0], 0)`: meant as a number, and what the evaluator makes of it depends on more.
    Defaulted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Less,
    AtMost,
    Greater,
    AtLeast,
    Equal,
    Unequal,
}

impl Order {
    const fn of(symbol: &str) -> Option<Self> {
        Some(match symbol.as_bytes() {
            b"<" => Self::Less,
            b"<=" => Self::AtMost,
            b">" => Self::Greater,
            b">=" => Self::AtLeast,
            b"==" => Self::Equal,
            b"!=" => Self::Unequal,
            _ => return None,
        })
    }

    /// With its sides exchanged.
    const fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::AtMost => Self::AtLeast,
            Self::Greater => Self::Less,
            Self::AtLeast => Self::AtMost,
            Self::Equal | Self::Unequal => self,
        }
    }

    /// What holds of a finite number when this does not.
    const fn negated(self) -> Self {
        match self {
            Self::Less => Self::AtLeast,
            Self::AtMost => Self::Greater,
            Self::Greater => Self::AtMost,
            Self::AtLeast => Self::Less,
            Self::Equal => Self::Unequal,
            Self::Unequal => Self::Equal,
        }
    }

    #[expect(clippy::float_cmp, reason = "the evaluator compares exactly too")]
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
            Self::Equal => left == right,
            Self::Unequal => left != right,
        }
    }
}

impl Condition {
    /// Takes a condition apart; what cannot be read in it decides nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let read = (text.len() <= MAX_BYTES).then(|| tokens(text)).flatten();
        Self(read.map_or(Node::Unknown, |tokens| any(&tokens, 0)))
    }

    /// Whether it holds of a sample; none where that cannot be known.
    #[must_use]
    pub fn holds(&self, sample: Sample, shape: Shape) -> Option<bool> {
        holds(&self.0, sample, shape)
    }

    /// The lines that a finite value may not pass, by a condition of this meaning: what must hold for success, what
    /// is enough for failure.
    #[must_use]
    pub fn limits(&self, means: LimitMeans) -> Vec<Limit> {
        let mut needed = Vec::new();
        match means {
            LimitMeans::NotSuccess => needs(&settled(&self.0), true, &mut needed),
            LimitMeans::Failure => needs(&settled(&self.0), false, &mut needed),
        }
        let mut limits = Vec::new();
        for (order, at) in needed {
            let (bad, inclusive) = match order {
                Order::Less => (BadSide::Above, true),
                Order::AtMost => (BadSide::Above, false),
                Order::Greater => (BadSide::Below, true),
                Order::AtLeast => (BadSide::Below, false),
                Order::Equal | Order::Unequal => continue,
            };
            let limit = Limit { at, bad, inclusive, means };
            if !limits.contains(&limit) {
                limits.push(limit);
            }
        }
        limits
    }

    /// Whether those lines are all that is asked of a finite value of this shape, so that one beyond none of them is as
    /// the condition wants it.
    #[must_use]
    pub fn is_all_lines(&self, means: LimitMeans, shape: Shape) -> bool {
        let wanted = match means {
            LimitMeans::NotSuccess => true,
            LimitMeans::Failure => false,
        };
        can_be_asked(&self.0, shape) && is_lined(&settled(&self.0), wanted)
    }
}

impl Of {
    /// A list that is read as a number, or the other way round, is an error of the evaluator.
    const fn fits(self, shape: Shape) -> bool {
        match (self, shape) {
            (Self::Whole, Shape::List) | (Self::First, Shape::Scalar) | (Self::Defaulted, _) => false,
            (Self::Whole, Shape::Scalar | Shape::Unknown) | (Self::First, Shape::List | Shape::Unknown) => true,
        }
    }
}

/// Whether all of it is understood, and no error of the evaluator.
fn can_be_asked(node: &Node, shape: Shape) -> bool {
    match node {
        Node::Always(_) => true,
        Node::Compare(of, ..) | Node::NotANumber(of) | Node::Infinite(of) => of.fits(shape),
        Node::Count(..) => shape != Shape::Scalar,
        Node::Not(inner) => can_be_asked(inner, shape),
        Node::And(left, right) | Node::Or(left, right) => can_be_asked(left, shape) && can_be_asked(right, shape),
        Node::Unknown => false,
    }
}

/// Whether nothing but what `needs` finds keeps `node` from being `wanted`.
fn is_lined(node: &Node, wanted: bool) -> bool {
    match (node, wanted) {
        (Node::Always(always), wanted) => *always == wanted,
        (Node::Compare(_, order, _), wanted) => {
            let order = if wanted { *order } else { order.negated() };
            !matches!(order, Order::Equal | Order::Unequal)
        }
        (Node::Not(inner), wanted) => is_lined(inner, !wanted),
        (Node::And(left, right), true) | (Node::Or(left, right), false) => {
            is_lined(left, wanted) && is_lined(right, wanted)
        }
        (Node::And(..), false)
        | (Node::Or(..), true)
        | (Node::Count(..) | Node::NotANumber(_) | Node::Infinite(_) | Node::Unknown, _) => false,
    }
}

fn holds(node: &Node, sample: Sample, shape: Shape) -> Option<bool> {
    let value = |of: Of| match sample {
        Sample::Value(value) => of.fits(shape).then_some(value),
        Sample::Empty => None,
    };
    match node {
        Node::Always(always) => Some(*always),
        Node::Compare(of, order, number) => value(*of).map(|value| order.holds(value, *number)),
        Node::Count(order, number) => match (shape, sample) {
            (Shape::Scalar, _) => None,
            (Shape::List | Shape::Unknown, Sample::Value(_)) => Some(order.holds(1.0, *number)),
            (Shape::List | Shape::Unknown, Sample::Empty) => Some(order.holds(0.0, *number)),
        },
        Node::NotANumber(of) => value(*of).map(f64::is_nan),
        Node::Infinite(of) => value(*of).map(f64::is_infinite),
        Node::Not(inner) => holds(inner, sample, shape).map(|held| !held),
        // The left side is asked first, and what it cannot say is an error of the whole.
        Node::And(left, right) => {
            if holds(left, sample, shape)? {
                holds(right, sample, shape)
            } else {
                Some(false)
            }
        }
        Node::Or(left, right) => {
            if holds(left, sample, shape)? {
                Some(true)
            } else {
                holds(right, sample, shape)
            }
        }
        Node::Unknown => None,
    }
}

/// The condition of exactly one finite value: questions about anything else have their answer.
fn settled(node: &Node) -> Node {
    match node {
        Node::Always(_) | Node::Compare(..) | Node::Unknown => node.clone(),
        Node::Count(order, number) => Node::Always(order.holds(1.0, *number)),
        Node::NotANumber(_) | Node::Infinite(_) => Node::Always(false),
        Node::Not(inner) => match settled(inner) {
            Node::Always(always) => Node::Always(!always),
            inner => Node::Not(Box::new(inner)),
        },
        Node::And(left, right) => match (settled(left), settled(right)) {
            (Node::Always(false), _) | (_, Node::Always(false)) => Node::Always(false),
            (Node::Always(true), other) | (other, Node::Always(true)) => other,
            (left, right) => Node::And(Box::new(left), Box::new(right)),
        },
        Node::Or(left, right) => match (settled(left), settled(right)) {
            (Node::Always(true), _) | (_, Node::Always(true)) => Node::Always(true),
            (Node::Always(false), other) | (other, Node::Always(false)) => other,
            (left, right) => Node::Or(Box::new(left), Box::new(right)),
        },
    }
}

/// The comparisons without which `node` cannot be `wanted`.
fn needs(node: &Node, wanted: bool, found: &mut Vec<(Order, f64)>) {
    match (node, wanted) {
        (Node::Compare(_, order, at), true) => found.push((*order, *at)),
        (Node::Compare(_, order, at), false) => found.push((order.negated(), *at)),
        (Node::Not(inner), wanted) => needs(inner, !wanted, found),
        (Node::And(left, right), true) | (Node::Or(left, right), false) => {
            needs(left, wanted, found);
            needs(right, wanted, found);
        }
        // Where one of two is enough, neither is needed.
        (Node::And(..), false)
        | (Node::Or(..), true)
        | (Node::Always(_) | Node::Count(..) | Node::NotANumber(_) | Node::Infinite(_) | Node::Unknown, _) => {}
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token<'t> {
    Word(&'t str),
    Number(f64),
    Symbol(&'t str),
}

/// The words of a condition; none where a character has no meaning here.
fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    const SYMBOLS: [&str; 17] =
        ["<=", ">=", "==", "!=", "&&", "||", "<", ">", "!", "(", ")", "[", "]", ",", "-", "+", "."];
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let taken = |more: fn(char) -> bool| rest.find(|c: char| !more(c)).unwrap_or(rest.len());
        let length = if first.is_ascii_digit() {
            let (digits, after) = rest.split_at(taken(|c| c.is_ascii_digit() || c == '.' || c == '_'));
            let exponent = exponent(after);
            let (number, _) = rest.split_at_checked(digits.len() + exponent)?;
            let value: f64 = number.replace('_', "").parse().ok()?;
            tokens.push(Token::Number(Some(value).filter(|value| value.is_finite())?));
            number.len()
        } else if first.is_ascii_alphabetic() || first == '_' {
            let (word, _) = rest.split_at(taken(|c| c.is_ascii_alphanumeric() || c == '_'));
            tokens.push(match word {
                "and" => Token::Symbol("&&"),
                "or" => Token::Symbol("||"),
                word => Token::Word(word),
            });
            word.len()
        } else {
            let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol))?;
            tokens.push(Token::Symbol(symbol));
            symbol.len()
        };
        rest = rest.split_at_checked(length)?.1.trim_start();
    }
    Some(tokens)
}

/// Bytes of `e-3` at the beginning of what follows digits, 0 without it.
fn exponent(after: &str) -> usize {
    let Some(rest) = after.strip_prefix(['e', 'E']) else { return 0 };
    let digits = rest.strip_prefix(['-', '+']).unwrap_or(rest);
    let count = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    if count == 0 { 0 } else { after.len() - digits.len() + count }
}

/// Splits at the last such symbol outside all brackets; the operators read here group from the left.
fn split<'a, 't>(tokens: &'a [Token<'t>], symbol: &str) -> Option<(&'a [Token<'t>], &'a [Token<'t>])> {
    let mut depth = 0_i32;
    let mut found = None;
    for (place, token) in tokens.iter().enumerate() {
        match token {
            Token::Symbol("(" | "[") => depth += 1,
            Token::Symbol(")" | "]") => depth -= 1,
            Token::Symbol(is) if depth == 0 && *is == symbol => found = Some(place),
            Token::Symbol(_) | Token::Word(_) | Token::Number(_) => {}
        }
    }
    let (left, rest) = tokens.split_at_checked(found?)?;
    Some((left, rest.split_first()?.1))
}

fn any(tokens: &[Token<'_>], depth: usize) -> Node {
    match split(tokens, "||") {
        Some(_) if depth > MAX_DEPTH => Node::Unknown,
        Some((left, right)) => Node::Or(Box::new(any(left, depth + 1)), Box::new(all(right, depth + 1))),
        None => all(tokens, depth),
    }
}

fn all(tokens: &[Token<'_>], depth: usize) -> Node {
    match split(tokens, "&&") {
        Some(_) if depth > MAX_DEPTH => Node::Unknown,
        Some((left, right)) => Node::And(Box::new(all(left, depth + 1)), Box::new(one(right, depth + 1))),
        None => one(tokens, depth),
    }
}

/// One comparison, one question, or a whole condition in parentheses.
fn one(tokens: &[Token<'_>], depth: usize) -> Node {
    if depth > MAX_DEPTH {
        return Node::Unknown;
    }
    if let Some(inner) = parenthesised(tokens) {
        return any(inner, depth + 1);
    }
    let comparisons = ["<=", ">=", "==", "!=", "<", ">"];
    let mut found = comparisons.into_iter().filter_map(|symbol| Some((Order::of(symbol)?, split(tokens, symbol)?)));
    match (found.next(), found.next()) {
        (Some((order, (left, right))), None) => return compared(left, order, right),
        (Some(_), Some(_)) => return Node::Unknown,
        (None, _) => {}
    }
    match tokens {
        [Token::Word("true")] => Node::Always(true),
        [Token::Word("false")] => Node::Always(false),
        [Token::Symbol("!") | Token::Word("not"), inner @ ..] => Node::Not(Box::new(one(inner, depth + 1))),
        [Token::Word("isNaN"), argument @ ..] => asked(argument).map_or(Node::Unknown, Node::NotANumber),
        [Token::Word("isInf"), argument @ ..] => asked(argument).map_or(Node::Unknown, Node::Infinite),
        _ => Node::Unknown,
    }
}

/// What stands between parentheses that embrace all of it.
fn parenthesised<'a, 't>(tokens: &'a [Token<'t>]) -> Option<&'a [Token<'t>]> {
    let [Token::Symbol("("), inner @ .., Token::Symbol(")")] = tokens else { return None };
    let mut depth = 0_i32;
    for token in inner {
        match token {
            Token::Symbol("(") => depth += 1,
            Token::Symbol(")") => depth -= 1,
            Token::Symbol(_) | Token::Word(_) | Token::Number(_) => {}
        }
        if depth < 0 {
            return None;
        }
    }
    Some(inner)
}

fn asked(argument: &[Token<'_>]) -> Option<Of> {
    value(parenthesised(argument)?)
}

fn compared(left: &[Token<'_>], order: Order, right: &[Token<'_>]) -> Node {
    let (subject, order, number) = match (number(left), number(right)) {
        (None, Some(number)) => (left, order, number),
        (Some(number), None) => (right, order.turned(), number),
        (_, _) => return Node::Unknown,
    };
    if let [Token::Word("len"), argument @ ..] = subject {
        return match parenthesised(argument) {
            Some([Token::Word("result")]) => Node::Count(order, number),
            Some(_) | None => Node::Unknown,
        };
    }
    value(subject).map_or(Node::Unknown, |of| Node::Compare(of, order, number))
}

fn number(tokens: &[Token<'_>]) -> Option<f64> {
    match tokens {
        [Token::Number(number)] => Some(*number),
        [Token::Symbol("-"), Token::Number(number)] => Some(-number),
        _ => None,
    }
}

/// The measured value under one of its names.
fn value(tokens: &[Token<'_>]) -> Option<Of> {
    match tokens {
        [Token::Word("result")] => Some(Of::Whole),
        [Token::Word("result"), Token::Symbol("["), Token::Number(0.0), Token::Symbol("]")] => Some(Of::First),
        [Token::Word("asFloat"), argument @ ..] => asked(argument),
        [Token::Word("default"), arguments @ ..] => {
            let (named, otherwise) = split(parenthesised(arguments)?, ",")?;
            value(named).and_then(|_| number(otherwise)).map(|_| Of::Defaulted)
        }
        inner => value(parenthesised(inner)?),
    }
}

#[cfg(test)]
mod tests {
    use BadSide::{Above, Below};
    use proptest::prelude::*;

    use super::*;

    type Line = (f64, BadSide, bool);

    fn lines(text: &str, means: LimitMeans) -> Vec<Line> {
        Condition::parse(text).limits(means).iter().map(|limit| (limit.at, limit.bad, limit.inclusive)).collect()
    }

    #[test]
    fn what_success_needs_is_drawn_as_a_line() {
        let cases: [(&str, &[Line]); 28] = [
            ("result[0] >= 0.95", &[(0.95, Below, false)]),
            ("result[0] < 0.05", &[(0.05, Above, true)]),
            ("result < 1e-3", &[(1e-3, Above, true)]),
            ("0.95 <= result[0]", &[(0.95, Below, false)]),
            ("result <= 0.95 && result[0] > 0", &[(0.95, Above, false), (0.0, Below, true)]),
            ("(result[0] > -1) and (result[0] < 2)", &[(-1.0, Below, true), (2.0, Above, true)]),
            ("len(result) > 0 && result[0] < 0.02", &[(0.02, Above, true)]),
            ("len(result) == 0 || result[0] < 0.02", &[(0.02, Above, true)]),
            ("isNaN(result[0]) || result[0] >= 0.9", &[(0.9, Below, false)]),
            ("!isNaN(result[0]) && result[0] >= 0.9", &[(0.9, Below, false)]),
            ("default(result[0], 0) < 0.05", &[(0.05, Above, true)]),
            ("default(result, 0) < 0.05", &[(0.05, Above, true)]),
            ("asFloat(result) < 0.05", &[(0.05, Above, true)]),
            ("!(result[0] > 5)", &[(5.0, Above, false)]),
            ("not (result[0] > 5 or result[0] < 1)", &[(5.0, Above, false), (1.0, Below, false)]),
            ("result[0] < 5 && result[0] < 5", &[(5.0, Above, true)]),
            ("result[0] < 0.05 && result[1] < 0.1", &[(0.05, Above, true)]),
            ("result[0] < 0.05 || result[0] > 9", &[]),
            ("result[0] == 0", &[]),
            ("result[0] * 100 < 5", &[]),
            ("result.rate < 5", &[]),
            ("result[0] < result[1]", &[]),
            ("all(result, # < 0.05)", &[]),
            ("0 < result[0] < 5", &[]),
            ("result[0] < 0.05 ? true : false", &[]),
            ("!result[0] < 5", &[]),
            ("not result[0] < 5", &[]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(lines(text, LimitMeans::NotSuccess), expected, "{text}");
        }
    }

    #[test]
    fn what_is_enough_for_failure_is_drawn_as_a_line() {
        let cases: [(&str, &[Line]); 7] = [
            ("result[0] > 0.05", &[(0.05, Above, false)]),
            ("result[0] >= 0.05", &[(0.05, Above, true)]),
            ("result[0] < 1 || result[0] > 9", &[(1.0, Below, false), (9.0, Above, false)]),
            ("result[0] > 0.05 && result[0] < 1", &[]),
            ("len(result) > 0 && result[0] > 0.05", &[(0.05, Above, false)]),
            ("isNaN(result[0]) || result[0] > 0.05", &[(0.05, Above, false)]),
            ("len(result) == 0", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(lines(text, LimitMeans::Failure), expected, "{text}");
        }
    }

    #[test]
    fn a_condition_holds_as_the_controller_reads_it_or_is_not_answered() {
        use Sample::{Empty, Value};
        #[rustfmt::skip]
        let cases = [
            ("result[0] < 0.05", Value(0.04), Shape::List, Some(true)),
            ("result[0] < 0.05", Value(0.05), Shape::List, Some(false)),
            ("result[0] < 0.05", Value(f64::NAN), Shape::List, Some(false)),
            ("result[0] > 0.05", Value(f64::NAN), Shape::List, Some(false)),
            ("!(result[0] < 0.05)", Value(f64::NAN), Shape::List, Some(true)),
            ("isNaN(result[0]) || result[0] < 1", Value(f64::NAN), Shape::List, Some(true)),
            ("isInf(result[0])", Value(f64::INFINITY), Shape::List, Some(true)),
            // The evaluator stops with an error where there is no first value.
            ("result[0] < 0.05", Empty, Shape::List, None),
            ("len(result) == 0 || result[0] < 0.05", Empty, Shape::List, Some(true)),
            ("result[0] < 0.05 || len(result) == 0", Empty, Shape::List, None),
            ("len(result) > 0 && result[0] < 0.05", Empty, Shape::List, Some(false)),
            // A list is no number, and a number has no first value.
            ("result < 0.05", Value(0.01), Shape::List, None),
            ("result < 0.05", Value(0.01), Shape::Scalar, Some(true)),
            ("result[0] < 0.05", Value(0.01), Shape::Scalar, None),
            ("default(result[0], 0) < 0.05", Value(0.01), Shape::List, None),
            ("result[0] == 0", Value(0.0), Shape::List, Some(true)),
            ("true", Empty, Shape::Unknown, Some(true)),
            ("result[0] * 100 < 5", Value(0.01), Shape::List, None),
            ("result[0] < 1 && foo(result)", Value(0.5), Shape::List, None),
            ("result[0] < 1 && foo(result)", Value(2.0), Shape::List, Some(false)),
        ];
        for (text, sample, shape, expected) in cases {
            assert_eq!(Condition::parse(text).holds(sample, shape), expected, "{text} of {sample:?}");
        }
    }

    proptest! {
        /// No text takes the reader down, however it is nested.
        #[test]
        fn any_text_can_be_read(text in "(result\\[0\\]|[()!<>=&|a-z0-9., -]){0,60}", value in -5.0..15.0) {
            let condition = Condition::parse(&text);
            let limits = condition.limits(LimitMeans::NotSuccess);
            prop_assert!(limits.iter().all(|limit| limit.at.is_finite()));
            for limit in limits.iter().filter(|limit| limit.is_passed(value)) {
                prop_assert_ne!(condition.holds(Sample::Value(value), Shape::List), Some(true), "{:?}", limit);
            }
        }

        /// A line of success is never passed by a value that succeeds, nor one of failure by a value that does not fail.
        #[test]
        fn no_line_contradicts_its_condition(value in -3..13_i32, a in 0..10_i32, b in 0..10_i32, form in 0..6_usize) {
            let forms = [
                format!("result[0] < {a} && result[0] >= {b}"),
                format!("result[0] < {a} || result[0] >= {b}"),
                format!("!(result[0] < {a} || result[0] > {b})"),
                format!("!(result[0] <= {a} && {b} > result[0])"),
                format!("len(result) == 0 || (result[0] <= {a} && !isNaN(result[0]))"),
                format!("(result[0] > {a} && result[0] < {b}) || result[0] == {a}"),
            ];
            let condition = Condition::parse(&forms[form]);
            let value = f64::from(value);
            let held = condition.holds(Sample::Value(value), Shape::List).unwrap();
            let passed = |means| condition.limits(means).iter().any(|limit| limit.is_passed(value));
            prop_assert!(!(held && passed(LimitMeans::NotSuccess)), "{} of {value}", forms[form]);
            prop_assert!(held || !passed(LimitMeans::Failure), "{} of {value}", forms[form]);
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{}result[0] < 1{}", "(".repeat(900), ")".repeat(900));
        assert_eq!(Condition::parse(&deep).limits(LimitMeans::NotSuccess), []);
        let many = vec!["result[0] < 1"; 100].join(" && ");
        assert_eq!(Condition::parse(&many).holds(Sample::Value(0.0), Shape::List), None);
    }
}
