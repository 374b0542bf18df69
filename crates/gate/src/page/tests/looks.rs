use super::browser::{Browser, program};
use super::world::World;
use serde_json::{Value, json};

const AUDIT: &str = include_str!("audit.js");

/// Where the pictures go: for people who look at them. Without it they are taken all the same.
fn keep(name: &str, bytes: &[u8]) {
    if let Some(folder) = std::env::var_os("CUSTOMS_SCREENSHOTS") {
        std::fs::write(std::path::Path::new(&folder).join(name), bytes).unwrap();
    }
}

/// The browser and the address of the page; none where this machine has no browser.
async fn ready() -> Option<(World, Browser, String)> {
    let Some(program) = program() else {
        let is_required = std::env::var_os("CUSTOMS_CHROMIUM_REQUIRED").is_some();
        assert!(
            !is_required,
            "there is no Chromium; name one with CUSTOMS_CHROMIUM"
        );
        eprintln!("no Chromium here: the page was not looked at");
        return None;
    };
    let world = World::new().await;
    world.fill();
    let address = format!("http://127.0.0.1:{}", world.operations);
    let browser = tokio::task::spawn_blocking(move || Browser::start(&program));
    Some((world, browser.await.unwrap(), address))
}

/// Runs what blocks beside the gate.
async fn with(work: impl FnOnce(Browser, String) + Send + 'static) {
    if let Some((world, browser, address)) = ready().await {
        tokio::task::spawn_blocking(move || work(browser, address))
            .await
            .unwrap();
        drop(world);
    }
}

/// Nothing went wrong, and nobody else was asked.
fn is_clean(browser: &Browser, address: &str) {
    for event in &browser.events {
        let params = &event["params"];
        match event["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded" => {
                panic!("the console says: {params}");
            }
            "Network.requestWillBeSent" => {
                let url = params["request"]["url"].as_str().unwrap();
                let is_own = url.starts_with(&format!("{address}/")) || url == "about:blank";
                assert!(is_own, "somebody else is asked: {url}");
            }
            "Network.loadingFailed" => panic!("something was not loaded: {params}"),
            _ => {}
        }
    }
    let asked = |event: &&Value| event["method"] == "Network.requestWillBeSent";
    assert!(browser.events.iter().filter(asked).count() > 1);
}

fn audited(browser: &mut Browser, what: &str) {
    assert_eq!(browser.value(AUDIT), json!([]), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_view_can_be_read_in_light_in_dark_on_a_phone_and_on_paper() {
    with(|mut browser, address| {
        let views = [
            ("overview", "/"),
            ("held", "/held"),
            ("blocked", "/blocked"),
            ("refusals", "/refusals"),
            (
                "received",
                "/received?ecosystem=npm&name=axios&version=1.14.1",
            ),
            ("nobody", "/received?ecosystem=pypi&name=nothing-of-it"),
            ("wrong", "/received?ecosystem=npm&name=..%2Fx"),
            ("no-page", "/nowhere"),
        ];
        let ground = "getComputedStyle(document.body).backgroundColor";
        for (name, path) in views {
            browser.size(1280, 900);
            browser.media("screen", "light");
            browser.open(&format!("{address}{path}"));
            if name == "no-page" {
                // The browser tells that as well, and should.
                browser
                    .events
                    .retain(|event| event["method"] != "Log.entryAdded");
            }
            audited(&mut browser, &format!("{name}, light"));
            assert_eq!(browser.value(ground), "rgb(255, 255, 255)");
            keep(&format!("{name}-light.png"), &browser.picture());
            browser.media("screen", "dark");
            audited(&mut browser, &format!("{name}, dark"));
            assert_eq!(browser.value(ground), "rgb(18, 22, 27)");
            keep(&format!("{name}-dark.png"), &browser.picture());
            browser.size(320, 640);
            browser.media("screen", "light");
            audited(&mut browser, &format!("{name}, 320 pixels"));
            keep(&format!("{name}-narrow.png"), &browser.picture());
            browser.size(700, 900);
            browser.media("print", "dark");
            assert_eq!(
                browser.value(ground),
                "rgb(255, 255, 255)",
                "paper is white"
            );
            let shown = browser.value("getComputedStyle(document.querySelector('nav')).display");
            assert_eq!(shown, "none");
            keep(&format!("{name}-print.png"), &browser.picture());
            let paper = browser.paper();
            assert!(paper.starts_with(b"%PDF"));
            keep(&format!("{name}.pdf"), &paper);
        }
        is_clean(&browser, &address);
    })
    .await;
}

/// What has the focus, in words, and whether it is seen; told when it was drawn: what got the
/// focus is scrolled to by then.
const FOCUSED: &str =
    "new Promise((told) => requestAnimationFrame(() => requestAnimationFrame(() => {
  const e = document.activeElement; const box = e.getBoundingClientRect();
  const style = getComputedStyle(e);
  told({ what: (e.id || e.getAttribute('href') || e.textContent).trim(),
    seen: box.top >= 0 && box.bottom <= innerHeight && box.width > 0,
    marked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 }); })))";

#[tokio::test(flavor = "multi_thread")]
async fn all_of_it_works_without_a_mouse() {
    with(|mut browser, address| {
        browser.open(&format!("{address}/"));
        let wanted = browser.value(
            "[...document.querySelectorAll('a, button, input, select, summary')]
               .map((e) => (e.id || e.getAttribute('href') || e.textContent).trim())",
        );
        let wanted = wanted.as_array().unwrap().clone();
        assert!(wanted.len() > 30, "{wanted:?}");
        for expected in &wanted {
            browser.press("Tab");
            let focused = browser.value(FOCUSED);
            assert_eq!(focused["what"], *expected);
            assert_eq!(
                (&focused["seen"], &focused["marked"]),
                (&json!(true), &json!(true)),
                "{expected}"
            );
        }
        // Past the way around, to the content.
        browser.open(&format!("{address}/held"));
        browser.press("Tab");
        assert_eq!(browser.value(FOCUSED)["what"], "#content");
        browser.press("Enter");
        assert_eq!(browser.value("document.activeElement.tagName"), "MAIN");
        browser.press("Tab");
        let first = browser.value("document.activeElement.closest('main') !== null");
        assert_eq!(first, true, "the next one is in the content");
        // A search, typed.
        browser.open(&format!("{address}/received"));
        browser.value("document.querySelector('#ecosystem').focus()");
        browser.press("Tab");
        browser.write("axios");
        browser.press("Tab");
        browser.write("1.14.1");
        browser.load(|browser| browser.press("Enter"));
        let found = "document.querySelector('#answer + p').textContent";
        assert_eq!(browser.value(found), "120 deliveries.");
        assert_eq!(
            browser.value("document.querySelectorAll('tbody tr').length"),
            50
        );
        // And its next page.
        browser.value("document.querySelector('a[rel=next]').focus()");
        browser.load(|browser| browser.press("Enter"));
        assert_eq!(
            browser.value("document.querySelectorAll('tbody tr').length"),
            50
        );
        is_clean(&browser, &address);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_package_says_is_shown_and_does_nothing() {
    with(|mut browser, address| {
        browser.open(&format!("{address}/"));
        let shown =
            browser.value("document.body.innerText.includes('<img src=x onerror=alert(1)>')");
        assert_eq!(shown, true);
        assert_eq!(browser.value("document.images.length"), 0);
        is_clean(&browser, &address);
    })
    .await;
}
