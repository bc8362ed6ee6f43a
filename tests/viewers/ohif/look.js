// usage: node look.js DIST ORTHANC STUDY PICTURES [MODALITY=TEXT ...]
// Opens a study in the OHIF viewer (DIST: its built files) in headless Chromium, shows each of its series in turn, and fails where
// the viewport stays black, the page throws, something never ends loading, a series of MODALITY does not show TEXT,
// or cuts words off at the viewport's edge. With PICTURES (a prefix of file names; "-": none) it photographs what it saw. Prints one
// line a series. The environment's WINDOW (1920x1080) is the window's size in pixels.
'use strict';
const puppeteer = require('puppeteer-core');
const { start } = require('./server.js');

const PATIENCE = Number(process.env.PATIENCE_MS || 60000); // ms; software rendering on a busy machine takes its time
const QUICK = PATIENCE / 6; // for what needs no loading
const [WIDTH, HEIGHT] = (process.env.WINDOW || '1920x1080').split('x').map(Number); // of the window, in pixels
const THUMBNAIL = '[data-cy=study-browser-thumbnail],[data-cy=study-browser-thumbnail-no-image]';
const LEAST_FILLED = 0.02; // of the canvas's pixels that are not black

const pause = ms => new Promise(done => setTimeout(done, ms));

// What can be seen now: text (measurement labels are SVG), how full the canvases are, what is being waited for.
const observe = page => page.evaluate(() => {
  const filled = canvas => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let bright = 0;
    for (let i = 0; i < data.length; i += 4) bright += data[i] + data[i + 1] + data[i + 2] > 30;
    return (4 * bright) / data.length;
  };
  const labels = [...document.querySelectorAll('svg text')].map(e => e.textContent);
  const isCut = line => {
    const { left, right } = line.getBoundingClientRect(), edge = line.ownerSVGElement.getBoundingClientRect();
    return left < edge.left || right > edge.right;
  };
  const lines = [...document.querySelectorAll('svg text tspan')].filter(e => e.textContent.trim() !== '');
  return {
    text: document.body.innerText + '\n' + labels.join('\n'),
    labels: labels.length,
    lines: lines.length,
    cut: lines.filter(isCut).map(e => e.textContent.trim()),
    empty: lines.map(e => e.textContent.trim()).filter(line => /: *%$/.test(line)),
    filled: Math.max(0, ...[...document.querySelectorAll('canvas.cornerstone-canvas')].map(filled)),
    loading: /Loading/.test(document.body.innerText),
    alive: document.querySelectorAll('[data-cy^=study-browser-thumbnail]').length > 0,
  };
});

async function waitUntil(page, holds, patience = PATIENCE) {
  const end = Date.now() + patience;
  let seen = await observe(page);
  while (!holds(seen) && Date.now() < end) {
    await pause(500);
    seen = await observe(page);
  }
  return seen;
}

// OHIF asks first-time users whether they want a tour, and whether to open what was found.
async function answer(page) {
  for (const button of await page.$$('button'))
    if (/^(Yes|Skip all)$/.test(await page.evaluate(e => e.innerText.trim(), button))) await button.click();
}

// OHIF looks for a report's images once, when the report is opened: it must not be before all series are listed.
async function waitForList(page, expected) {
  const end = Date.now() + PATIENCE;
  let before = '';
  for (let same = 0; same < 4 && Date.now() < end;) {
    await pause(500);
    const labels = await page.$$eval(THUMBNAIL, all => all.map(e => e.innerText.trim()));
    const list = labels.join('|');
    same = list === before && expected.every(e => labels.some(label => label.startsWith(e.modality))) ? same + 1 : 0;
    before = list;
  }
}

// OHIF draws a report's outlines when its image is drawn next. Where the image was drawn before it knew them (it comes from the
// cache, or the machine is busy) they stay away until something draws it again: here, a window that is a pixel less high.
async function drawAgain(page) {
  await page.setViewport({ width: WIDTH, height: HEIGHT - 1 });
  await pause(500);
  await page.setViewport({ width: WIDTH, height: HEIGHT });
  await pause(1000);
}

