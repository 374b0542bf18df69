use super::{Count, Fault, Node, Value, limit};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads a TOML document. The order of keys is lost; the order of lists is kept.
pub(in crate::lockfile) fn parse(text: &str) -> Result<Node<'_>, Fault> {
    // The reader builds its tree before anything could be counted, so the signs that
    // make values are counted first.
    let signs = memchr::memchr3_iter(b'=', b',', b'[', text.as_bytes()).count();
    if signs > limit::NODES {
        return Err(Fault::Limit {
            what: "values",
            limit: limit::NODES,
        });
    }
    // Some editors write a byte order mark; the reader steps over it.
    let table = DeTable::parse(text).map_err(|e| {
        let at = e.span().map_or(0, |span| span.start);
        Fault::at(at, format!("not TOML: {}", e.message()))
    })?;
    let span = table.span();
    let pairs = convert_table(table.into_inner(), 0, &mut Count::default())?;
    Ok(Node::new(pairs, span))
}

fn convert_table<'t>(
    table: DeTable<'t>,
    depth: usize,
    count: &mut Count,
) -> Result<Value<'t>, Fault> {
    let mut pairs = Vec::with_capacity(table.len());
    for (key, value) in table {
        count.one()?;
        let at = key.span();
        let key = Node::new(key.into_inner().into(), at);
        pairs.push((key, convert(value, depth + 1, count)?));
    }
    Ok(Value::Map(pairs.into()))
}

fn convert<'t>(
    value: Spanned<DeValue<'t>>,
    depth: usize,
    count: &mut Count,
) -> Result<Node<'t>, Fault> {
    if depth > limit::DEPTH {
        return Err(Fault::DEPTH);
    }
    count.one()?;
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::String(text) => text.into(),
        DeValue::Integer(number) => Value::Own(number.as_str().into()),
        DeValue::Float(number) => Value::Own(number.as_str().into()),
        DeValue::Boolean(value) => Value::Text(if value { "true" } else { "false" }),
        DeValue::Datetime(date) => Value::Own(date.to_string().into()),
        DeValue::Array(items) => Value::List(
            items
                .into_iter()
                .map(|item| convert(item, depth + 1, count))
                .collect::<Result<_, _>>()?,
        ),
        DeValue::Table(table) => convert_table(table, depth, count)?,
    };
    Ok(Node::new(value, span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_tables_and_inline_tables_know_where_they_stand() {
        let text = "version = 1\n[[package]]\nname = \"a\"\nsource = { url = 'https://files.example/a' }\n";
        let node = parse(text).unwrap();
        let package = &node.get("package").unwrap().list()[0];
        let url = package.get("source").unwrap().get("url").unwrap();
        assert_eq!(&text[url.span()], "'https://files.example/a'");
        assert_eq!(&text[package.at()..package.at() + 11], "[[package]]");
        assert_eq!(node.get_text("version"), Some("1"));
    }

    #[test]
    fn a_key_twice_or_too_deep_a_nesting_is_refused() {
        assert!(parse("a = 1\na = 2\n").is_err());
        assert!(parse(&format!("a = {}", "[".repeat(200))).is_err());
        let deep = format!("a = {}1{}", "[".repeat(70), "]".repeat(70));
        assert!(matches!(parse(&deep), Err(Fault::Limit { .. })));
    }
}
