import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withoutVariables } from '../../../src/intake/app-of.ts';

const document = readFileSync(new URL('../../../docs/run-times.md', import.meta.url), 'utf8');

test('docs/run-times.md has names and apps as muster reads them', () => {
  const rows = [...document.matchAll(/^\| `([^`:]+)`\s+\| `([^`]+)`\s+\|$/gm)].map(([, name, app]) => [name, app]);
  expect(rows.length).toBeGreaterThanOrEqual(6);
  for (const [name = '', app] of rows) expect(withoutVariables(name)).toBe(app);
});
