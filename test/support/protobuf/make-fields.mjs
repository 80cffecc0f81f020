import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, URL } from 'node:url';

// Writes fields.json: the fields of the messages below, from the .proto files of the Kubernetes version that
// test/control-plane names. Needs Go. node test/support/protobuf/make-fields.mjs
const ROOTS = ['PodList', 'NodeList', 'Status', 'WatchEvent', 'Unknown'];
const MODULES = [
  ['k8s.io/api', 'core/v1'],
  ['k8s.io/apimachinery', 'pkg/apis/meta/v1'],
  ['k8s.io/apimachinery', 'pkg/runtime'],
  ['k8s.io/apimachinery', 'pkg/api/resource'],
  ['k8s.io/apimachinery', 'pkg/util/intstr'],
];

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folderOf = (module) =>
  execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', module], {
    cwd: here('../../control-plane'),
    encoding: 'utf8',
  }).trim();

const messages = new Map();
for (const [module, path] of MODULES) {
  const text = readFileSync(`${folderOf(module)}/${path}/generated.proto`, 'utf8');
  for (const [, name, body] of text.matchAll(/^message (\w+) \{\n(.*?)^\}/gms)) {
    const fields = {};
    for (const [, map, label, type, field, number] of body.matchAll(
      /^ {2}(?:map<string, ([\w.]+)>|(optional|repeated) ([\w.]+)) (\w+) = (\d+);/gm,
    )) {
      const bare = (map ?? type).split('.').at(-1);
      fields[field] = `${number} ${map ? 'map ' : label === 'repeated' ? 'list ' : ''}${bare}`;
    }
    // core/v1 and meta/v1 share no name that is reached from the roots.
    if (!messages.has(name)) messages.set(name, fields);
  }
}

const out = {};
const reach = (name) => {
  if (out[name] || !messages.has(name)) return;
  out[name] = messages.get(name);
  for (const field of Object.values(out[name])) reach(field.split(' ').at(-1));
};
for (const root of ROOTS) reach(root);
const sorted = Object.fromEntries(Object.entries(out).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(here('fields.json'), `${JSON.stringify(sorted, undefined, 1)}\n`);
