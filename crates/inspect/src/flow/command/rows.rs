//! Programs that are started by a table, row by row: `for name, words in TABLE: run([name, *words])`,
//! `TABLE.forEach(([name, words]) => run(name, words))`, and either by way of a function.

use super::Labels;
use super::start::{quoted, word_text};
use crate::flow::{Analysis, Context, Site};
use crate::ir::{Binary, Compound, Const, Expr, ExprId, FuncId, Program, SymbolId};
use crate::pure::{FileId, Frame, HOLE_START, Value};
use customs_model::Zone;
use std::rc::Rc;

/// Rows that are looked at.
const ROWS: usize = 16;
/// Parts of arguments within each other.
const LEVELS: u8 = 4;
/// Functions that hand a row on to each other.
const CALLERS: u8 = 3;

/// What arguments are made of in turn.
enum Turn {
    /// A loop: what it gives to its body, and over what it goes.
    Round(ExprId, ExprId),
    /// A comprehension: its variables, each with the way from an element to its value, and over
    /// what it goes.
    Comprehension(Vec<(SymbolId, Vec<usize>)>, ExprId),
    /// A counter, and the list to whose elements it leads.
    Counter(SymbolId, ExprId),
    /// A function that gets the elements of a list one by one.
    Callback(FuncId),
    /// What a caller gives.
    Caller,
}

impl Analysis<'_> {
    /// Starts what each row of a table says, where the arguments of a call are those of the rows
    /// of a loop around it. Gives whether that is all that the call starts: not where a row is not
    /// known.
    #[allow(clippy::too_many_arguments, reason = "the parts of a call")]
    pub(super) fn started_by_rows(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        args: &[ExprId],
        labels: &Labels,
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) -> bool {
        let Some(first) = args.first().copied() else {
            return false;
        };
        let (lines, are_all) = self.lines_by_rows(program, site.file, args, context);
        for line in lines {
            let labels = Rc::clone(labels);
            self.started(program, site, path, first, Some(line), labels, zone);
        }
        are_all
    }

    /// The command lines that the rows of a table make of arguments, in their order, as far as they
    /// are known, and whether these are all: not where a row is not known, or there is no table.
    pub(super) fn lines_by_rows(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> (Vec<String>, bool) {
        let rows = self.rows_of(program, file, args, context, 0);
        let rows = rows.unwrap_or_default();
        let are_all = !rows.is_empty() && rows.iter().all(|row| is_whole(row));
        (lines_of(rows.iter().map(Vec::as_slice)), are_all)
    }

    /// What expressions are in each turn of what they are made of.
    fn rows_of(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
        level: u8,
    ) -> Option<Vec<Vec<Value>>> {
        if level > CALLERS {
            return None;
        }
        let turn = args
            .iter()
            .find_map(|arg| turn_of(program, *arg, context, 0))?;
        let frames: Vec<Rc<Frame>> = match turn {
            Turn::Round(target, over) => {
                let machine = &mut self.machine;
                return Some(machine.rows(program, file, target, over, args, ROWS));
            }
            Turn::Comprehension(symbols, over) => {
                let owner = symbols
                    .first()
                    .map(|(symbol, _)| program.symbol(*symbol).function)?;
                let elements = elements(&self.machine.fold(file, over))?;
                let frame = |element: Value| {
                    let frame = frame_of(file, FuncId(owner), None);
                    for (symbol, way) in &symbols {
                        let value = part(&element, way);
                        frame.variables.borrow_mut().insert(symbol.0, value);
                    }
                    Rc::new(frame)
                };
                elements.into_iter().map(frame).collect()
            }
            Turn::Counter(counter, list) => {
                let owner = FuncId(program.symbol(counter).function);
                let count = elements(&self.machine.fold(file, list))?.len();
                let frame = |number: usize| {
                    let mut frame = frame_of(file, owner, None);
                    frame.lazy = true;
                    let number = Value::Number(number as f64);
                    frame.variables.borrow_mut().insert(counter.0, number);
                    Rc::new(frame)
                };
                (0..count).map(frame).collect()
            }
            Turn::Callback(function) => {
                let list = self.handed_to(file, function)?;
                let elements = elements(&self.machine.fold(list.0, list.1))?;
                let frame = |(number, element): (usize, Value)| {
                    let given = vec![element, Value::Number(number as f64)];
                    Rc::new(frame_of(file, function, Some(given)))
                };
                elements.into_iter().enumerate().map(frame).collect()
            }
            Turn::Caller => {
                let context = context?;
                let caller = self.program(context.caller_file)?;
                let given = self.rows_of(
                    &caller,
                    context.caller_file,
                    &context.args,
                    context.caller.as_ref(),
                    level + 1,
                )?;
                let frame = |given| Rc::new(frame_of(file, context.function, Some(given)));
                given.into_iter().map(frame).collect()
            }
        };
        let row = |frame: &Rc<Frame>, machine: &mut crate::pure::Machine<'_>| {
            let values = args.iter();
            values
                .map(|arg| machine.fold_in(file, *arg, frame))
                .collect()
        };
        let frames = frames.iter().take(ROWS);
        Some(frames.map(|frame| row(frame, &mut self.machine)).collect())
    }

    /// The list of which a function gets the elements: `list.forEach(function)`.
    fn handed_to(&self, file: FileId, function: FuncId) -> Option<(FileId, ExprId)> {
        let sites = self.passed.get(&(file, function))?;
        let [site] = sites[..] else {
            return None;
        };
        let caller = self.program(site.file)?;
        let Expr::Call { callee, args, .. } = caller.expr(site.expr) else {
            return None;
        };
        let Expr::Member(list, method) = caller.expr(callee) else {
            return None;
        };
        let goes_through = matches!(
            caller.name(method),
            "forEach" | "map" | "flatMap" | "filter" | "some" | "every" | "find"
        );
        let is_first = match caller.expr(*caller.list(args).first()?) {
            Expr::Function(of) => of == function,
            Expr::Name(..) | Expr::Member(..) => true,
            _ => false,
        };
        (goes_through && is_first).then_some((site.file, list))
    }
}

