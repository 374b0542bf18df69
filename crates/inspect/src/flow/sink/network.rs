//! What is sent, published and answered, and where to.

use crate::flow::label::Label;
use crate::flow::possible::MOST;
use crate::flow::{Analysis, Context, Site, is_secret};
use crate::ir::{Expr, ExprId, Language};
use crate::know;
use crate::know::Role;
use crate::owner;
use crate::pure::{FileId, HOLE, HOLE_END, HOLE_START, Value, shown};
use customs_model::{Mark, SinkKind, SourceKind, Target, Zone};
use std::rc::Rc;

impl Analysis<'_> {
    #[allow(clippy::too_many_arguments, reason = "the parts of a sink")]
    pub(super) fn sent(
        &mut self,
        site: Site,
        path: &str,
        value: &Value,
        args: &[ExprId],
        zone: Zone,
        context: Option<&Rc<Context>>,
        sink: SinkKind,
    ) {
        self.published(site, path, value, args, zone, context);
        let mut found: Vec<Label> = Vec::new();
        for arg in args {
            let labels = self.labels(site.file, *arg, context);
            found.extend(
                labels
                    .iter()
                    .filter(|label| {
                        is_secret(label.kind)
                            || matches!(label.kind, SourceKind::Identity | SourceKind::Intercepted)
                    })
                    .cloned(),
            );
        }
        let mut besides = self.sent_of_itself(site, path, context);
        besides.extend(self.sent_file_of(site, path, args));
        besides.extend(self.attached_files(site, path, args));
        for label in besides {
            if is_secret(label.kind) {
                found.push(label);
            }
        }
        if found.is_empty() {
            return;
        }
        let target = if sink == SinkKind::NameLookup {
            args.first().map_or(Target::Caller, |arg| {
                match self.fold_value(site.file, *arg, context).as_text() {
                    Some(text) if text.replace(HOLE, "").len() > 3 => {
                        Target::Constant(shown(&text))
                    }
                    _ => self
                        .name_looked_up(site.file, *arg)
                        .map_or(Target::Caller, Target::Constant),
                }
            })
        } else {
            match self.target(site.file, value, args, context) {
                Target::Caller => self
                    .addressed(site.file, site.expr, context)
                    .map_or(Target::Caller, Target::Constant),
                known => known,
            }
        };
        // What a page holds goes to its maker all the time, and to whom the page names.
        let elsewhere = match &target {
            Target::Constant(host) => !self.own_host(host),
            Target::Opaque | Target::Caller => false,
        };
        found.retain(|label| elsewhere || !know::is_whole_page(&label.name));
        for label in found {
            let marks = self.host_marks(&target, &label);
            self.flow(
                &label,
                sink,
                path,
                target.clone(),
                zone,
                site.file,
                site.expr,
                marks,
            );
        }
    }

    /// A request that puts a release into a registry.
    pub(super) fn published(
        &mut self,
        site: Site,
        path: &str,
        value: &Value,
        args: &[ExprId],
        zone: Zone,
        context: Option<&Rc<Context>>,
    ) {
        let (Some(program), Some(index)) = (self.program(site.file), self.index(site.file)) else {
            return;
        };
        if !index.is_near_publishing(program.span(site.expr).start) {
            return;
        }
        let writes = path.ends_with(".put")
            || path.ends_with(".post")
            || args
                .iter()
                .any(|arg| match self.fold_value(site.file, *arg, context) {
                    Value::Object(object) => object.entries.borrow().iter().any(|(key, value)| {
                        &**key == "method"
                            && matches!(value.known_text(), Some("PUT" | "POST" | "put" | "post"))
                    }),
                    Value::Text(text) => matches!(&*text, "PUT" | "POST"),
                    _ => false,
                });
        if writes {
            let label = self.label_at(SourceKind::Constant, "a release in a request", site);
            let target = self.target(site.file, value, args, context);
            self.flow(
                &label,
                SinkKind::Publication,
                path,
                target,
                zone,
                site.file,
                site.expr,
                Vec::new(),
            );
        }
    }

    /// What is known of a host, with regard to what is sent to it.
    pub(in crate::flow) fn host_marks(&self, target: &Target, label: &Label) -> Vec<Mark> {
        let Target::Constant(host) = target else {
            return Vec::new();
        };
        let mut marks = Vec::new();
        if know::unusual_host(host) {
            marks.push(Mark::UnusualHost);
        }
        if label.kind == SourceKind::NamedSecret && know::is_of_vendor(host, &label.name) {
            marks.push(Mark::VendorHost);
        }
        if self.own_host(host) {
            marks.push(Mark::OwnHost);
        }
        marks
    }

    /// What is known of the host whose answer was written to a file that is run.
    pub(in crate::flow) fn answer_marks(&self, label: &Label) -> Option<Mark> {
        let place = label.name.strip_prefix("the answer of ")?;
        (label.kind == SourceKind::Remote && self.own_host(place)).then_some(Mark::OwnHost)
    }

    /// Whether the package's manifest names a place as its own: as home page, repository or
    /// place of its binaries. On a host that many share the owner counts. Whoever made the
    /// package wrote that, so it only lowers.
    pub(in crate::flow) fn own_host(&self, place: &str) -> bool {
        !know::unusual_host(place) && owner::names(&owner::texts(self.package), place)
    }

    /// The host that a request goes to, with its owner's path where many share it.
    pub(in crate::flow) fn target(
        &mut self,
        file: FileId,
        value: &Value,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Target {
        if let Some(of_client) = self.client_target(file, value, args, context) {
            return of_client;
        }
        let mut holes = None;
        if let Value::Native(native) = value
            && let Some((made_file, made)) = native.made_at
            && let Some(program) = self.program(made_file)
            && let Expr::Call { args, .. } = program.expr(made)
            // Where a socket of this machine listens says nothing of where it sends.
            && !native.path.contains("UdpSocket.bind()")
        {
            let args = program.list(args).to_vec();
            let context = context.filter(|c| c.file == made_file);
            match self.target_of(made_file, &args, context) {
                Target::Constant(host) => return Target::Constant(host),
                other => holes = Some(other),
            }
        }
        match self.target_of(file, args, context) {
            Target::Caller => match self.companion(file, value) {
                Some(host) => Target::Constant(host),
                None => holes.unwrap_or(Target::Caller),
            },
            // What is handed over on a connection says nothing of where it leads.
            Target::Opaque => match self.companion(file, value) {
                Some(host) => Target::Constant(host),
                None => Target::Opaque,
            },
            found => found,
        }
    }

    /// The host that the request at the bottom of a chain of calls names:
    /// `client.post(url).json(x).send()`, `session.get(url).json()`.
    pub(in crate::flow) fn addressed(
        &mut self,
        file: FileId,
        call: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Option<String> {
        let program = self.program(file)?;
        let mut at = call;
        for _ in 0..16 {
            match program.expr(at) {
                Expr::Call { callee, args, .. } => {
                    let value = self.glance(file, callee, context);
                    if let Some(path) = value.path()
                        && let Role::Network(position) = know::role(program.language, path)
                        && let Some(arg) = program.list(args).get(usize::from(position)).copied()
                    {
                        let value = self.fold_value(file, arg, context);
                        if let Some(host) = self.host_in(&value, 0) {
                            return Some(host);
                        }
                        // `context.wrap_socket(socket, server_hostname=name)`.
                        if path.ends_with(".wrap_socket") {
                            return match self.companion(file, &value) {
                                Some(host) => Some(host),
                                None => self.server_name(file, program.list(args)),
                            };
                        }
                    }
                    let Expr::Member(object, _) = program.expr(callee) else {
                        return None;
                    };
                    at = object;
                }
                Expr::Name(atom, scope) => {
                    let symbol = program.resolve(atom, scope)?;
                    let [only] = program.symbol(symbol).values[..] else {
                        return None;
                    };
                    at = only;
                }
                Expr::Member(inner, _) | Expr::Await(inner) => at = inner,
                _ => return None,
            }
        }
        None
    }

    /// The host that another call on the same object names: `x.open('GET', url)`,
    /// `socket.connect(port, host)`.
    pub(in crate::flow) fn companion(&mut self, file: FileId, value: &Value) -> Option<String> {
        let Value::Native(native) = value else {
            return None;
        };
        let made = native.made_at?;
        let program = self.program(file)?;
        for (call, _) in program.calls.clone() {
            let Expr::Call { callee, args, .. } = program.expr(call) else {
                continue;
            };
            let by_name = match program.expr(callee) {
                Expr::Member(_, name) => connects(program.name(name)),
                // `getattr(socket, name)(…)`.
                Expr::Call { .. } => program.language == Language::Python,
                _ => false,
            };
            if !by_name {
                continue;
            }
            let Value::Native(other) = self.machine.fold(file, callee) else {
                continue;
            };
            let method = other.path.rsplit('.').next().unwrap_or_default();
            if other.made_at != Some(made) || !connects(method) {
                continue;
            }
            for arg in program.list(args).to_vec() {
                let value = self.machine.fold(file, arg);
                // Of the options of `curl` only the address says where it leads.
                let is_address = value.any_text().is_some_and(|text| text.contains("://"));
                if method == "setopt" && !is_address {
                    continue;
                }
                if let Some(host) = self.host_in(&value, 0) {
                    return Some(host);
                }
            }
        }
        None
    }

    pub(super) fn target_of(
        &mut self,
        file: FileId,
        args: &[ExprId],
        context: Option<&Rc<Context>>,
    ) -> Target {
        let mut is_path = false;
        for (position, arg) in args.iter().take(4).enumerate() {
            let value = self.fold_value(file, *arg, context);
            if let Some(host) = self.host_in(&value, 0) {
                let other = self.other_host(file, *arg, context);
                return Target::Constant(other.unwrap_or(host));
            }
            // What the machine gives up on it would try again: nothing is asked of it twice.
            is_path |=
                position == 0 && value.known_text().is_some_and(|text| text.starts_with('/'));
        }
        let Some(first) = args.first() else {
            return Target::Caller;
        };
        let Some(program) = self.program(file) else {
            return Target::Caller;
        };
        // A path hides nothing: whoever made what it is asked of said the host.
        if is_path {
            return Target::Caller;
        }
        if self
            .labels(file, *first, context)
            .iter()
            .any(|label| matches!(label.kind, SourceKind::Decoded | SourceKind::Opaque))
        {
            return Target::Opaque;
        }
        if let Some(host) = args
            .iter()
            .take(2)
            .find_map(|arg| self.one_of_hosts(file, *arg, 0))
        {
            return Target::Constant(host);
        }
        if self.is_constant(&program, file, *first, 0) {
            return Target::Opaque;
        }
        Target::Caller
    }

    /// The host of an address that is folded to one of several: of each of them what is sent may go
    /// to any.
    fn other_host(
        &mut self,
        file: FileId,
        address: ExprId,
        context: Option<&Rc<Context>>,
    ) -> Option<String> {
        let program = self.program(file)?;
        self.if_chosen(&program, file, address, context, |this| {
            this.one_of_hosts(file, address, 0)
        })
    }

    /// The host of an address that is one of several: in a field, or what callers hand in. None
    /// where one of them names no host, for then nobody knows where it leads. One that the
    /// package does not call its own comes first.
    fn one_of_hosts(&mut self, file: FileId, address: ExprId, level: u8) -> Option<String> {
        let program = self.program(file).filter(|_| level < 3)?;
        // `{ ...this.place, method: 'POST' }`.
        // `Client(base_url=place)`.
        if let Expr::Object(entries) | Expr::Keywords(entries) = program.expr(address) {
            let mut pairs = program.list(entries).chunks_exact(2).rev();
            return pairs.find_map(|pair| {
                let names_place = matches!(
                    program.text(pair[0]),
                    Some("hostname" | "host" | "url" | "uri" | "href" | "baseURL" | "base_url")
                );
                match program.expr(pair[0]) {
                    Expr::Spread(inner) => self.one_of_hosts(file, inner, level + 1),
                    _ if names_place => self.one_of_hosts(file, pair[1], level + 1),
                    _ => None,
                }
            });
        }
        let mut values = self.one_by_one(file, address);
        // What is not there yet leads nowhere, and what the user's settings say leads where they
        // say: nobody has to set them.
        values.retain(|value| !matches!(value, Value::Undefined | Value::Null));
        if values.len() > 1 {
            values.retain(|value| !value.path().is_some_and(know::reads_setting));
        }
        if values.len() >= MOST {
            return None;
        }
        // Of what is sent an address is a part only.
        let is_part = |c: char| c.is_whitespace() || "{},;<".contains(c);
        let hosts = values.iter().map(|value| match value {
            // What a library makes of it is looked at where that is made.
            Value::Native(_) => None,
            Value::Text(text) if text.contains(is_part) => None,
            value => self.host_in(value, 0),
        });
        let hosts: Option<Vec<String>> = hosts.collect();
        let hosts = hosts?;
        // That one of them is of this machine excuses nothing.
        let mut away = hosts.iter().filter(|host| !is_here(host));
        let first = away.clone().next();
        away.find(|host| !self.own_host(host)).or(first).cloned()
    }

    /// The name that is looked up, where each that it can be is known well enough.
    fn name_looked_up(&mut self, file: FileId, name: ExprId) -> Option<String> {
        let values = self.one_by_one(file, name);
        let names = values.iter().map(|value| {
            let text = value.as_text()?;
            (text.replace(HOLE, "").len() > 3).then(|| shown(&text))
        });
        let names: Option<Vec<String>> = names.collect();
        names?.into_iter().next()
    }

    pub(in crate::flow) fn host_in(&mut self, value: &Value, level: u8) -> Option<String> {
        match value {
            Value::Text(text) => {
                if !text.contains("://")
                    && !text.contains('.')
                    && !text.contains(':')
                    && !know::is_loopback(text)
                {
                    return None;
                }
                let host = know::host_of(text)?;
                if host.starts_with(HOLE_START) && !host.contains('.')
                    || host.starts_with('/')
                    || host.contains(' ')
                    || ends_unknown(&host)
                {
                    return None;
                }
                // `pool.${x}.invalid` is known well enough; `${x}.js` is no host.
                know::place_of(text).map(|place| shown(&place))
            }
            Value::Object(object) => {
                let entries = object.entries.borrow();
                let entry = |key: &str| {
                    let mut last = entries.iter().rev();
                    last.find(|(name, _)| &**name == key)
                        .map(|(_, value)| value.clone())
                };
                for key in [
                    "hostname", "host", "url", "uri", "href", "baseURL", "base_url",
                ] {
                    if let Some(value) = entry(key) {
                        if let Some(text) = value.any_text()
                            && !text.starts_with(HOLE_START)
                            && text.len() > 2
                        {
                            let path = ["path", "pathname"]
                                .into_iter()
                                .filter(|_| key.starts_with("host"))
                                .find_map(entry);
                            let place = match path.as_ref().and_then(Value::any_text) {
                                Some(path) => {
                                    let host = know::host_of(text)?;
                                    know::place_of(&format!(
                                        "{host}/{}",
                                        path.trim_start_matches('/')
                                    ))
                                }
                                None => know::place_of(text)
                                    .filter(|place| !ends_unknown(know::host_part(place))),
                            };
                            return place.map(|place| shown(&place));
                        }
                        if level < 2
                            && let Some(host) = self.host_in(&value, level + 1)
                        {
                            return Some(host);
                        }
                    }
                }
                None
            }
            Value::Array(items) if level < 2 => {
                let first = items.borrow().first().cloned()?;
                match &first {
                    Value::Text(text) if text.contains('.') => {
                        know::place_of(text).map(|place| shown(&place))
                    }
                    _ => None,
                }
            }
            Value::Native(native) if level < 2 => {
                let (file, made) = native.made_at?;
                let program = self.program(file)?;
                let Expr::Call { args, .. } = program.expr(made) else {
                    return None;
                };
                let args = program.list(args).to_vec();
                args.iter().take(2).find_map(|arg| {
                    let value = self.machine.fold(file, *arg);
                    if matches!(value, Value::Native(_)) {
                        None
                    } else {
                        self.host_in(&value, level + 1)
                    }
                })
            }
            _ => None,
        }
    }
}

/// Methods that say where an object leads.
fn connects(name: &str) -> bool {
    matches!(
        name,
        "open" | "connect" | "sendto" | "connect_ex" | "setopt"
    )
}

/// Whether a place is on the machine itself.
fn is_here(place: &str) -> bool {
    let host = know::host_part(place);
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    know::is_loopback(host)
}

/// Whether the end of a host is not known, and with that whose it is: `service.${domain}`, and a
/// scheme before an address that nobody knows.
fn ends_unknown(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or(host);
    let is_scheme = matches!(name, "http" | "https" | "ws" | "wss") && name.len() < host.len();
    is_scheme || name.ends_with([HOLE_START, HOLE_END])
}
