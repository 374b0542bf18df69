//! The ways of getting to a function, one by one.

use crate::flow::{Analysis, Context, Contexts, Site, Way};
use crate::ir::{Expr, ExprId, FuncId};
use crate::pure::{FileId, Frame, Value};
use smallvec::SmallVec;
use std::rc::Rc;

impl Analysis<'_> {
    /// The ways of getting to a function.
    pub(in crate::flow) fn contexts(
        &mut self,
        file: FileId,
        function: FuncId,
        level: u8,
    ) -> Contexts {
        if function == FuncId(0) || level > LEVELS {
            return Rc::new([None]);
        }
        if let Some(known) = self.contexts.get(&(file, function)) {
            return Rc::clone(known);
        }
        // Recursion ends here.
        self.contexts.insert((file, function), Rc::new([None]));
        let mut out: Vec<Option<Rc<Context>>> = Vec::new();
        for (site, with) in self.first_callers(file, function) {
            let args = self.called_with(site, with);
            for caller in self.contexts(site.file, site.function, level + 1).iter() {
                if out.len() < CONTEXTS {
                    out.push(self.context(
                        file,
                        function,
                        Rc::clone(&args),
                        site.file,
                        site.function,
                        caller.clone(),
                    ));
                }
            }
        }
        let out = if out.is_empty() {
            // A callback sees what the function around it was called with.
            let parent = self.program(file).and_then(|p| p.function(function).parent);
            match parent {
                Some(parent) => self.contexts(file, parent, level),
                None => Rc::new([None]),
            }
        } else {
            out.into()
        };
        self.contexts.insert((file, function), Rc::clone(&out));
        out
    }

    /// The calls of a function that are looked at, with what it is called with where they are no
    /// plain calls.
    fn first_callers(&mut self, file: FileId, function: FuncId) -> Callers {
        let sites = self.callers.get(&(file, function));
        let sites = sites.map(Vec::as_slice).unwrap_or_default();
        let sites: SmallVec<[Site; CONTEXTS]> = sites.iter().take(CONTEXTS).copied().collect();
        let mut found = Callers::new();
        for site in sites {
            let Some(program) = self.program(site.file) else {
                continue;
            };
            if matches!(program.expr(site.expr), Expr::Call { .. }) {
                found.push((site, None));
            }
        }
        // `Thread(target=f, args=(a,))`: what of the library calls it, and with what.
        let passed = self.passed.get(&(file, function));
        let passed = passed.map(Vec::as_slice).unwrap_or_default();
        let passed: SmallVec<[Site; CONTEXTS]> = passed.iter().take(CONTEXTS).copied().collect();
        for site in passed {
            if found.len() < CONTEXTS
                && let Some(args) = self.called_in_place(site, (file, function))
            {
                found.push((site, Some(args.into())));
            }
        }
        found
    }

    /// What one of these calls gives. Most often only the first one is asked about.
    fn called_with(&self, site: Site, with: Option<Rc<[ExprId]>>) -> Rc<[ExprId]> {
        with.unwrap_or_else(|| match self.program(site.file) {
            Some(program) => self.arguments(&program, site).into(),
            None => Rc::from([]),
        })
    }

    /// The first of the ways of getting to a function, without the others: for calls of which
    /// nobody knows yet whether they are sinks.
    pub(in crate::flow) fn first_context(
        &mut self,
        file: FileId,
        function: FuncId,
    ) -> Option<Rc<Context>> {
        // Calls of one function ask one after the other. More may be known once all ways to
        // something were.
        let asked = (file, function, self.contexts.len());
        if let Some((known, context)) = &self.first
            && *known == asked
        {
            return context.clone();
        }
        let found = self.first_of(file, function, 0, &mut SmallVec::new());
        self.first = Some((asked, found.clone()));
        found
    }

    fn first_of(
        &mut self,
        file: FileId,
        function: FuncId,
        level: u8,
        open: &mut SmallVec<[(FileId, FuncId); 8]>,
    ) -> Option<Rc<Context>> {
        if function == FuncId(0) || level > LEVELS || open.contains(&(file, function)) {
            return None;
        }
        if let Some(known) = self.contexts.get(&(file, function)) {
            return known.iter().flatten().next().cloned();
        }
        open.push((file, function));
        let sites = self.first_callers(file, function);
        let mut found = None;
        let mut is_called = false;
        for (site, with) in sites {
            is_called = true;
            let args = self.called_with(site, with);
            let caller = self.first_of(site.file, site.function, level + 1, open);
            found = self.context(file, function, args, site.file, site.function, caller);
            if found.is_some() {
                break;
            }
        }
        if !is_called {
            // A callback sees what the function around it was called with.
            let parent = self.program(file).and_then(|p| p.function(function).parent);
            found = parent.and_then(|parent| self.first_of(file, parent, level, open));
        }
        open.pop();
        found
    }

    pub(in crate::flow) fn context(
        &mut self,
        file: FileId,
        function: FuncId,
        args: Rc<[ExprId]>,
        caller_file: FileId,
        caller_function: FuncId,
        caller: Option<Rc<Context>>,
    ) -> Option<Rc<Context>> {
        let way = Way {
            file,
            function,
            args,
            caller_file,
            caller_function,
            caller: caller.as_ref().map(|caller| caller.id),
        };
        if let Some(known) = self.ways.get(&way) {
            return Some(Rc::clone(known));
        }
        let depth = {
            let mut depth = 0;
            let mut at = caller.as_ref();
            while let Some(context) = at {
                depth += 1;
                at = context.caller.as_ref();
            }
            depth
        };
        if depth > 6 {
            return None;
        }
        let count = self
            .program(file)?
            .function(function)
            .params
            .max(way.args.len() as u16);
        let mut values = Vec::new();
        for position in 0..count.min(12) {
            let arg = self.argument(caller_file, &way.args, file, function, position);
            values.push(match arg {
                Some(arg) => self.glance(caller_file, arg, caller.as_ref()),
                None => Value::Undefined,
            });
        }
        let frame = Rc::new(Frame {
            file,
            function,
            parent: caller.as_ref().map(|c| Rc::clone(&c.frame)),
            variables: Default::default(),
            arguments: Some(values),
            this: Value::Unknown,
            lazy: true,
        });
        let context = Rc::new(Context {
            id: self.ways.len() as u32,
            file,
            function,
            args: Rc::clone(&way.args),
            caller_file,
            caller_function,
            caller,
            frame,
        });
        self.ways.insert(way, Rc::clone(&context));
        Some(context)
    }
}

/// Calls of a function, with the arguments of those that are no plain ones.
type Callers = SmallVec<[(Site, Option<Rc<[ExprId]>>); CONTEXTS]>;

/// Ways of getting to a function that are looked at one by one.
pub(super) const CONTEXTS: usize = 12;

/// Levels of callers in such a way.
pub(super) const LEVELS: u8 = 3;
