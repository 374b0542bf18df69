//! From where to where data goes, when.
//!
//! First [`reach`]: which functions run in which zone, and who calls whom. Then, for each
//! call that is a sink, [`label`] asks backwards where its arguments come from: through
//! variables, properties, functions, callbacks, promises and files. What is found is a
//! [`Flow`] with every hop.

mod around;
mod asked;
mod binary;
mod budget;
mod builders;
mod by_function;
mod callee;
mod cells;
mod child;
mod chosen;
mod command;
mod decorator;
mod dropped;
mod element;
mod fellows;
mod filled;
mod given;
mod glances;
mod handler;
mod index;
mod intercept;
mod keeper;
mod kept;
mod label;
mod loader;
mod loads;
mod marks;
mod object;
#[cfg(test)]
mod pair_tests;
mod patch;
mod path;
mod possible;
mod process;
mod python;
mod reach;
mod roles;
mod settled;
mod sink;
#[cfg(test)]
mod stands_tests;
#[cfg(test)]
mod start_tests;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod turns;

use crate::evidence;
use crate::ir::{ExprId, FuncId, Program, Span, SymbolId};
use crate::limit::evaluating;
use crate::package::Package;
use crate::pure::{FileId, Frame, Machine, Surroundings};
use crate::text;
use budget::Budgets;
use cells::Cells;
use customs_model::{
    Capability, Edge, Flow, Hop, Mark, Place, Sign, SignKind, SinkKind, SourceKind, Target,
    UnreadPart, Zone,
};
use index::Index;
use kept::Kept;
use label::{Asking, Imports, Label, Labels, Memo, Trail};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Flows of a package that are told.
const FLOWS: usize = 200;

/// What the analysis of a package gives.
#[derive(Debug, Default)]
pub struct Found {
    /// From where to where data goes.
    pub flows: Vec<Flow>,
    /// What code can do.
    pub capabilities: Vec<Capability>,
    /// Other facts.
    pub signs: Vec<Sign>,
    /// Files that something starts and that nobody reads here.
    pub unread: Vec<UnreadPart>,
    /// The command lines that a text starts.
    started: Vec<Vec<String>>,
    /// Files, by when the first of their code runs.
    pub zones: FxHashMap<FileId, Zone>,
    /// The budget was spent before everything was followed.
    pub exhausted: bool,
    /// The same, of what runs at install or at start.
    pub exhausted_hooks: bool,
    /// The strongest zone whose code was not followed to its end.
    pub unfollowed: Option<Zone>,
    /// Something of it happens without a call from outside.
    pub unasked: bool,
    /// What a text calls and does not declare.
    around: Vec<around::Around>,
}

/// Analyses a package.
pub fn analyse(package: &Package) -> Found {
    analyse_at(
        package,
        Outer {
            level: 0,
            called: false,
            zone: None,
            place: None,
            given: Vec::new(),
        },
    )
}

/// Where code stands that was a text.
#[derive(Debug, Clone)]
struct Outer {
    level: u8,
    /// What the text gives is called.
    called: bool,
    zone: Option<Zone>,
    place: Option<Place>,
    /// What stands in the command line behind the text: `node -e TEXT SECRET`.
    given: Vec<(SourceKind, Rc<str>)>,
}

fn analyse_at(package: &Package, outer: Outer) -> Found {
    let mut analysis = Analysis::new(package, outer);
    analysis.gives_what_a_module_has();
    analysis.reach();
    analysis.intercepts();
    analysis.sinks();
    analysis.patches();
    analysis.settle_cells();
    if analysis.outer.level > 0 {
        analysis.found.around = analysis.calls_around();
    }
    analysis.finish()
}

/// A call in the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Site {
    file: FileId,
    expr: ExprId,
    function: FuncId,
}

/// The arguments that a function is called with in one way of getting there.
#[derive(Debug)]
struct Context {
    /// Its number.
    id: u32,
    file: FileId,
    function: FuncId,
    args: Rc<[ExprId]>,
    caller_file: FileId,
    caller_function: FuncId,
    caller: Option<Rc<Context>>,
    /// The same for the machine.
    frame: Rc<Frame>,
}

