import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import files from 'muster:console';

const MOST_BYTES = 150 * 1024;

const text = (path: RegExp) => {
  const file = files.find((one) => path.test(one.path))!;
  return gunzipSync(Buffer.from(file.gzip, 'base64')).toString('utf8');
};

test('all files together have at most 150 kB, compressed', () => {
  const bytes = files.reduce((sum, { gzip }) => sum + Buffer.from(gzip, 'base64').length, 0);
  expect(bytes).toBeLessThan(MOST_BYTES);
  expect(bytes).toBeGreaterThan(10_000);
});

test('the page is the first file, and refers to all others by relative paths', () => {
  expect(files[0]).toMatchObject({ path: '/', type: 'text/html; charset=utf-8' });
  const page = text(/^\/$/);
  const named = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => `/${path}`);
  expect(named.sort()).toEqual(
    files
      .slice(1)
      .map(({ path }) => path)
      .sort(),
  );
});

test('the name of a file changes with its content', () => {
  const [app] = files.filter(({ path }) => /^\/assets\/app-[0-9a-f]{10}\.js$/.test(path));
  const digest = createHash('sha256')
    .update(gunzipSync(Buffer.from(app!.gzip, 'base64')))
    .digest('hex');
  expect(app!.path).toBe(`/assets/app-${digest.slice(0, 10)}.js`);
});

test('nothing is inline, and nothing is elsewhere', () => {
  const page = text(/^\/$/);
  expect(page).not.toMatch(/<style|style="|<script(?![^>]* src=)|\son\w+=/);
  // Addresses that name a language of markup, and that nobody asks for.
  const names = /http:\/\/www\.w3\.org\/[\w/]+/g;
  for (const content of [page, text(/\.js$/), text(/\.css$/)])
    expect(content.replaceAll(names, '').match(/https?:\/\/[^\s"'`]+/g) ?? []).toEqual([]);
});

test('the schemas of the server stay there: the page has their types alone', () => {
  expect(text(/\.js$/)).not.toMatch(/ZodError|strictObject|invalid_type/);
});
