//! Tables. On a narrow screen a row becomes a block, so what each element is stands in its role as
//! well, and what a cell is about in `data-label`.

use super::html::Html;

/// A column.
#[derive(Clone, Copy)]
pub struct Column {
    /// What it is called.
    pub name: &'static str,
    /// It has numbers.
    pub number: bool,
}

/// A column of texts.
pub const fn text(name: &'static str) -> Column {
    Column {
        name,
        number: false,
    }
}

/// A column of numbers.
pub const fn number(name: &'static str) -> Column {
    Column { name, number: true }
}

/// What stands in one cell.
pub type Cell<'a> = Box<dyn FnOnce(&mut Html) + 'a>;

/// A cell with what this writes.
pub fn cell<'a>(write: impl FnOnce(&mut Html) + 'a) -> Cell<'a> {
    Box::new(write)
}

/// A table. The first cell of each row is what the row is about.
pub fn table<'a>(
    h: &mut Html,
    caption: &str,
    columns: &[Column],
    rows: impl IntoIterator<Item = Vec<Cell<'a>>>,
) {
    h.el("table", &[("role", "table")], |h| {
        h.say("caption", &[], caption);
        h.el("thead", &[("role", "rowgroup")], |h| {
            h.el("tr", &[("role", "row")], |h| {
                for column in columns {
                    let attributes = [
                        ("scope", "col"),
                        ("role", "columnheader"),
                        ("class", class(*column)),
                    ];
                    h.say("th", &attributes, column.name);
                }
            });
        });
        h.line();
        h.el("tbody", &[("role", "rowgroup")], |h| {
            for cells in rows {
                row(h, columns, cells);
                h.line();
            }
        });
    });
    h.line();
}

fn row(h: &mut Html, columns: &[Column], cells: Vec<Cell<'_>>) {
    h.el("tr", &[("role", "row")], |h| {
        for (place, (column, write)) in columns.iter().zip(cells).enumerate() {
            let class = ("class", class(*column));
            match place {
                0 => h.el(
                    "th",
                    &[("scope", "row"), ("role", "rowheader"), class],
                    write,
                ),
                _ => {
                    let label = ("data-label", column.name);
                    h.el("td", &[("role", "cell"), class, label], write);
                }
            }
        }
    });
}

const fn class(column: Column) -> &'static str {
    match column.number {
        true => "number",
        false => "text",
    }
}