/// What tells one way of getting to a function from another.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Way {
    file: FileId,
    function: FuncId,
    args: Rc<[ExprId]>,
    caller_file: FileId,
    caller_function: FuncId,
    caller: Option<u32>,
}

/// The ways of getting to a function; one of them may be that nobody calls it.
type Contexts = Rc<[Option<Rc<Context>>]>;

/// The first way to a function, and how many functions all ways were known of when it was asked
/// for.
type FirstWay = ((FileId, FuncId, usize), Option<Rc<Context>>);

struct Analysis<'p> {
    package: &'p Package,
    machine: Machine<'p>,
    budgets: Budgets,
    outer: Outer,
    zones: FxHashMap<(FileId, FuncId), Zone>,
    callees: marks::Callees,
    /// What names that are handed to calls are.
    handed_values: marks::Handed,
    /// Whether short texts stand in the package as they are, as far as asked.
    visible: FxHashMap<(FileId, Box<str>), bool>,
    /// What callees may mean besides.
    fellows: marks::AllFellows,
    /// Calls that may mean more when more is known.
    growing: given::Growing,
    /// What calls of functions of libraries do, as far as asked.
    roles: roles::Roles,
    glances: glances::Glances,
    /// What objects are given, as far as asked.
    objects: object::Objects,
    callers: FxHashMap<(FileId, FuncId), Vec<Site>>,
    /// Functions that hand a variable on to each other, now.
    filling: u32,
    /// What functions put into variables that they are handed.
    filled: FxHashMap<(FileId, SymbolId), Vec<filled::Filled>>,
    /// The one function that a call of the own object was found to enter, or none of several.
    entered: FxHashMap<(FileId, ExprId), Option<(FileId, FuncId)>>,
    /// Functions that are handed to a call.
    passed: FxHashMap<(FileId, FuncId), Vec<Site>>,
    indices: FxHashMap<FileId, Rc<Index>>,
    memo: Memo,
    /// What imported expressions stand for, as far as asked.
    imports: Imports,
    /// Questions that are open, numbered from the outermost.
    active: FxHashMap<(FileId, ExprId), u32>,
    asking: Asking,
    /// Ways of getting to functions, numbered.
    ways: FxHashMap<Way, Rc<Context>>,
    contexts: FxHashMap<(FileId, FuncId), Contexts>,
    /// The first way to the function that was asked about last.
    first: Option<FirstWay>,
    /// What was put into a variable's value through something else that was made from it.
    attached: FxHashMap<(FileId, SymbolId), Vec<Label>>,
    cells: Cells,
    /// What functions see that stand in for those of libraries.
    intercepted: intercept::Intercepted,
    /// A value that is one of several by turns is each of them, not the one that is left.
    turns: bool,
    /// The way on which values are asked for that may be several.
    within: Option<Rc<Context>>,
    /// Functions that keep what they get and do nothing else with it, as far as asked.
    stores_only: FxHashMap<(FileId, FuncId), bool>,
    /// Decorators that do not run what they decorate, as far as asked.
    wraps_only: FxHashMap<(FileId, FuncId), bool>,
    /// Classes of `setup.py` that are commands which only people ask for, as far as asked.
    asked: FxHashMap<FileId, Rc<[ExprId]>>,
    /// Under which names the parameters of functions are kept, where nothing else happens to
    /// them, as far as asked: by position, and whether they are counted or named.
    keepers: FxHashMap<(FileId, FuncId, u16, bool), Option<keeper::Names>>,
    /// How often it was asked what a function hands on with all that it gets.
    looked_at_rests: usize,
    /// Functions that do nothing with a parameter but make others around it, as far as asked.
    wrapping: FxHashMap<(FileId, FuncId, u16), bool>,
    /// Functions that call what is kept.
    wrappers: Vec<kept::Wrapper>,
    /// Functions that are kept for later, by the names that they are kept under.
    kept: BTreeMap<Rc<str>, Vec<Kept>>,
    news: kept::News,
    names: kept::Names,
    plans: FxHashMap<FileId, Rc<kept::Plan>>,
    /// What is remembered of Python's own ways.
    python: python::Remembered,
    /// What is left of [`evaluating::LOOKS`] for the question that is open.
    looks: u32,
    /// The same for the constant that is looked for.
    traced: u32,
    /// Lines of files, as far as places in them were asked for.
    lines: RefCell<FxHashMap<(FileId, usize), Rc<text::Lines>>>,
    /// The package has binaries.
    binaries: bool,
    /// Those that Python imports, as far as somebody asked.
    extensions: Option<binary::Extensions>,
    /// What happens in a command line where the command that is being read fails.
    stop: command::Stop,
    /// Files that were checked for the rest of the list of commands only.
    listed: Vec<String>,
    /// Files that were checked in the shell that is being read, where it is one of its own.
    apart: Option<Vec<String>>,
    /// What made the text of the word of a command line that was read last, where it is one that
    /// is not computed.
    opaque: Option<Label>,
    /// Nothing of a command line comes behind the command that is being read.
    is_last: bool,
    /// Files that run as children of others, with the calls that start them.
    children: FxHashMap<FileId, Vec<(FileId, ExprId)>>,
    /// Files that code starts as processes of their own, with when it does.
    started: Vec<(Zone, FileId)>,
    /// Texts that are written to files.
    dropped: Vec<dropped::Dropped>,
    /// Functions that a text calls which stand around it.
    started_functions: Vec<(Zone, FileId, FuncId)>,
    /// Hooks of the loader that give the source of modules.
    loaders: Vec<(FileId, FuncId)>,
    /// Texts that were read.
    texts: child::Texts,
    /// What the text that was read last calls and does not declare.
    around: Vec<around::Around>,
    /// What the text that is read next gives is called.
    text_is_called: bool,
    /// What stands behind the text that is read next, in its command line.
    text_is_given: Vec<(SourceKind, Rc<str>)>,
    /// Functions of the command line or script that is being read.
    shell_functions: Vec<(String, crate::shell::Script)>,
    /// Those of them that nobody called so far.
    shell_waiting: command::Waiting,
    /// Those that are being run, with what they were called with.
    shell_calls: Vec<(String, Vec<String>)>,
    /// What command lines left behind that later ones start.
    left_behind: command::LeftBehind,
    found: Found,
    steps: u64,
    /// Commands of shells that may still be gone through.
    commands: u32,
    depth: u32,
}

