import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { inspectRules } from '../../src/intake/policy-file.ts';
import { PolicyFile } from '../../src/intake/policy-schema.ts';

const folder = new URL('../../docs/', import.meta.url);
const blocks = readdirSync(folder)
  .filter((file) => file.endsWith('.md'))
  .flatMap((file) =>
    [...readFileSync(new URL(file, folder), 'utf8').matchAll(/```yaml\n([^]*?)```/g)].map(
      ([, text], i) => [`block ${i + 1} of docs/${file}`, text!] as const,
    ),
  );
const FIELDS = new Set(Object.keys(PolicyFile.shape));
/** What other YAML begins with: of kustomize, of the webhook, of a mix of jobs; a manifest. */
const OTHERS = ['resources', 'patches', 'rules', 'groups', 'apiVersion'];
const firstField = (text: string) => /^([\w-]+):/m.exec(text)?.[1] ?? '';

test('every block of YAML in docs is a policy file, or of a kind that is known', () => {
  expect(blocks.length).toBeGreaterThan(15);
  const unknown = blocks.filter(([, text]) => !FIELDS.has(firstField(text)) && !OTHERS.includes(firstField(text)));
  expect(unknown.map(([name]) => name)).toEqual([]);
});

test.each(blocks.filter(([, text]) => FIELDS.has(firstField(text))))(
  '%s is a policy file without mistakes and warnings',
  (name, text) => {
    expect(inspectRules(text, name).warnings).toEqual([]);
  },
);
