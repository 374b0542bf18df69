//! What of a library, or which text, stands in a field: `this.http = axios.create()`, `self.s = Session()`.
//!
//! An object is not followed from where it is made to each of its methods. What is put into a
//! field stands in the class, and where all of it is one and the same thing of a library, or the one
//! text that is ever put there, each method finds that there.

use super::Machine;
use super::value::{FileId, HOLE, Value};
use crate::ir::{Accessor, Atom, Const, Expr, ExprId, Field, Program};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Values of one field that are looked at; where more are put into it nothing is known.
const VALUES: usize = 8;

/// Classes above each other of which a field is looked for.
const CLASSES: usize = 8;

/// What a file puts into the fields of its classes.
pub(super) type Fields = FxHashMap<Field, Vec<ExprId>>;

impl Machine<'_> {
    /// What of a library the own object has under a name, where it is read in a method.
    pub(super) fn held_by_own(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        object: ExprId,
        name: Atom,
    ) -> Option<Value> {
        let function = program.own_object(object)?;
        let class = program.class_around(function);
        self.held_in(program, file, (class, name))
            .or_else(|| self.got_in(program, file, class?, name))
    }

    /// What a getter of a class gives, whatever object of it is asked: a text, or a thing of a library.
    fn got_in(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        class: ExprId,
        name: Atom,
    ) -> Option<Value> {
        let getter = pair_value(program, class, program.name(name))?;
        match program.expr(getter) {
            Expr::Function(id) if program.function(id).accessor == Some(Accessor::Get) => {}
            _ => return None,
        }
        let getter = self.eval(program, file, getter, None);
        let language = program.language;
        let value = self.invoke(&getter, Value::Unknown, Vec::new(), false, language);
        matches!(value, Value::Native(_) | Value::Text(_)).then_some(value)
    }

    /// The same of an object of one of classes that stand above each other.
    pub(super) fn held_by_one(
        &mut self,
        classes: &[(FileId, ExprId)],
        name: &str,
    ) -> Option<Value> {
        classes.iter().take(CLASSES).find_map(|(file, class)| {
            let program = self.surroundings.program(*file)?;
            let name = program.atom(name)?;
            self.held_in(&program, *file, (Some(*class), name))
        })
    }

    fn held_in(&mut self, program: &Rc<Program>, file: FileId, field: Field) -> Option<Value> {
        let fields = self.fields_of(program, file);
        let values = fields.get(&field)?;
        if values.len() > VALUES {
            return None;
        }
        if let Some(known) = self.held.get(&(file, field)).cloned()
            && self.usable(known.doubtful)
        {
            return known.what;
        }
        let number = self.holding.get(&(file, field)).copied();
        if self.circle.cut_at(number) {
            return None;
        }
        let open = self.circle.open();
        self.holding.insert((file, field), open.number());
        let mut found: Option<Value> = None;
        let mut is_one = true;
        for value in values {
            if is_nothing(program, *value) {
                continue;
            }
            match (self.eval(program, file, *value, None), &found) {
                (value @ Value::Native(_), None) => found = Some(value),
                // A text of several is none of them.
                (Value::Text(text), None) if &*text != HOLE && is_made_here(program, *value) => {
                    found = Some(Value::Text(text));
                }
                (Value::Native(other), Some(Value::Native(first))) => {
                    is_one &= other.path == first.path;
                }
                _ => is_one = false,
            }
            if !is_one {
                break;
            }
        }
        self.holding.remove(&(file, field));
        let closed = self.circle.close(open, false);
        let found = found.filter(|_| is_one);
        if closed.whole || found.is_some() || !is_one {
            let kept = self.kept(found.clone(), closed.short);
            self.held.insert((file, field), kept);
        }
        found
    }

    fn fields_of(&mut self, program: &Program, file: FileId) -> Rc<Fields> {
        if let Some(known) = self.fields.get(&file) {
            return Rc::clone(known);
        }
        let mut fields = Fields::default();
        for store in &program.stores {
            if let Some(field) = program.own_field(store) {
                fields.entry(field).or_default().push(store.value);
            }
        }
        for (field, value) in program.made_fields() {
            fields.entry(field).or_default().push(value);
        }
        let fields = Rc::new(fields);
        self.fields.insert(file, Rc::clone(&fields));
        fields
    }
}

/// What stands under a name in a class.
fn pair_value(program: &Program, class: ExprId, name: &str) -> Option<ExprId> {
    let Expr::Class(entries) = program.expr(class) else {
        return None;
    };
    let mut pairs = program.list(entries).chunks_exact(2);
    pairs
        .find(|pair| program.text(pair[0]) == Some(name))
        .map(|pair| pair[1])
}

/// Whether a value is made where it is put into a field, and not chosen among several or handed in.
fn is_made_here(program: &Program, value: ExprId) -> bool {
    !matches!(
        program.expr(value),
        Expr::Logic(..) | Expr::Cond(..) | Expr::Name(..) | Expr::Param(..) | Expr::Sequence(_)
    )
}

/// Whether a field is only made empty: what it is before something is put into it, and after.
fn is_nothing(program: &Program, value: ExprId) -> bool {
    match program.expr(value) {
        Expr::Const(constant) => matches!(
            program.constant(constant),
            Const::Null | Const::Undefined | Const::Bool(false)
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