impl<'p> Analysis<'p> {
    fn new(package: &'p Package, outer: Outer) -> Self {
        Self {
            package,
            machine: Machine::new(package),
            budgets: Budgets::default(),
            outer,
            zones: FxHashMap::default(),
            callees: marks::Callees::new(),
            handed_values: marks::Handed::new(),
            visible: FxHashMap::default(),
            fellows: marks::AllFellows::new(),
            growing: given::Growing::default(),
            roles: roles::Roles::default(),
            glances: glances::Glances::default(),
            objects: object::Objects::default(),
            callers: FxHashMap::default(),
            filling: 0,
            filled: FxHashMap::default(),
            entered: FxHashMap::default(),
            passed: FxHashMap::default(),
            indices: FxHashMap::default(),
            memo: Memo::default(),
            imports: Imports::default(),
            active: FxHashMap::default(),
            asking: Asking::default(),
            ways: FxHashMap::default(),
            contexts: FxHashMap::default(),
            first: None,
            attached: FxHashMap::default(),
            cells: Cells::default(),
            intercepted: intercept::Intercepted::default(),
            turns: false,
            within: None,
            stores_only: FxHashMap::default(),
            wraps_only: FxHashMap::default(),
            asked: FxHashMap::default(),
            keepers: FxHashMap::default(),
            looked_at_rests: 0,
            wrapping: FxHashMap::default(),
            wrappers: Vec::new(),
            kept: BTreeMap::new(),
            news: kept::News::default(),
            names: kept::Names::default(),
            plans: FxHashMap::default(),
            python: python::Remembered::default(),
            looks: 0,
            traced: 0,
            lines: RefCell::default(),
            binaries: binary::any(package),
            extensions: None,
            stop: command::Stop::Nothing,
            listed: Vec::new(),
            apart: None,
            opaque: None,
            is_last: true,
            children: FxHashMap::default(),
            started: Vec::new(),
            dropped: Vec::new(),
            started_functions: Vec::new(),
            loaders: Vec::new(),
            texts: child::Texts::default(),
            around: Vec::new(),
            text_is_called: false,
            text_is_given: Vec::new(),
            shell_functions: Vec::new(),
            shell_waiting: command::Waiting::default(),
            shell_calls: Vec::new(),
            left_behind: command::LeftBehind::default(),
            found: Found::default(),
            steps: evaluating::FLOW_STEPS,
            commands: evaluating::COMMANDS,
            depth: 0,
        }
    }

