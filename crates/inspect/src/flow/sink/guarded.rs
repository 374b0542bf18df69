//! Whether a comparison always comes between a download and what is run of it, and stops it.
//!
//! Both ends are followed upwards, from a function to where it is called or handed over, until
//! they stand in one function. There the statements say which comes first, and what catches what
//! the comparison throws. Where they never meet, the comparison must at least stop its module.

use crate::flow::index::{ends, leaves};
use crate::flow::label::Label;
use crate::flow::{Analysis, Trail};
use crate::ir::{Block, Compound, Expr, ExprId, FuncId, Program, Span, Stmt};
use crate::pure::FileId;
use customs_model::Zone;
use std::rc::Rc;

/// Levels of calls that are followed upwards.
const LEVELS: usize = 6;
/// Places that a comparison, or a use, comes from.
const PLACES: usize = 24;

/// A comparison with a digest, or where it is called from.
#[derive(Debug, Clone, Copy)]
pub(in crate::flow) struct Check {
    pub function: FuncId,
    pub at: ExprId,
    /// It does no more than leave its function where the digest is another one.
    pub returns: bool,
    /// The same of each branch: where its test holds, and where it does not.
    pub branches: [bool; 2],
    /// Something else has a say in whether it is made.
    pub partly: bool,
    /// What it decides is asked the other way round: `!(a === b)`.
    pub turned: bool,
    /// Whether the first branch is the one that is taken where the digest is another one.
    pub then_fails: Option<bool>,
}

/// What is known of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::flow) enum Standing {
    /// It stops nothing, or comes too late.
    Nothing,
    /// It may stop what is run.
    Perhaps,
    /// It always comes first and stops it.
    Stops,
}

/// A place in a function that a comparison, or a use, is reached by.
#[derive(Debug, Clone, Copy)]
struct Reached {
    file: FileId,
    function: FuncId,
    at: ExprId,
    /// It happens later than the statement that it stands in.
    later: bool,
    standing: Standing,
    /// It does no more than return where the digest is another one.
    returns: bool,
    then_fails: Option<bool>,
}

/// How a block stands in the one around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The body of a function, or a plain block.
    Straight,
    /// One branch of a choice.
    Branch,
    /// What is thrown in it ends in a handler that goes on.
    Caught,
    /// A handler.
    Handler,
}

/// A statement of a block on the way to a place.
#[derive(Debug, Clone, Copy)]
struct Step {
    block: Block,
    index: usize,
    way: Way,
}

