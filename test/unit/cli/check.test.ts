import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtCli } from '../../support/cli.ts';

const { folder, muster } = builtCli();

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const QUEUES = `queues:
  - name: prod
    guaranteed: { cpu: 8, memory: 4Gi }
    max: { cpu: 100 }
    queues: [{ name: etl, weight: 2 }, { name: ml, guaranteed: '50%' }]
  - { name: adhoc, guaranteed: { cpu: 4 }, lend: { cpu: 5 }, each: { max: { cpu: 2 } } }
`;
const node = (name: string, cpu: string) => ({
  kind: 'Node',
  metadata: { name },
  status: { allocatable: { cpu, memory: '8Gi' } },
});

test('check shows queues as a tree, and warnings change no exit code', async () => {
  const path = file('queues.yaml', QUEUES);
  const { code, out, err } = await muster('check', path);
  expect(code).toBe(0);
  expect(out).toBe(`${path}: ok: policy file: default
  prod      guaranteed cpu 8, memory 4Gi; max cpu 100
    etl     weight 2
    ml      guaranteed 50%
  adhoc     guaranteed cpu 4
    (each)  max cpu 2
`);
  expect(err).toBe(
    `muster: warning: ${path}:6: queues[1].lend.cpu: should be at most guaranteed.cpu, which is 4, got 5.\n`,
  );
});

test('check --nodes compares guarantees with what the nodes have', async () => {
  const path = file('queues.yaml', QUEUES);
  const nodes = file('nodes.json', JSON.stringify({ kind: 'List', items: [node('a', '6'), node('b', '4')] }));
  const { code, err } = await muster('check', path, '--nodes', nodes);
  expect(code).toBe(0);
  expect(err).toContain(
    `muster: warning: ${path}: queues are guaranteed 120% of cpu, and the nodes have 10 cores: when all need it, each gets 83% of its guarantee.\n`,
  );
  expect(err).not.toContain('% of memory');
});

test('check --kubeconfig reads the nodes of the cluster, page by page', async () => {
  const pages = [
    { metadata: { continue: 'x y' }, items: [node('a', '6')] },
    { metadata: {}, items: [{ ...node('b', '40'), spec: { unschedulable: true } }] },
  ];
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(pages[request.url?.includes('continue=x%20y') ? 1 : 0]));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    const { port } = server.address() as AddressInfo;
    const config = {
      ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c', users: [{ name: 'u', user: {} }] },
      clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } }],
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    };
    const path = file('queues.yaml', QUEUES);
    const { code, err } = await muster('check', path, '--kubeconfig', file('config.json', JSON.stringify(config)));
    expect(err).toContain('queues are guaranteed 200% of cpu, and the nodes have 6 cores');
    expect(asked).toHaveLength(2);
    expect(code).toBe(0);
  } finally {
    server.close();
  }
});

test('--nodes and --cluster exclude each other; a wrong file is told, and the others are checked', async () => {
  const good = file('queues.yaml', QUEUES);
  expect((await muster('check', good, '--cluster', '--nodes', 'preset:S')).code).toBe(2);
  const bad = file('bad.yaml', 'queues: [{ name: a }, { name: a }]');
  const { code, out, err } = await muster('check', bad, good);
  expect(code).toBe(1);
  expect(err).toContain(`${bad}:1: queues[1].name: must be unique among the queues beside it, got "a"`);
  expect(out).toContain(`${good}: ok`);
});