    fn program(&self, file: FileId) -> Option<Rc<Program>> {
        self.package.program(file)
    }

    fn zone_of(&self, file: FileId, function: FuncId) -> Zone {
        self.zones
            .get(&(file, function))
            .copied()
            .unwrap_or(Zone::Never)
    }

    /// A place for people.
    fn place(&self, file: FileId, span: Span) -> Place {
        if let Some(outer) = &self.outer.place {
            return outer.clone();
        }
        let source = self.package.text(file).unwrap_or_default();
        // A file may have a place to tell in each of its lines: they are counted once.
        let lines = Rc::clone(
            self.lines
                .borrow_mut()
                .entry((file, source.len()))
                .or_insert_with(|| Rc::new(text::Lines::of(source))),
        );
        let (line, column) = lines.place(source, span.start);
        Place {
            file: self.package.file(file).shown.clone(),
            line,
            column,
            bytes: (span.start, span.end),
        }
    }

    fn place_of(&self, file: FileId, expr: ExprId) -> Place {
        let span = self
            .program(file)
            .map(|program| program.span(expr))
            .unwrap_or_default();
        self.place(file, span)
    }

    /// The path of a label, source first, with the sink at its end.
    fn path(&self, label: &Label, sink: &str, file: FileId, expr: ExprId) -> Vec<Hop> {
        let span = self.program(file).map(|program| program.span(expr));
        let span = span.unwrap_or_default();
        let mut hops = self.way(label);
        hops.push(Hop {
            what: format!("reaches {sink}"),
            at: self.place(file, span),
            edge: Edge::Reaches {
                sink: sink.to_owned(),
            },
            hidden: self.hidden(file, span),
            shown: None,
        });
        hops.dedup_by(|a, b| a.at == b.at && a.what == b.what);
        hops
    }

    /// The steps of a label, source first.
    fn way(&self, label: &Label) -> Vec<Hop> {
        let mut hops = Vec::new();
        let mut at: Option<&Rc<Trail>> = Some(&label.trail);
        while let Some(trail) = at {
            hops.push(Hop {
                what: trail.step.words(),
                at: self.place(trail.file, trail.span),
                edge: trail.step.edge(),
                hidden: self.hidden(trail.file, trail.span),
                shown: None,
            });
            at = trail.before.as_ref();
        }
        hops.reverse();
        hops
    }

