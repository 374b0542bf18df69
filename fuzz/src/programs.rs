//! Programs of made-up statements over six variables.

/// Statements of JavaScript. `$a`, `$b`, `$c` are variables, `$n` is a number.
const SCRIPT: [&str; 32] = [
    "$a = $b + $c;",
    "$a = [$b, $c, $n];",
    "$a.push($b);",
    "$a.push($b.shift());",
    "$a = $b.concat($c, $c);",
    "$a = $b.map(x => x + $c);",
    "$a = $b.filter(x => x != $c).join($c);",
    "$a = JSON.stringify($b);",
    "$a = JSON.parse($b);",
    "$a = String.fromCharCode($n, $n + 1) + $b;",
    "$a = $b.repeat($n);",
    "$a = $b.split('').reverse().join('');",
    "$a = $b.replace(/(.)(.?)/g, '$2$1');",
    "$a = $b.replace(/a*(a*)*b/g, x => x + $c);",
    "$a = atob($b) + btoa($c);",
    "$a = Buffer.from($b, 'hex').toString('base64');",
    "$a = {k: $b, [$c]: $n};",
    "$a.k = $b;",
    "$a[$n] = $c;",
    "$a = $b[$n] ?? $c['k'];",
    "$a = $b ^ $n; $c = $a >>> 1;",
    "$a = function f(p) { return p ? f($b) : $c; };",
    "$a = $b($c);",
    "$a = $b.call(null, $c, $n);",
    "$a = (x => x($b))($c);",
    "for (let i = 0; i < $n; i++) {",
    "while ($b) {",
    "if ($a == $b) {",
    "for (const x of $b) { $a = $a + x; }",
    "switch ($b) { case $n: $a = $c; break; default: $a = $b; }",
    "try { $a = eval($b); } catch (e) { $a = e; }",
    "$a = new Function('x', $b)($c);",
];

/// A program of JavaScript that bytes make.
pub fn script(bytes: &[u8]) -> String {
    let mut out = String::from(
        "let v0 = [1, 2], v1 = 'ab', v2 = {k: 1}, v3 = 7, v4 = 'YQ==', v5 = x => x;\n",
    );
    let mut open = 0;
    for (template, piece) in statements(bytes, &SCRIPT) {
        if template.ends_with('{') {
            // Loops in loops only take time.
            if open == 3 {
                continue;
            }
            open += 1;
        } else if open > 0 && piece[3] % 8 == 0 {
            open -= 1;
            out.push_str("}\n");
        }
        out.push_str(&filled(template, piece));
        out.push('\n');
    }
    out.push_str(&"}\n".repeat(open));
    out.push_str("eval(v0); require('child_process').exec(v1); fetch(v2, {body: v3}); v4(v5);\n");
    out
}

/// The same of Python.
const SNAKE: [&str; 24] = [
    "$a = $b + $c",
    "$a = [$b, $c, $n]",
    "$a.append($b)",
    "$a.extend($b)",
    "$a = $b * $n",
    "$a = [x + $c for x in $b if x]",
    "$a = ''.join(map(chr, $b))",
    "$a = $b[::-1]",
    "$a = $b[$n:]",
    "$a = '%s%s' % ($b, $c)",
    "$a = f'{$b}{$c}'",
    "$a = base64.b64decode($b)",
    "$a = bytes(x ^ $n for x in $b)",
    "$a = bytes.fromhex($b).decode()",
    "$a = {'k': $b, $c: $n}",
    "$a['k'] = $b",
    "$a = $b.get('k', $c)",
    "$a = lambda p: p($b) if p else $c",
    "$a = $b($c)",
    "$a = getattr($b, $c)",
    "$a = __import__($b)",
    "$a = zlib.decompress($b)",
    "$a = re.sub('(a*)*b', $b, $c)",
    "$a = $b.replace($c, $b)",
];

/// A program of Python that bytes make.
pub fn snake(bytes: &[u8]) -> String {
    let mut out = String::from(
        "import base64, os, re, zlib\nv0 = [1, 2]\nv1 = 'ab'\nv2 = {'k': 1}\nv3 = 7\nv4 = b'YQ=='\nv5 = lambda x: x\n",
    );
    for (template, piece) in statements(bytes, &SNAKE) {
        let line = filled(template, piece);
        match piece[3] % 16 {
            0 => out.push_str(&format!("for i in range({}):\n    {line}\n", piece[2])),
            1 => out.push_str(&format!("if v{}:\n    {line}\n", piece[2] % 6)),
            2 => out.push_str(&format!("while v{}:\n    {line}\n", piece[2] % 6)),
            _ => {
                out.push_str(&line);
                out.push('\n');
            }
        }
    }
    out.push_str("exec(v0)\nos.system(v1)\neval(v2)\nv4(v5)\n");
    out
}

fn statements<'t>(
    bytes: &[u8],
    templates: &'t [&'t str],
) -> impl Iterator<Item = (&'t str, [u8; 4])> {
    let pieces: Vec<[u8; 4]> = bytes
        .chunks_exact(4)
        .take(200)
        .map(|piece| [piece[0], piece[1], piece[2], piece[3]])
        .collect();
    pieces
        .into_iter()
        .map(move |piece| (templates[usize::from(piece[0]) % templates.len()], piece))
}

fn filled(template: &str, piece: [u8; 4]) -> String {
    let variable = |byte: u8| format!("v{}", byte % 6);
    template
        .replace("$a", &variable(piece[1]))
        .replace("$b", &variable(piece[2]))
        .replace("$c", &variable(piece[3]))
        .replace("$n", &piece[3].to_string())
}