impl Analysis<'_> {
    /// What a comparison does to what is run at a place, or to whoever comes after the module.
    pub(super) fn standing(
        &mut self,
        file: FileId,
        check: Check,
        label: &Label,
        used: Option<(FileId, ExprId)>,
    ) -> Standing {
        let zone = self.zone_of(file, check.function);
        let used = used.and_then(|(file, at)| Some((file, self.function_of_call(file, at)?, at)));
        if let Some((used_in, function, _)) = used
            && zone < self.zone_of(used_in, function)
            && zone <= Zone::Called
        {
            return Standing::Nothing;
        }
        let first = Reached {
            file,
            function: check.function,
            at: check.at,
            later: false,
            standing: if check.partly {
                Standing::Perhaps
            } else {
                Standing::Stops
            },
            returns: check.returns,
            then_fails: check.then_fails,
        };
        let checks = self.upwards(first, label);
        let Some((file, function, at)) = used else {
            return at_the_end(&checks);
        };
        let used = Reached {
            file,
            function,
            at,
            ..first
        };
        let met = self.met(&checks, used, label, 0);
        met.unwrap_or_else(|| at_the_end(&checks))
    }

    fn function_of_call(&self, file: FileId, at: ExprId) -> Option<FuncId> {
        let program = self.program(file)?;
        let mut calls = program.calls.iter();
        calls
            .find(|(call, _)| *call == at)
            .map(|(_, function)| *function)
    }

    /// Where the two meet, seen from what is run; none where they never do.
    fn met(
        &mut self,
        checks: &[Reached],
        used: Reached,
        label: &Label,
        level: usize,
    ) -> Option<Standing> {
        let mut here = None;
        for check in checks {
            // What leads to both says nothing of which comes first.
            if check.at != used.at
                && (check.file, check.function) == (used.file, used.function)
                && let Some(program) = self.program(used.file)
            {
                let found = compared(&program, check, &used, label).min(check.standing);
                here = here.max(Some(found));
            }
        }
        if here == Some(Standing::Stops) || level >= LEVELS {
            return here;
        }
        // Every way that leads here has to be stopped.
        let (mut above, mut aside) = (None, false);
        for (file, function, at, later) in self.sites_of(used.file, used.function) {
            let used = Reached {
                file,
                function,
                at,
                later: used.later || later,
                ..used
            };
            match self.met(checks, used, label, level + 1) {
                Some(found) => {
                    above = Some(above.map_or(found, |least: Standing| least.min(found)));
                }
                None => aside = true,
            }
        }
        // One that leads past it is told as what may not be stopped.
        let most = if aside {
            Standing::Perhaps
        } else {
            Standing::Stops
        };
        here.max(above.map(|above| above.min(most)))
    }

    /// Where a function is called, or handed over to be called later.
    fn sites_of(&self, file: FileId, function: FuncId) -> Vec<(FileId, FuncId, ExprId, bool)> {
        let called = self.callers.get(&(file, function)).into_iter().flatten();
        let handed = self.passed.get(&(file, function)).into_iter().flatten();
        let called = called.map(|site| (site.file, site.function, site.expr, false));
        let handed = handed.map(|site| (site.file, site.function, site.expr, true));
        let mut sites: Vec<_> = called.chain(handed).take(PLACES).collect();
        sites.sort_unstable();
        sites.dedup();
        sites
    }

    /// A comparison, and all that it is called from.
    fn upwards(&mut self, first: Reached, label: &Label) -> Vec<Reached> {
        let mut all = vec![first];
        let mut at = 0;
        while let Some(below) = all.get(at).copied() {
            at += 1;
            let Some(program) = self.program(below.file) else {
                continue;
            };
            let left = leaving(&program, &below, label).min(below.standing);
            for (file, function, site, later) in self.sites_of(below.file, below.function) {
                let Some(caller) = self.program(file) else {
                    continue;
                };
                if all.len() >= PLACES
                    || all
                        .iter()
                        .any(|known| (known.file, known.at) == (file, site))
                {
                    continue;
                }
                // What does no more than return leaves it to the caller to look.
                let tested = below.returns && !later;
                let looked_at = tested
                    .then(|| self.looked_at(&caller, file, site))
                    .flatten();
                let standing = match (below.returns, looked_at) {
                    (false, _) | (true, Some(_)) => left,
                    (true, None) => left.min(Standing::Perhaps),
                };
                all.push(Reached {
                    file,
                    function,
                    at: site,
                    later: below.later || later,
                    standing,
                    returns: looked_at.unwrap_or(false),
                    then_fails: None,
                });
            }
        }
        all
    }

    /// Whether what a call gives decides a choice that ends something, and whether that one does
    /// no more than return.
    fn looked_at(&mut self, program: &Program, file: FileId, call: ExprId) -> Option<bool> {
        let index = self.index(file)?;
        let span = program.span(call);
        let mut guards = index.guards.iter();
        let found = guards.find(|guard| holds(program.span(guard.test), span))?;
        Some(found.held_returns && found.failed_returns)
    }
}

/// What a comparison is worth to whoever comes after its module.
fn at_the_end(checks: &[Reached]) -> Standing {
    let outermost = checks.iter().filter(|check| check.function == FuncId(0));
    let best = outermost.map(|check| check.standing).max();
    best.unwrap_or(Standing::Perhaps)
}

/// What a comparison in a function does to whoever called the function.
fn leaving(program: &Rc<Program>, check: &Reached, label: &Label) -> Standing {
    let body = program.function(check.function).body;
    let Some(steps) = steps_to(program, body, program.span(check.at)) else {
        return Standing::Perhaps;
    };
    if is_swallowed(program, check, None) {
        return Standing::Nothing;
    }
    let fetched = steps_of_label(program, check, label);
    // Something that leaves the function before, and after the download.
    let Some(first) = steps.first() else {
        return Standing::Perhaps;
    };
    let from = fetched.iter().filter_map(|steps| steps.first());
    let from = from
        .map(|step| step.index)
        .filter(|index| *index <= first.index);
    let before = program
        .block(first.block)
        .get(from.max().unwrap_or(0)..first.index);
    if before
        .unwrap_or_default()
        .iter()
        .any(|statement| returns(program, statement))
    {
        return Standing::Perhaps;
    }
    lifted(&steps, 0, &fetched)
}