/// Different command lines of which all is known.
pub(super) fn lines_of<'v>(rows: impl Iterator<Item = &'v [Value]>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for row in rows {
        let line = line_of(row);
        if is_known(&line) && !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines
}

/// Whether all that a row says is known.
fn is_whole(row: &[Value]) -> bool {
    let is_left_out = |value: &Value| matches!(value, Value::Unknown | Value::Native(_));
    is_known(&line_of(row)) && !row.iter().any(is_left_out)
}

fn is_known(line: &str) -> bool {
    !line.is_empty() && !line.contains(HOLE_START)
}

/// The command line that arguments make: a text by itself is one already, or a program without
/// words.
fn line_of(arguments: &[Value]) -> String {
    if let [Value::Text(line)] | [Value::Text(line), Value::Object(_) | Value::Function(_)] =
        arguments
    {
        return line.to_string();
    }
    let mut words = Vec::new();
    for value in arguments {
        match value {
            Value::Array(items) => words.extend(items.borrow().iter().map(word_text)),
            Value::Text(_) | Value::Bytes(_) => words.push(word_text(value)),
            _ => {}
        }
    }
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

fn frame_of(file: FileId, function: FuncId, arguments: Option<Vec<Value>>) -> Frame {
    Frame {
        file,
        function,
        parent: None,
        variables: Default::default(),
        lazy: arguments.is_some(),
        arguments,
        this: Value::Unknown,
    }
}

/// The rows of a table.
fn elements(table: &Value) -> Option<Vec<Value>> {
    match table {
        Value::Array(items) => Some(items.borrow().iter().take(ROWS).cloned().collect()),
        _ => None,
    }
}

/// A part of a row.
fn part(row: &Value, way: &[usize]) -> Value {
    way.iter().fold(row.clone(), |value, position| match value {
        Value::Array(items) => {
            let items = items.borrow();
            items.get(*position).cloned().unwrap_or(Value::Unknown)
        }
        _ => Value::Unknown,
    })
}

/// What an expression is made of in turn.
fn turn_of(
    program: &Program,
    expr: ExprId,
    context: Option<&Rc<Context>>,
    level: u8,
) -> Option<Turn> {
    if level > LEVELS {
        return None;
    }
    let inner = |expr| turn_of(program, expr, context, level + 1);
    match program.expr(expr) {
        Expr::Name(atom, scope) => {
            let symbol = program.resolve(atom, scope)?;
            let values = program.symbol(symbol).values.iter();
            values
                .take(2)
                .find_map(|value| match made_of(program, *value) {
                    Some((Expr::Element(over), _)) => turn_over(program, symbol, over),
                    Some(_) => inner(*value),
                    None if matches!(
                        program.expr(*value),
                        Expr::Index(..) | Expr::Binary(..) | Expr::Array(_)
                    ) =>
                    {
                        inner(*value)
                    }
                    None => None,
                })
        }
        Expr::Param(function, _) if context.is_some_and(|context| context.function == function) => {
            Some(Turn::Caller)
        }
        Expr::Param(function, 0) => Some(Turn::Callback(function)),
        Expr::Array(items) => program.list(items).iter().find_map(|item| inner(*item)),
        Expr::Concat(parts) => program.list(parts).iter().find_map(|part| inner(*part)),
        Expr::Index(of, key) => {
            let counter = counter(program, key).map(|counter| Turn::Counter(counter, of));
            counter.or_else(|| inner(of))
        }
        Expr::Spread(of) | Expr::Member(of, _) => inner(of),
        // `["git", "-C", folder] + words`.
        Expr::Binary(Binary::Add, left, right) => inner(left).or_else(|| inner(right)),
        Expr::Call { callee, .. } => inner(callee),
        _ => None,
    }
}

/// The variable of a key that is counted up or down.
fn counter(program: &Program, key: ExprId) -> Option<SymbolId> {
    let Expr::Name(atom, scope) = program.expr(key) else {
        return None;
    };
    let symbol = program.resolve(atom, scope)?;
    let mut values = program.symbol(symbol).values.iter();
    let counts = values.any(|value| matches!(program.expr(*value), Expr::Update { .. }));
    counts.then_some(symbol)
}

/// What a value is taken from, and the positions on the way there, the outermost first.
fn made_of(program: &Program, value: ExprId) -> Option<(Expr, Vec<usize>)> {
    let mut at = value;
    let mut way = Vec::new();
    for _ in 0..LEVELS {
        match program.expr(at) {
            found @ (Expr::Element(_) | Expr::Param(..)) => return Some((found, way)),
            // What a loop gives has a name of its own in JavaScript.
            Expr::Name(atom, scope) => {
                let symbol = program.resolve(atom, scope)?;
                let [only] = program.symbol(symbol).values[..] else {
                    return None;
                };
                at = only;
            }
            Expr::Index(object, key) => {
                let position = match program.expr(key) {
                    Expr::Const(constant) => match program.constant(constant) {
                        Const::Number(number) => *number as usize,
                        _ => usize::MAX,
                    },
                    _ => usize::MAX,
                };
                way.insert(0, position);
                at = object;
            }
            Expr::Member(object, _) => {
                way.insert(0, usize::MAX);
                at = object;
            }
            _ => return None,
        }
    }
    None
}

/// The loop or comprehension that goes over something.
fn turn_over(program: &Program, symbol: SymbolId, over: ExprId) -> Option<Turn> {
    let round = program
        .compounds
        .iter()
        .find_map(|compound| match compound {
            Compound::Each {
                target, over: of, ..
            } if *of == over => Some(Turn::Round(*target, *of)),
            _ => None,
        });
    round.or_else(|| {
        let owner = program.symbol(symbol).function;
        let symbols = program.symbols.iter().enumerate();
        let symbols: Vec<(SymbolId, Vec<usize>)> = symbols
            .filter(|(_, symbol)| symbol.function == owner)
            .filter_map(|(number, symbol)| {
                let [only] = symbol.values[..] else {
                    return None;
                };
                let (of, way) = made_of(program, only)?;
                (of == Expr::Element(over)).then_some((SymbolId(number as u32), way))
            })
            .collect();
        (!symbols.is_empty()).then_some(Turn::Comprehension(symbols, over))
    })
}

#[cfg(test)]
mod tests;
