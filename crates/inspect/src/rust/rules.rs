//! `macro_rules!`: which arm a call means, and what stands there afterwards.
//!
//! A build script whose work stands in a macro does it where the macro is called. Hygiene is not
//! kept: what matters is what is called with what.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use std::collections::BTreeMap;
use syn::parse::{Parse, ParseStream, Parser as _};

/// Calls of macros that are expanded in a file.
pub(super) const CALLS: usize = 2_048;
/// Tokens that expansions of a file may give, and that matching may look at.
pub(super) const TOKENS: usize = 1 << 18;
/// Macros of a file.
const MACROS: usize = 512;
/// Groups and repetitions within each other.
const LEVELS: usize = 32;
/// The same of what a call gives.
const DEEPEST: usize = 160;

/// The macros of a file, and what may still be spent on them.
#[derive(Debug)]
pub(super) struct Rules {
    known: BTreeMap<String, Vec<Arm>>,
    calls: usize,
    tokens: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            known: BTreeMap::new(),
            calls: CALLS,
            tokens: TOKENS,
        }
    }
}

/// What a call of a macro gives.
#[derive(Debug)]
pub(super) enum Expanded {
    /// Tokens.
    To(TokenStream),
    /// It is no macro of the file, or none of its arms fits.
    Unknown,
    /// There is nothing left to spend.
    Spent,
}

#[derive(Debug)]
struct Arm {
    pattern: Vec<Part>,
    body: Vec<Part>,
}

/// A part of an arm.
#[derive(Debug)]
enum Part {
    Token(TokenTree),
    Group(Group, Vec<Part>),
    /// Its name, and in a pattern what it stands for.
    Variable(String, String),
    Repeat {
        parts: Vec<Part>,
        between: Option<TokenTree>,
        /// At most once.
        once: bool,
    },
}

/// What a variable stands for.
#[derive(Debug, Clone)]
enum Bound {
    One(Vec<TokenTree>),
    Many(Vec<Bound>),
}

type Bounds = BTreeMap<String, Bound>;

impl Rules {
    /// Notes a macro. A later one of the same name holds from there on.
    pub(super) fn note(&mut self, name: String, tokens: TokenStream) {
        if self.known.len() >= MACROS && !self.known.contains_key(&name) {
            return;
        }
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let arms = tokens.split(|token| is_punct(token, ';'));
        let arms = arms.filter_map(|arm| match arm {
            [
                TokenTree::Group(pattern),
                TokenTree::Punct(a),
                TokenTree::Punct(b),
                TokenTree::Group(body),
            ] if a.as_char() == '=' && b.as_char() == '>' => Some(Arm {
                pattern: parts(&trees(pattern), true, 0)?,
                body: parts(&trees(body), false, 0)?,
            }),
            _ => None,
        });
        self.known.insert(name, arms.collect());
    }

    /// What a call gives.
    pub(super) fn expand(&mut self, name: &str, tokens: &TokenStream) -> Expanded {
        let Some(arms) = self.known.get(name) else {
            return Expanded::Unknown;
        };
        let given: Vec<TokenTree> = tokens.clone().into_iter().collect();
        if self.calls == 0 || self.tokens <= given.len() {
            return Expanded::Spent;
        }
        self.calls -= 1;
        for arm in arms {
            let mut bounds = Bounds::new();
            let mut at = 0;
            let fits = fit(&arm.pattern, &given, &mut at, &mut bounds, &mut self.tokens);
            if self.tokens == 0 {
                return Expanded::Spent;
            }
            if fits && at == given.len() {
                let mut out = Vec::new();
                let whole = write(&arm.body, &bounds, &mut out, &mut self.tokens);
                return if whole && is_shallow(&out, DEEPEST) {
                    Expanded::To(out.into_iter().collect())
                } else {
                    Expanded::Spent
                };
            }
        }
        Expanded::Unknown
    }
}

/// Whether groups stand in each other no deeper than so.
fn is_shallow(tokens: &[TokenTree], levels: usize) -> bool {
    levels > 0
        && tokens.iter().all(|token| match token {
            TokenTree::Group(group) => is_shallow(&trees(group), levels - 1),
            _ => true,
        })
}

