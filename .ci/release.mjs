// What a release needs beside the image; docs/release.md.
//   node .ci/release.mjs check [TAG]                     every place has the version of package.json; with TAG: and so has the tag
//   node .ci/release.mjs notes VERSION                   prints the section of CHANGELOG.md
//   node .ci/release.mjs chart FOLDER REPOSITORY DIGEST  copies the chart, with the image by its digest
//   node .ci/release.mjs plugin FOLDER URL               packs dist/cli.js as kubectl plugin, and writes krew's manifest
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const KREW = 'deploy/krew/muster.yaml';
/** Where the version stands, beside package.json. */
const PLACES = [
  ['deploy/helm/muster/Chart.yaml', /^version: (\S+)$/m],
  ['deploy/helm/muster/Chart.yaml', /^appVersion: (\S+)$/m],
  ['deploy/base/kustomization.yaml', /newName: \S+\n +newTag: (\S+)$/m],
  ['deploy/overlays/main/static-pod.yaml', /image: registry\.example\.com\/muster:(\S+)$/m],
  [KREW, /^ {2}version: v(\S+)$/m],
];

const read = (file) => readFileSync(file, 'utf8');
const version = () => JSON.parse(read('package.json')).version;

/** The sections of the changelog, newest first: title and text. */
const sections = () =>
  read('CHANGELOG.md')
    .split(/^## /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf('\n')).trim(), text.slice(text.indexOf('\n')).trim()]);

/** What is not as it must be. */
function problems(tag) {
  const wanted = version();
  const found = PLACES.filter(([file]) => existsSync(file)).flatMap(([file, pattern]) => {
    const [, has] = pattern.exec(read(file)) ?? [];
    return has === wanted ? [] : [`${file}: ${has ?? 'no version'}: expected ${wanted}, as in package.json`];
  });
  const [[newest, text] = ['no section', '']] = sections();
  if (tag === undefined)
    return newest === 'Unreleased' || newest.startsWith(`${wanted} - `)
      ? found
      : [...found, `CHANGELOG.md: ${newest}: expected Unreleased, or ${wanted} with its date`];
  return [
    ...found,
    ...(tag === `v${wanted}` ? [] : [`tag ${tag}: expected v${wanted}, as in package.json`]),
    ...(/^\d+\.\d+\.\d+ - \d{4}-\d{2}-\d{2}$/.test(newest) && newest.startsWith(`${wanted} - `)
      ? []
      : [`CHANGELOG.md: ${newest}: expected ${wanted} and its date, such as ${wanted} - 2026-01-31`]),
    ...(text === '' ? [`CHANGELOG.md: ${newest}: says nothing`] : []),
    ...(read('docs/upgrade.md').includes(`\n## To ${wanted}`) ? [] : [`docs/upgrade.md: has no section To ${wanted}`]),
  ];
}

function check(tag) {
  const found = problems(tag);
  for (const line of found) console.error(line);
  console.log(`version ${version()}${tag === undefined ? '' : `, tag ${tag}`}: ${found.length} to be mended`);
  return found.length === 0;
}

function notes(wanted) {
  const [, text] = sections().find(([title]) => title.startsWith(`${wanted} - `)) ?? [];
  if (text === undefined) throw new Error(`CHANGELOG.md has no section ${wanted}`);
  process.stdout.write(`${text}\n`);
  return true;
}

function chart(folder, repository, digest) {
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error(`${digest}: expected sha256 and 64 digits`);
  cpSync('deploy/helm/muster', folder, { recursive: true });
  const file = join(folder, 'values.yaml');
  const before = read(file);
  const after = before
    .replace('repository: registry.example.com/muster', `repository: ${repository}`)
    .replace("digest: ''", `digest: ${digest}`);
  if (!after.includes(repository) || !after.includes(digest)) throw new Error(`${file}: has no image to be named`);
  writeFileSync(file, after);
  return true;
}

function plugin(folder, url) {
  const name = `kubectl-muster-v${version()}.tar.gz`;
  const files = join(folder, 'plugin');
  mkdirSync(files, { recursive: true });
  copyFileSync('dist/cli.js', join(files, 'kubectl-muster'));
  chmodSync(join(files, 'kubectl-muster'), 0o755);
  copyFileSync('LICENSE', join(files, 'LICENSE'));
  // The same bytes from the same files, whoever packs them.
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX'];
  const pack = ['--use-compress-program=gzip -n', '-cf', join(folder, name), '-C', files, 'kubectl-muster', 'LICENSE'];
  execFileSync('tar', [...same, ...pack], { stdio: ['ignore', 'inherit', 'inherit'] });
  rmSync(files, { recursive: true });
  const sum = createHash('sha256')
    .update(readFileSync(join(folder, name)))
    .digest('hex');
  writeFileSync(join(folder, 'SHA256SUMS'), `${sum}  ${name}\n`);
  if (existsSync(KREW)) writeFileSync(join(folder, 'muster.yaml'), krew(`${url}/${name}`, sum));
  return true;
}

/** krew's manifest with the address and the checksum of the archive. */
const krew = (uri, sum) =>
  read(KREW)
    .replace(/uri: \S+/, `uri: ${uri}`)
    .replace(/sha256: '?[0-9a-f]{64}'?/, `sha256: '${sum}'`);

const COMMANDS = { check, notes, chart, plugin };
const [name, ...args] = process.argv.slice(2);
if (!(name in COMMANDS)) {
  console.error(`expected one of ${Object.keys(COMMANDS).join(', ')}`);
  process.exitCode = 2;
} else if (!COMMANDS[name](...args)) process.exitCode = 1;