/// What a comparison is worth outside of blocks that it stands in, from one of them on.
fn lifted(steps: &[Step], from: usize, fetched: &[Vec<Step>]) -> Standing {
    let mut worth = Standing::Stops;
    for (number, step) in steps.iter().enumerate().skip(from + 1) {
        worth = worth.min(match step.way {
            Way::Straight => Standing::Stops,
            // What is only downloaded there is always compared there.
            Way::Branch => {
                let beside = fetched.iter().any(|fetched| {
                    fetched
                        .get(number)
                        .is_some_and(|other| other.block == step.block)
                });
                if beside {
                    Standing::Stops
                } else {
                    Standing::Nothing
                }
            }
            Way::Caught => Standing::Nothing,
            Way::Handler => Standing::Perhaps,
        });
    }
    worth
}

/// Which of two places of one function comes first, and what is between them.
fn compared(program: &Rc<Program>, check: &Reached, used: &Reached, label: &Label) -> Standing {
    let body = program.function(check.function).body;
    let (Some(one), Some(other)) = (
        steps_to(program, body, program.span(check.at)),
        steps_to(program, body, program.span(used.at)),
    ) else {
        return Standing::Perhaps;
    };
    let parts = one.iter().zip(&other);
    let shared =
        parts.take_while(|(one, other)| one.block == other.block && one.index == other.index);
    let shared = shared.count();
    if let (None, Some(branch)) = (one.get(shared), other.get(shared)) {
        return in_a_branch(program, check, one.last(), branch.block);
    }
    let (Some(step), Some(beside)) = (one.get(shared), other.get(shared)) else {
        return in_one_statement(program, check, used);
    };
    if step.block != beside.block {
        // In two branches of one choice.
        return Standing::Nothing;
    }
    if is_swallowed(program, check, Some(used)) {
        return Standing::Nothing;
    }
    if step.index > beside.index {
        return if used.later {
            Standing::Perhaps
        } else {
            Standing::Nothing
        };
    }
    let worth = lifted(&one, shared, &steps_of_label(program, check, label));
    let statement = program.block(step.block).get(step.index);
    if check.later && !statement.is_some_and(|statement| is_awaited(program, statement)) {
        // It is made some time after the statement.
        return worth.min(Standing::Perhaps);
    }
    worth
}

/// Two places in one statement: what is handed to `then` comes after what it is called on.
fn in_one_statement(program: &Rc<Program>, check: &Reached, used: &Reached) -> Standing {
    let check_at = program.span(check.at);
    let Expr::Call { callee, args, .. } = program.expr(used.at) else {
        return Standing::Perhaps;
    };
    if let Expr::Member(before, _) = program.expr(callee)
        && holds(program.span(before), check_at)
    {
        return if is_swallowed(program, check, Some(used)) {
            Standing::Nothing
        } else {
            Standing::Stops
        };
    }
    // `run(checked(bytes))`.
    let given = program.list(args).iter();
    if !check.later && given.clone().any(|arg| holds(program.span(*arg), check_at)) {
        return Standing::Stops;
    }
    if used.later {
        return Standing::Perhaps;
    }
    Standing::Nothing
}

/// `if (good) run()`: what is run stands in a branch of the choice that the comparison makes.
fn in_a_branch(
    program: &Program,
    check: &Reached,
    choice: Option<&Step>,
    branch: Block,
) -> Standing {
    let statement = choice.and_then(|step| program.block(step.block).get(step.index));
    let Some(Stmt::Compound(id)) = statement else {
        return Standing::Perhaps;
    };
    let Compound::If(_, then, _) = program.compound(*id) else {
        return Standing::Perhaps;
    };
    match check.then_fails {
        Some(then_fails) if then_fails == (branch == *then) => Standing::Nothing,
        Some(_) => check.standing,
        None => Standing::Perhaps,
    }
}

/// Whether a promise that the comparison refuses is caught by something that goes on, and what is
/// run does not stand within what is caught.
fn is_swallowed(program: &Rc<Program>, check: &Reached, used: Option<&Reached>) -> bool {
    let at = program.span(check.at);
    let used = used.map(|used| program.span(used.at));
    let mut calls = program.calls.iter();
    calls.any(|(call, function)| {
        if *function != check.function {
            return false;
        }
        let Expr::Call { callee, args, .. } = program.expr(*call) else {
            return false;
        };
        let Expr::Member(promise, name) = program.expr(callee) else {
            return false;
        };
        let promise = program.span(promise);
        program.name(name) == "catch"
            && holds(promise, at)
            && !used.is_some_and(|used| holds(promise, used))
            && !program.list(args).first().is_some_and(|handler| {
                matches!(program.expr(*handler), Expr::Function(handler)
                    if leaves(program, program.block(program.function(handler).body)))
            })
    })
}