fn trees(group: &Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// The parts of a pattern, or of what stands there afterwards. None where it is too deep.
fn parts(tokens: &[TokenTree], is_pattern: bool, level: usize) -> Option<Vec<Part>> {
    if level > LEVELS {
        return None;
    }
    let mut out = Vec::new();
    let mut rest = tokens;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if !is_punct(first, '$') {
            out.push(match first {
                TokenTree::Group(group) => {
                    Part::Group(group.clone(), parts(&trees(group), is_pattern, level + 1)?)
                }
                token => Part::Token(token.clone()),
            });
            continue;
        }
        match rest {
            [TokenTree::Group(group), behind @ ..]
                if group.delimiter() == Delimiter::Parenthesis =>
            {
                let inner = parts(&trees(group), is_pattern, level + 1)?;
                let is_how =
                    |token: &TokenTree| ['*', '+', '?'].iter().any(|how| is_punct(token, *how));
                let (between, how, behind) = match behind {
                    [how, behind @ ..] if is_how(how) => (None, how, behind),
                    [between, how, behind @ ..] if is_how(how) => {
                        (Some(between.clone()), how, behind)
                    }
                    _ => return None,
                };
                out.push(Part::Repeat {
                    parts: inner,
                    between,
                    once: is_punct(how, '?'),
                });
                rest = behind;
            }
            // The crate itself: its names are found without it.
            [TokenTree::Ident(name), a, b, behind @ ..]
                if name == "crate" && is_punct(a, ':') && is_punct(b, ':') =>
            {
                rest = behind;
            }
            [
                TokenTree::Ident(name),
                colon,
                TokenTree::Ident(kind),
                behind @ ..,
            ] if is_pattern && is_punct(colon, ':') => {
                out.push(Part::Variable(name.to_string(), kind.to_string()));
                rest = behind;
            }
            [TokenTree::Ident(name), behind @ ..] if !is_pattern => {
                out.push(Part::Variable(name.to_string(), String::new()));
                rest = behind;
            }
            _ => return None,
        }
    }
    Some(out)
}

/// Fits tokens to a pattern, from a place on.
fn fit(
    parts: &[Part],
    given: &[TokenTree],
    at: &mut usize,
    bounds: &mut Bounds,
    left: &mut usize,
) -> bool {
    for part in parts {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return false;
        }
        match part {
            Part::Token(wanted) => match given.get(*at) {
                Some(token) if is_same(wanted, token) => *at += 1,
                _ => return false,
            },
            Part::Group(wanted, inner) => match given.get(*at) {
                Some(TokenTree::Group(group)) if group.delimiter() == wanted.delimiter() => {
                    let inside = trees(group);
                    let mut inner_at = 0;
                    if !fit(inner, &inside, &mut inner_at, bounds, left) || inner_at != inside.len()
                    {
                        return false;
                    }
                    *at += 1;
                }
                _ => return false,
            },
            Part::Variable(name, kind) => {
                let rest = given.get(*at..).unwrap_or_default();
                *left = left.saturating_sub(rest.len());
                let Some(length) = length_of(kind, rest) else {
                    return false;
                };
                let taken = rest.get(..length).unwrap_or_default();
                *at += length;
                bounds.insert(name.clone(), Bound::One(as_one(kind, taken)));
            }
            Part::Repeat {
                parts,
                between,
                once,
            } => fit_all(parts, between.as_ref(), *once, given, at, bounds, left),
        }
    }
    true
}

/// Fits tokens to a repetition, as often as it goes.
fn fit_all(
    parts: &[Part],
    between: Option<&TokenTree>,
    once: bool,
    given: &[TokenTree],
    at: &mut usize,
    bounds: &mut Bounds,
    left: &mut usize,
) {
    let mut names = Vec::new();
    names_of(parts, &mut names);
    let mut all: BTreeMap<String, Vec<Bound>> =
        names.into_iter().map(|name| (name, Vec::new())).collect();
    let mut times = 0;
    while *at < given.len() && !(once && times == 1) {
        let mut next = *at;
        if times > 0
            && let Some(between) = between
        {
            match given.get(next) {
                Some(token) if is_same(between, token) => next += 1,
                _ => break,
            }
        }
        let mut inner = Bounds::new();
        let begun = next;
        if !fit(parts, given, &mut next, &mut inner, left) || next == begun {
            break;
        }
        for (name, bound) in inner {
            all.entry(name).or_default().push(bound);
        }
        *at = next;
        times += 1;
    }
    bounds.extend(all.into_iter().map(|(name, all)| (name, Bound::Many(all))));
}

fn names_of(parts: &[Part], into: &mut Vec<String>) {
    for part in parts {
        match part {
            Part::Token(_) => {}
            Part::Group(_, inner) | Part::Repeat { parts: inner, .. } => names_of(inner, into),
            Part::Variable(name, _) => into.push(name.clone()),
        }
    }
}

fn is_same(wanted: &TokenTree, token: &TokenTree) -> bool {
    match (wanted, token) {
        (TokenTree::Punct(wanted), TokenTree::Punct(token)) => wanted.as_char() == token.as_char(),
        (TokenTree::Ident(wanted), TokenTree::Ident(token)) => wanted == token,
        (TokenTree::Literal(wanted), TokenTree::Literal(token)) => {
            wanted.to_string() == token.to_string()
        }
        _ => false,
    }
}

/// How many tokens something of a kind takes.
fn length_of(kind: &str, rest: &[TokenTree]) -> Option<usize> {
    match (kind, rest) {
        ("tt", [_, ..]) | ("ident", [TokenTree::Ident(_), ..]) => Some(1),
        ("expr" | "expr_2021", _) => taken(rest, syn::Expr::parse),
        ("ty", _) => taken(rest, syn::Type::parse),
        ("path", _) => taken(rest, syn::Path::parse),
        ("block", _) => taken(rest, syn::Block::parse),
        ("literal", _) => taken(rest, |input| {
            input.parse::<Option<syn::Token![-]>>()?;
            input.parse::<syn::Lit>()
        }),
        ("item", _) => taken(rest, syn::Item::parse),
        ("meta", _) => taken(rest, syn::Meta::parse),
        ("lifetime", _) => taken(rest, syn::Lifetime::parse),
        ("vis", _) => taken(rest, syn::Visibility::parse),
        ("pat", _) => taken(rest, syn::Pat::parse_multi_with_leading_vert),
        ("pat_param", _) => taken(rest, syn::Pat::parse_single),
        ("stmt", [_, ..]) => {
            let end = rest.iter().position(|token| is_punct(token, ';'));
            Some(end.unwrap_or(rest.len()))
        }
        _ => None,
    }
}

