// What is wrong with the page for who cannot see it, or sees it differently: a list of sentences.
(() => {
  const wrong = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const name = (e) => `${e.tagName.toLowerCase()}.${e.getAttribute('class') ?? ''} "${(e.textContent ?? '').trim().slice(0, 40)}"`;
  const check = (holds, sentence) => { if (!holds) wrong.push(sentence); };

  check(document.title !== '', 'the page has no title');
  check(document.documentElement.lang !== '', 'the page names no language');
  check(all('h1').length === 1, `there are ${all('h1').length} h1`);
  let level = 0;
  for (const heading of all('h1, h2, h3, h4')) {
    const own = Number(heading.tagName[1]);
    check(own <= level + 1, `a heading is left out before ${name(heading)}`);
    level = own;
  }
  for (const landmark of ['main', 'header', 'nav', 'footer']) {
    check(all(landmark).length > 0, `there is no ${landmark}`);
  }
  const ids = all('[id]').map((e) => e.id);
  check(new Set(ids).size === ids.length, 'two elements have one id');
  for (const attribute of ['aria-labelledby', 'aria-describedby', 'for']) {
    for (const e of all(`[${attribute}]`)) {
      for (const id of e.getAttribute(attribute).split(/\s+/)) {
        check(document.getElementById(id), `${name(e)} names ${id}, which is not there`);
      }
    }
  }
  for (const e of all('input, select')) check(e.labels.length === 1, `${e.name} has no label`);
  for (const e of all('a, button, summary')) check(e.textContent.trim() !== '', 'a link without words');
  for (const e of all('nav')) check(e.getAttribute('aria-label'), 'a nav without a name');
  for (const e of all('table')) {
    check(e.caption && e.caption.textContent !== '', 'a table without a caption');
    check(e.querySelectorAll('thead th[scope=col]').length > 0, `${name(e.caption)}: no columns`);
    for (const row of e.tBodies[0].rows) {
      check(row.querySelector('th[scope=row]'), `${name(row)} has no heading`);
    }
  }
  for (const e of all('svg')) {
    const isHidden = e.getAttribute('aria-hidden') === 'true';
    check(isHidden || (e.getAttribute('role') === 'img' && e.querySelector('title')), 'a picture without words');
  }
  check(all('script, iframe, object, embed, [style], [onclick], [onerror]').length === 0, 'there is something active');
  for (const e of all('[src], [href]')) {
    const url = new URL(e.getAttribute('src') ?? e.getAttribute('href'), location.href);
    check(url.origin === location.origin, `${name(e)} leads to ${url}`);
  }
  check(!/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/.test(document.body.textContent), 'a character that steers');

  // Targets that are no links within text.
  for (const e of all('nav a, button, input, select, summary, .pages a')) {
    const box = e.getBoundingClientRect();
    if (box.width > 0) check(box.height >= 24 && box.width >= 24, `${name(e)} is ${box.width} × ${box.height}`);
  }
  const width = document.documentElement;
  check(width.scrollWidth <= width.clientWidth, `it scrolls sideways: ${width.scrollWidth} > ${width.clientWidth}`);

  // Contrast of every text with what is behind it.
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((c) => {
      const share = c / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const seen = new Set();
  for (const e of all('body *')) {
    const hasText = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim() !== '');
    if (!hasText || e.getClientRects().length === 0 || e.tagName === 'title' || e.tagName === 'desc') continue;
    const style = getComputedStyle(e);
    const ink = numbers(e instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(ink), light(ground(e))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const key = `${ink} on ${ground(e)}`;
    if (contrast < 4.5 && !seen.has(key)) {
      seen.add(key);
      check(false, `${name(e)}: contrast ${contrast.toFixed(2)} (${key})`);
    }
  }
  return wrong;
})()
