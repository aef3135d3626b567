// Draws every recorded screen in WebKitGTK and writes the pictures to a folder, to be looked at:
//   xvfb-run -a -s "-screen 0 1280x1600x24" node tests/gallery.mjs <folder> [sizes] [names]
// `GTK_THEME=Adwaita:dark` gives the dark theme, `GTK_THEME=HighContrast` more contrast. With `AXE=1` axe-core judges every screen,
// and any violation, and any page wider than its window, ends the run with an error. No dependency of its own: WebDriver is plain HTTP.

import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const BROWSER = process.env.MINI_BROWSER ?? '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser';
const DRIVER_PORT = 14_444;
const [folder = 'gallery', sizes = '960x720', only = ''] = process.argv.slice(2);
const textScale = process.env.TEXT_SCALE ?? '100';
const here = fileURLToPath(new URL('..', import.meta.url));
const axe = process.env.AXE ? await readFile(`${here}/node_modules/axe-core/axe.min.js`, 'utf8') : null;

const vite = await createServer({ root: here, configFile: `${here}/vite.config.ts`, server: { port: 0, strictPort: false } });
await vite.listen();
const page = vite.resolvedUrls.local[0];
const { RECORDED_NAMES } = await vite.ssrLoadModule('/src/host/recorded.ts');
const names = RECORDED_NAMES.filter((name) => name.includes(only));

const driver = spawn('WebKitWebDriver', ['--host=127.0.0.1', `--port=${DRIVER_PORT}`], { stdio: 'ignore' });
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

async function ask(method, path, body) {
  const answer = await fetch(`http://127.0.0.1:${DRIVER_PORT}${path}`, { method, body: body && JSON.stringify(body) });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${JSON.stringify(value)}`);
  return value;
}

let faults = 0;
let session = null;
try {
  for (let tries = 0; session === null; tries++) {
    try {
      const options = { binary: BROWSER, args: ['--automation'] };
      const made = await ask('POST', '/session', { capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } } });
      session = `/session/${made.sessionId}`;
    } catch (error) {
      if (tries > 20) throw error;
      await wait(250);
    }
  }
  await mkdir(folder, { recursive: true });
  const script = (code, args = []) => ask('POST', `${session}/execute/sync`, { script: code, args });
  for (const size of sizes.split(',')) {
    const [width, height] = size.split('x').map(Number);
    await ask('POST', `${session}/window/rect`, { x: 0, y: 0, width, height });
    for (const name of names) {
      await ask('POST', `${session}/url`, { url: `${page}?screen=${name}` });
      for (let tries = 0; tries < 100 && (await script('return document.documentElement.dataset.ready')) !== 'true'; tries++)
        await wait(50);
      // MiniBrowser has a tool bar and a smallest width: height is added, and a narrower page is drawn in a frame.
      const lack = await script('return [arguments[0] - innerWidth, arguments[1] - innerHeight]', [width, height]);
      const framed = lack[0] < 0;
      if (framed) {
        await script(
          `const frame = document.createElement('iframe');
           frame.style.cssText = 'display:block;border:0;width:' + arguments[0] + 'px;height:' + arguments[1] + 'px';
           frame.src = location.href;
           document.body.replaceChildren(frame);`,
          [width, height],
        );
        await ask('POST', `${session}/frame`, { id: 0 });
        for (let tries = 0; tries < 100 && (await script('return document.documentElement.dataset.ready')) !== 'true'; tries++)
          await wait(50);
      } else if (lack[0] !== 0 || lack[1] !== 0) {
        await ask('POST', `${session}/window/rect`, { width: width + lack[0], height: height + lack[1] });
        await wait(300);
      }
      await script('document.documentElement.style.fontSize = arguments[0] + "%"', [textScale]);
      await wait(350);
      const wide = await script('return document.documentElement.scrollWidth - innerWidth');
      if (wide > 0) fault(`${name} at ${size}: ${wide} px wider than the window`);
      if (axe !== null) {
        await script(axe);
        const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
        const found = await ask('POST', `${session}/execute/async`, {
          script: 'axe.run({ runOnly: { type: "tag", values: arguments[0] } }).then((r) => arguments[1](r.violations))',
          args: [tags],
        });
        for (const { id, nodes } of found) fault(`${name} at ${size}: ${id}: ${nodes.map((node) => node.html).join(' | ')}`);
      }
      let picture;
      if (framed) {
        await ask('POST', `${session}/frame`, { id: null });
        const frame = await ask('POST', `${session}/element`, { using: 'css selector', value: 'iframe' });
        picture = await ask('GET', `${session}/element/${Object.values(frame)[0]}/screenshot`);
      } else {
        picture = await ask('GET', `${session}/screenshot`);
      }
      await writeFile(`${folder}/${name}-${size}.png`, Buffer.from(picture, 'base64'));
    }
  }
  console.log(`${names.length} screens in ${folder}, ${faults} faults`);
} finally {
  if (session !== null) await ask('DELETE', session).catch(() => {});
  driver.kill();
  await vite.close();
}
process.exitCode = faults === 0 ? 0 : 1;

function fault(words) {
  faults += 1;
  console.log(words);
}
