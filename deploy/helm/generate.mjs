// Makes the chart's templates and src/cli/install/manifests.json from the kustomizations of deploy/, the part of the
// values' schema that is muster's configuration, and the table of values in the chart's README:
//   node deploy/helm/generate.mjs
// A test says when that has to be done again. Needs kubectl.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { generated } from './generator/files.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
/** Tests write elsewhere. */
const target = argv[2] ?? root;

const templates = join(target, 'deploy/helm/muster/templates');
mkdirSync(templates, { recursive: true });
// What a kustomization no longer has.
for (const file of readdirSync(templates)) if (file.endsWith('.yaml')) rmSync(join(templates, file));
for (const [file, text] of await generated(root)) {
  mkdirSync(dirname(join(target, file)), { recursive: true });
  writeFileSync(join(target, file), text);
}