fn taken<T>(rest: &[TokenTree], parse: impl Fn(ParseStream) -> syn::Result<T>) -> Option<usize> {
    let stream: TokenStream = rest.iter().cloned().collect();
    let behind = |input: ParseStream| {
        parse(input)?;
        let behind: TokenStream = input.parse()?;
        Ok(behind.into_iter().count())
    };
    rest.len().checked_sub(behind.parse2(stream).ok()?)
}

/// Tokens that are one value whatever stands around them.
fn as_one(kind: &str, taken: &[TokenTree]) -> Vec<TokenTree> {
    let [first, _, ..] = taken else {
        return taken.to_vec();
    };
    if !matches!(kind, "expr" | "expr_2021") {
        return taken.to_vec();
    }
    let mut group = Group::new(Delimiter::None, taken.iter().cloned().collect());
    group.set_span(first.span());
    vec![TokenTree::Group(group)]
}

/// Writes what stands there afterwards; gives whether all of it was written.
fn write(parts: &[Part], bounds: &Bounds, out: &mut Vec<TokenTree>, left: &mut usize) -> bool {
    for part in parts {
        *left = left.saturating_sub(1);
        if *left == 0 {
            return false;
        }
        match part {
            Part::Token(token) => out.push(token.clone()),
            Part::Group(group, inner) => {
                let mut inside = Vec::new();
                if !write(inner, bounds, &mut inside, left) {
                    return false;
                }
                let mut made = Group::new(group.delimiter(), inside.into_iter().collect());
                made.set_span(group.span());
                out.push(TokenTree::Group(made));
            }
            Part::Variable(name, _) => {
                if let Some(Bound::One(tokens)) = bounds.get(name) {
                    *left = left.saturating_sub(tokens.len());
                    out.extend(tokens.iter().cloned());
                }
            }
            Part::Repeat { parts, between, .. } => {
                let mut names = Vec::new();
                names_of(parts, &mut names);
                let many = names.iter().filter_map(|name| match bounds.get(name) {
                    Some(Bound::Many(all)) => Some((name, all)),
                    _ => None,
                });
                let many: Vec<(&String, &Vec<Bound>)> = many.collect();
                let times = many.iter().map(|(_, all)| all.len()).max().unwrap_or(0);
                let mut inner = bounds.clone();
                for time in 0..times {
                    if time > 0 {
                        out.extend(between.clone());
                    }
                    for (name, all) in &many {
                        if let Some(bound) = all.get(time) {
                            inner.insert((*name).clone(), bound.clone());
                        }
                    }
                    if !write(parts, &inner, out, left) {
                        return false;
                    }
                }
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(rules: &str, call: &str) -> Option<String> {
        let mut all = Rules::default();
        all.note("m".to_owned(), rules.parse().expect("tokens"));
        match all.expand("m", &call.parse().expect("tokens")) {
            Expanded::To(tokens) => Some(tokens.to_string().replace(' ', "")),
            Expanded::Unknown | Expanded::Spent => None,
        }
    }

    #[test]
    fn a_call_means_the_arm_that_it_fits() {
        let rules = "() => { none() }; ($a:literal) => { one($a) }; ($($a:ident),+ $(,)?) => { $($a();)+ };";
        assert_eq!(expanded(rules, "").as_deref(), Some("none()"));
        assert_eq!(expanded(rules, "\"x\"").as_deref(), Some("one(\"x\")"));
        assert_eq!(expanded(rules, "a, b,").as_deref(), Some("a();b();"));
        assert_eq!(expanded(rules, "a + b"), None);
    }

    #[test]
    fn repetitions_stand_within_each_other() {
        let rules = "($($k:ident => [$($v:expr),*]);*) => { $(f($k, $($v),*);)* };";
        assert_eq!(
            expanded(rules, "a => [1, x.y()]; b => []").as_deref(),
            Some("f(a,1,x.y());f(b,);")
        );
    }

    #[test]
    fn a_macro_that_calls_itself_is_bounded() {
        let mut all = Rules::default();
        all.note(
            "m".to_owned(),
            "($($t:tt)*) => { $($t)* $($t)* }".parse().expect("tokens"),
        );
        let mut tokens: TokenStream = "a b c d".parse().expect("tokens");
        let mut rounds = 0;
        while let Expanded::To(next) = all.expand("m", &tokens) {
            tokens = next;
            rounds += 1;
        }
        assert!(rounds < 20);
        assert!(matches!(all.expand("m", &tokens), Expanded::Spent));
    }
}
