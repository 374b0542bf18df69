//! Every format of reports that are made for it: hostile texts, more findings than are taken, and
//! what each code host demands.

mod hosts;
mod junit;
mod list;
mod made;
mod markdown;
mod sarif;
