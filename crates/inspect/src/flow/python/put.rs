//! Functions that code puts on a class or into another module: `C.run = f`, `module.hook = f`.
//!
//! Of a class that is handed over they are among its methods. Else they wait until code that
//! runs reads them there.

use super::super::index::symbol_of;
use super::super::kept::{How, Kept};
use super::super::reach::Queue;
use super::super::{Analysis, Index, Site};
use super::Class;
use crate::ir::{Expr, ExprId, FuncId, Language, Program, ScopeId};
use crate::pure::{FileId, Value};
use customs_model::Zone;
use std::rc::Rc;

/// Functions on one class that are told apart.
const MOST: usize = 64;

impl Analysis<'_> {
    /// Notes what a function that is entered puts on classes and into modules.
    pub(in crate::flow) fn put_on(
        &mut self,
        program: &Rc<Program>,
        index: &Index,
        file: FileId,
        function: FuncId,
        zone: Zone,
        queue: &mut Queue,
    ) {
        if program.language != Language::Python {
            return;
        }
        let stores = index.stored.get(&function);
        for store in stores.unwrap_or_default() {
            let Some(key) = store.key else {
                continue;
            };
            // What stands in a field of the object itself is told by its class.
            if matches!(program.expr(store.value), Expr::Const(_)) || is_self(program, store.object)
            {
                continue;
            }
            match self.machine.fold(file, store.value) {
                Value::Function(closure) => {
                    // `module.table["a"] = f`: what reads the table may call it.
                    if let Expr::Member(inner, table) = program.expr(store.object)
                        && let Value::Object(inner) = self.machine.fold(file, inner)
                        && let Some(module) = inner.module
                    {
                        let kept = Kept {
                            file: closure.file,
                            function: closure.function,
                            zone,
                            how: How::Module(module),
                        };
                        self.keep(program.shared_name(table), kept);
                        continue;
                    }
                    let on = match self.machine.fold(file, store.object) {
                        Value::Unknown => self.class_given(program, file, store.object),
                        value => value,
                    };
                    let how = match on {
                        Value::Object(object) => match (object.module, object.class) {
                            (Some(module), _) => How::Module(module),
                            (None, Some(class)) => How::Class(class.0, class.1),
                            (None, None) => continue,
                        },
                        _ => continue,
                    };
                    let name = program.shared_name(key);
                    if let How::Class(of, class) = how {
                        let on = self.python.on_classes.entry((of, class)).or_default();
                        let one = (Rc::clone(&name), closure.file, closure.function);
                        if on.len() < MOST && !on.contains(&one) {
                            on.push(one);
                        }
                    }
                    let kept = Kept {
                        file: closure.file,
                        function: closure.function,
                        zone,
                        how,
                    };
                    self.keep(name, kept);
                }
                // `distutils.command.build.build = Own`: the library makes it.
                Value::Object(class) if class.is_class => {
                    if let Value::Native(_) = self.machine.fold(file, store.object)
                        && let Some(class) = class.class
                        && self.is_command(class)
                    {
                        self.class(class, zone, None, queue);
                    }
                }
                _ => {}
            }
        }
    }

    /// The class that a function is called with, where it puts something onto what it is given:
    /// a decorator of classes.
    fn class_given(&mut self, program: &Program, file: FileId, object: ExprId) -> Value {
        let Some(symbol) = symbol_of(program, object) else {
            return Value::Unknown;
        };
        let [only] = program.symbol(symbol).values[..] else {
            return Value::Unknown;
        };
        let Expr::Param(function, position) = program.expr(only) else {
            return Value::Unknown;
        };
        let callers = self.callers.get(&(file, function)).cloned();
        for site in callers.unwrap_or_default().into_iter().take(4) {
            let Some(caller) = self.program(site.file) else {
                continue;
            };
            let Expr::Call { args, .. } = caller.expr(site.expr) else {
                continue;
            };
            if let Some(arg) = caller.list(args).get(usize::from(position)).copied()
                && let value @ Value::Object(_) = self.machine.fold(site.file, arg)
            {
                return value;
            }
        }
        Value::Unknown
    }

    /// Whether a place reads the name of a module.
    pub(in crate::flow) fn reads_of_module(
        &mut self,
        program: &Program,
        file: FileId,
        place: ExprId,
        module: FileId,
    ) -> bool {
        match program.expr(place) {
            Expr::Name(name, scope) => {
                file == module
                    && program.resolve(name, scope).is_some_and(|symbol| {
                        program.declared.get(&(ScopeId(0), name)) == Some(&symbol)
                    })
            }
            Expr::Member(object, _) => match self.machine.fold(file, object) {
                Value::Object(object) => object.module == Some(module),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a place reads something of an object of a class, or of the class itself.
    pub(in crate::flow) fn reads_of_class(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        place: ExprId,
        function: FuncId,
        class: Class,
        zone: Zone,
    ) -> bool {
        let Expr::Member(object, _) = program.expr(place) else {
            return false;
        };
        let own = match self.machine.fold(file, object) {
            Value::Object(object) => object.class.into_iter().collect::<Vec<Class>>(),
            Value::Unknown => {
                let site = Site {
                    file,
                    expr: place,
                    function,
                };
                self.classes_handed(program, site, object, zone)
            }
            _ => Vec::new(),
        };
        own.into_iter()
            .any(|own| self.classes_above(own).contains(&class))
    }

    /// Whether a place reads a method of an object that callers hand in.
    pub(in crate::flow) fn reads_of_handed(
        &mut self,
        program: &Rc<Program>,
        file: FileId,
        place: ExprId,
        function: FuncId,
        kept: Kept,
        zone: Zone,
    ) -> bool {
        if program.language != Language::Python {
            return false;
        }
        let class = self.program(kept.file);
        let class = class.and_then(|program| program.function(kept.function).class);
        class.is_some_and(|class| {
            self.reads_of_class(program, file, place, function, (kept.file, class), zone)
        })
    }

    /// The functions that are put on a class.
    pub(in crate::flow) fn on_class(&self, class: Class) -> Vec<(Rc<str>, FileId, FuncId)> {
        let on = self.python.on_classes.get(&class);
        on.cloned().unwrap_or_default()
    }
}

/// Whether it is `self`, or something of it.
fn is_self(program: &Program, object: ExprId) -> bool {
    if matches!(program.expr(object), Expr::This(_)) {
        return true;
    }
    symbol_of(program, object).is_some_and(|symbol| {
        matches!(program.symbol(symbol).values[..], [only]
            if matches!(program.expr(only), Expr::This(_)))
    })
}