/// The steps to what is known of the way of a download that leads through a function.
fn steps_of_label(program: &Rc<Program>, check: &Reached, label: &Label) -> Vec<Vec<Step>> {
    let body = program.function(check.function).body;
    let mut found = Vec::new();
    let mut at: Option<&Rc<Trail>> = Some(&label.trail);
    while let Some(trail) = at {
        if trail.file == check.file {
            found.extend(steps_to(program, body, trail.span));
        }
        at = trail.before.as_ref();
    }
    found
}

/// The statements that lead to a place, outermost first.
fn steps_to(program: &Program, body: Block, place: Span) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    found_in(program, body, Way::Straight, place, &mut steps).then_some(steps)
}

fn found_in(program: &Program, block: Block, way: Way, place: Span, steps: &mut Vec<Step>) -> bool {
    for (index, statement) in program.block(block).iter().enumerate() {
        steps.push(Step { block, index, way });
        let of = |expr: &ExprId| has(program, *expr, place);
        let found = match statement {
            Stmt::Expr(expr) | Stmt::Return(Some(expr)) | Stmt::Throw(expr) => of(expr),
            Stmt::Return(None) | Stmt::Break | Stmt::Continue => false,
            Stmt::Compound(id) => match program.compound(*id) {
                Compound::If(test, then, other) => {
                    of(test)
                        || [then, other]
                            .into_iter()
                            .any(|branch| found_in(program, *branch, Way::Branch, place, steps))
                }
                Compound::Loop(round) => {
                    found_in(program, round.init, Way::Straight, place, steps)
                        || round.test.as_ref().is_some_and(of)
                        || round.update.as_ref().is_some_and(of)
                        || found_in(program, round.body, Way::Branch, place, steps)
                }
                Compound::Each { over, body, .. } => {
                    of(over) || found_in(program, *body, Way::Branch, place, steps)
                }
                Compound::Block(body) => found_in(program, *body, Way::Straight, place, steps),
                Compound::Try(body, handler, last) => {
                    let goes_on = handler.is_some_and(|handler| !ends(program, handler));
                    let way = if goes_on { Way::Caught } else { Way::Straight };
                    found_in(program, *body, way, place, steps)
                        || handler.is_some_and(|handler| {
                            found_in(program, handler, Way::Handler, place, steps)
                        })
                        || found_in(program, *last, Way::Straight, place, steps)
                }
                Compound::Switch(on, cases) => {
                    of(on)
                        || cases.iter().any(|(test, body)| {
                            test.as_ref().is_some_and(of)
                                || found_in(program, *body, Way::Branch, place, steps)
                        })
                }
            },
        };
        if found {
            return true;
        }
        steps.pop();
    }
    false
}

/// Whether a place stands in an expression of a statement.
fn has(program: &Program, expr: ExprId, place: Span) -> bool {
    let within = holds(program.span(expr), place);
    within
        || matches!(program.expr(expr), Expr::Assign(_, value) if holds(program.span(value), place))
}

const fn holds(around: Span, place: Span) -> bool {
    around.start <= place.start && place.end <= around.end
}

/// Whether a statement waits for what it begins.
fn is_awaited(program: &Program, statement: &Stmt) -> bool {
    let (Stmt::Expr(expr) | Stmt::Return(Some(expr))) = statement else {
        return false;
    };
    let inner = match program.expr(*expr) {
        Expr::Assign(_, value) => program.expr(value),
        other => other,
    };
    matches!(inner, Expr::Await(_)) || matches!(statement, Stmt::Return(_))
}

/// Whether a statement may leave its function without an error.
fn returns(program: &Program, statement: &Stmt) -> bool {
    let in_block = |block: &Block| {
        let mut statements = program.block(*block).iter();
        statements.any(|statement| returns(program, statement))
    };
    match statement {
        Stmt::Return(_) => !leaves(program, std::slice::from_ref(statement)),
        Stmt::Compound(id) => match program.compound(*id) {
            Compound::If(_, then, other) => in_block(then) || in_block(other),
            Compound::Loop(round) => in_block(&round.body),
            Compound::Each { body, .. } | Compound::Block(body) => in_block(body),
            Compound::Try(body, handler, last) => {
                in_block(body) || handler.as_ref().is_some_and(in_block) || in_block(last)
            }
            Compound::Switch(_, cases) => cases.iter().any(|(_, body)| in_block(body)),
        },
        Stmt::Expr(_) | Stmt::Throw(_) | Stmt::Break | Stmt::Continue => false,
    }
}

#[cfg(test)]
mod tests;
