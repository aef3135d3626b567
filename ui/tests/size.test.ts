// How much script the window reads before its first screen.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';

/** What is read before the first screen, packed; the rest comes in pieces while that is looked at. */
const MOST_BYTES = 60_000;

it('reads at most 60 kB of script before its first screen', { timeout: 120_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'likeness-page-'));
  try {
    const build = ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'error', '--outDir', folder];
    execFileSync(process.execPath, build, { env: { ...process.env, NODE_ENV: 'production' } });
    const page = readFileSync(join(folder, 'index.html'), 'utf8');
    const first = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(([, name]) => name ?? '');
    const later = readdirSync(join(folder, 'assets')).filter((name) => name.endsWith('.js') && !first.includes(`assets/${name}`));
    const bytes = first.reduce((sum, name) => sum + gzipSync(readFileSync(join(folder, name))).byteLength, 0);
    expect(bytes, first.join(', ')).toBeLessThanOrEqual(MOST_BYTES);
    expect(first).not.toEqual([]);
    expect(later, 'the screens about photos and the account come later').not.toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