    /// What stands at a place of a text that is run as code of its own.
    fn hidden(&self, file: FileId, span: Span) -> Option<String> {
        self.outer.place.as_ref()?;
        let source = self.package.text(file)?;
        evidence::excerpt(source, (span.start, span.end))
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of a flow")]
    fn flow(
        &mut self,
        label: &Label,
        sink: SinkKind,
        sink_name: &str,
        target: Target,
        zone: Zone,
        file: FileId,
        expr: ExprId,
        marks: Vec<Mark>,
    ) {
        let path = self.path(label, sink_name, file, expr);
        self.add_flow(Flow {
            source: label.kind,
            source_name: label.name.to_string(),
            sink,
            sink_name: sink_name.to_owned(),
            target,
            zone,
            path,
            marks,
        });
    }

    fn add_flow(&mut self, mut flow: Flow) {
        self.found.unasked |= flow.zone > Zone::Called && flow.sink != SinkKind::DynamicCode;
        if let Some(zone) = self.outer.zone {
            flow.zone = zone;
        }
        let same = |known: &Flow| {
            known.source == flow.source
                && known.sink == flow.sink
                && known.source_name == flow.source_name
                && known.target == flow.target
                && known.path.last().map(|hop| &hop.at) == flow.path.last().map(|hop| &hop.at)
        };
        if let Some(known) = self.found.flows.iter_mut().find(|known| same(known)) {
            if known.zone < flow.zone {
                *known = flow;
            }
            return;
        }
        if self.found.flows.len() < FLOWS {
            self.found.flows.push(flow);
        } else {
            // Harmless flows must not crowd out the one that counts without a word.
            self.cut_short(flow.zone);
        }
    }

    fn sign(&mut self, kind: SignKind, zone: Zone, detail: String, at: Place) {
        let zone = self.outer.zone.unwrap_or(zone);
        let sign = Sign {
            kind,
            zone,
            detail,
            at,
        };
        if self.found.signs.len() < 200 && !self.found.signs.contains(&sign) {
            self.found.signs.push(sign);
        }
    }

    fn capability(&mut self, name: &str, zone: Zone, detail: Option<String>, at: Place) {
        self.found.unasked |= zone > Zone::Called && child::is_effect(name);
        let zone = self.outer.zone.unwrap_or(zone);
        if let Some(known) = self
            .found
            .capabilities
            .iter_mut()
            .find(|known| known.name == name && known.detail == detail)
        {
            if known.zone < zone {
                known.zone = zone;
                known.at = at;
            }
            return;
        }
        if self.found.capabilities.len() < 200 {
            self.found.capabilities.push(Capability {
                name: name.to_owned(),
                zone,
                detail,
                at,
            });
        }
    }

    /// Code of a zone was not followed to its end.
    fn unfollowed(&mut self, zone: Zone) {
        self.found.unfollowed = self.found.unfollowed.max(Some(zone));
    }

    /// Says that something that runs in a zone was not followed to its end. What runs unasked
    /// in a text runs when the text does.
    fn cut_short(&mut self, zone: Zone) {
        let outer = self.outer.zone.unwrap_or(zone);
        let zone = if zone > Zone::Called { outer } else { zone };
        if zone > Zone::Called {
            self.found.exhausted = true;
            self.found.exhausted_hooks |= budget::is_of_hooks(zone);
            self.unfollowed(zone);
        }
    }

    fn finish(mut self) -> Found {
        for ((file, _), zone) in &self.zones {
            let known = self.found.zones.entry(*file).or_insert(*zone);
            *known = (*known).max(*zone);
        }
        if self.steps == 0 {
            self.found.exhausted = true;
            self.unfollowed(Zone::Import);
        }
        self.found.flows.sort();
        self.found.capabilities.sort();
        self.found.signs.sort();
        self.found
    }
}

/// Whether data of a kind is a secret of somebody.
const fn is_secret(kind: SourceKind) -> bool {
    matches!(
        kind,
        SourceKind::Environment
            | SourceKind::NamedSecret
            | SourceKind::CredentialFile
            | SourceKind::CredentialService
            | SourceKind::InputDevice
    )
}

/// Whether data of a kind must not become code.
const fn is_foreign(kind: SourceKind) -> bool {
    matches!(
        kind,
        SourceKind::Remote | SourceKind::Decoded | SourceKind::Opaque | SourceKind::OwnFile
    )
}