async function show(page, thumbnail, wanted) {
  await thumbnail.scrollIntoView();
  await thumbnail.click({ clickCount: 2 });
  await pause(2000); // the former series is still there for a moment
  await answer(page);
  const there = seen => !seen.alive || (!seen.loading && seen.filled >= LEAST_FILLED);
  const complete = seen => there(seen) && (!seen.alive || wanted.every(text => seen.text.includes(text)));
  await waitUntil(page, there);
  await answer(page);
  await pause(1500); // for what comes on top: outlines, segments; the viewport is built anew meanwhile
  let seen = await waitUntil(page, complete, QUICK);
  const again = !complete(seen);
  if (again) {
    await drawAgain(page);
    seen = await waitUntil(page, complete);
  }
  return { ...seen, again };
}

function faultsOf(seen, wanted, thrown) {
  const faults = wanted.filter(text => !seen.text.includes(text)).map(text => `does not show "${text}"`);
  if (!seen.alive) faults.push('the application is gone');
  if (seen.loading) faults.push('never ends loading');
  if (seen.filled < LEAST_FILLED) faults.push('the viewport is black');
  for (const line of seen.cut) faults.push(`"${line}" is cut off at the viewport's edge`);
  for (const line of seen.empty) faults.push(`"${line}" has no number`);
  return faults.concat(thrown.map(error => `threw ${error}`));
}

async function lookAtAll(page, thrown, pictures, expected) {
  await page.waitForSelector(THUMBNAIL, { timeout: PATIENCE });
  await waitUntil(page, seen => seen.filled >= LEAST_FILLED);
  await answer(page);
  await waitForList(page, expected);
  const count = (await page.$$(THUMBNAIL)).length;
  const met = new Set();
  let faulty = count === 0;
  for (let i = 0; i < count; i++) {
    const thumbnail = (await page.$$(THUMBNAIL))[i];
    if (!thumbnail) { console.log(`series ${i + 1}: FAULT: its thumbnail is gone`); return true; }
    const label = (await page.evaluate(e => e.innerText, thumbnail)).replace(/\s+/g, ' ').trim();
    const modality = label.split(' ')[0];
    const wanted = expected.filter(e => e.modality === modality).map(e => e.text);
    thrown.length = 0;
    const seen = await show(page, thumbnail, wanted);
    const faults = faultsOf(seen, wanted, thrown);
    met.add(modality);
    if (pictures !== '-') await page.screenshot({ path: `${pictures}-${i + 1}-${modality}.png` });
    faulty = faulty || faults.length > 0;
    console.log(`${label}: ${Math.round(100 * seen.filled)} % filled, ${seen.labels} labels of ${seen.lines} lines` + (seen.again ? ', after it was drawn again' : '') +
      faults.map(fault => `; FAULT: ${fault}`).join(''));
  }
  for (const { modality } of expected)
    if (!met.has(modality)) { console.log(`FAULT: there is no series of ${modality}`); faulty = true; }
  return faulty;
}

async function main() {
  const [dist, orthanc, study, pictures, ...rest] = process.argv.slice(2);
  const expected = rest.map(e => ({ modality: e.slice(0, e.indexOf('=')), text: e.slice(e.indexOf('=') + 1) }));
  const server = await start(dist, orthanc);
  const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    headless: 'new', pipe: true, args: ['--no-sandbox', '--disable-dev-shm-usage', '--use-gl=angle',
      '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'] });
  try {
    const page = await browser.newPage();
    const thrown = [];
    await page.setViewport({ width: WIDTH, height: HEIGHT });
    page.on('pageerror', error => thrown.push(String(error).slice(0, 200)));
    await page.goto(`http://127.0.0.1:${server.address().port}/viewer?StudyInstanceUIDs=${study}`,
      { waitUntil: 'domcontentloaded', timeout: PATIENCE });
    return await lookAtAll(page, thrown, pictures, expected) ? 1 : 0;
  } finally {
    await browser.close();
    server.close();
  }
}

main().then(code => process.exit(code), error => { console.error(String(error)); process.exit(1); });
