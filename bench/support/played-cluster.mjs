import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

// A cluster of 144 nodes with gangs that run and gangs that wait, for pictures: kube-scheduler's part is played.

const NODES = 144;
const GIB = 'Gi';
const MINUTE_MS = 60_000;

const POLICY = `
policies:
  - { name: batch, topology: { mode: prefer, keys: [topology.kubernetes.io/rack] } }
queues:
  - name: prod
    guaranteed: { cpu: 2200, memory: 8800Gi }
    queues:
      - { name: etl, guaranteed: { cpu: 1400 } }
      - { name: ml, guaranteed: { cpu: 800 }, podSize: { cpu: 32 } }
  - { name: adhoc, max: { cpu: 700 }, users: { gangs: 8 } }
  - { name: research, weight: 2 }
`;

const RUNNING = [
  ['etl', 'nightly-load', 'prod.etl', 'anna', 120, 8, 32],
  ['etl', 'sessions', 'prod.etl', 'anna', 48, 4, 16],
  ['etl', 'billing-facts', 'prod.etl', 'dilara', 64, 6, 12],
  ['ml', 'embeddings', 'prod.ml', 'chen', 40, 12, 80],
  ['ml', 'features-daily', 'prod.ml', 'emeka', 36, 8, 24],
  ['adhoc', 'funnel-explore', 'adhoc', 'bo', 24, 4, 8],
  ['adhoc', 'churn', 'adhoc', 'farah', 40, 6, 8],
  ['research', 'simulation-7', 'research', 'goran', 80, 6, 10],
  ['research', 'alignment', 'research', 'hana', 44, 5, 16],
];

const WAITING = [
  ['etl', 'orders-snapshot', 'prod.etl', 'anna', 90, 8, 24, 47],
  ['etl', 'inventory', 'prod.etl', 'dilara', 40, 6, 12, 31],
  ['ml', 'train-large', 'prod.ml', 'chen', 160, 14, 48, 26],
  ['ml', 'ranker-v2', 'prod.ml', 'emeka', 80, 12, 48, 24],
  ['adhoc', 'ltv-model', 'adhoc', 'bo', 60, 8, 16, 22],
  ['adhoc', 'cohorts', 'adhoc', 'farah', 50, 6, 8, 19],
  ['research', 'protein-sweep', 'research', 'goran', 200, 8, 24, 17],
  ['research', 'huge-shards', 'research', 'hana', 8, 96, 400, 15],
  ['etl', 'clicks-hourly', 'prod.etl', 'anna', 72, 8, 16, 12],
  ['etl', 'refunds', 'prod.etl', 'dilara', 64, 8, 16, 11],
  ['adhoc', 'ab-test-31', 'adhoc', 'ivan', 70, 8, 12, 9],
  ['ml', 'eval-nightly', 'prod.ml', 'chen', 96, 12, 32, 8],
  ['research', 'ablation-4', 'research', 'hana', 120, 8, 24, 6],
  ['etl', 'ledger-close', 'prod.etl', 'jo', 110, 8, 24, 5],
  ['adhoc', 'geo-join', 'adhoc', 'bo', 66, 8, 16, 3],
  ['research', 'lattice', 'research', 'goran', 150, 8, 16, 2],
];

const ago = (minutes) => new Date(Date.now() - minutes * MINUTE_MS).toISOString();
const nodeName = (i) => `node-${String(i).padStart(3, '0')}`;

function nodes() {
  return Array.from({ length: NODES }, (_, i) => {
    const labels = {
      'topology.kubernetes.io/zone': `eu-1${'abc'[Math.floor(i / 48)]}`,
      'topology.kubernetes.io/rack': `rack-${String(Math.floor(i / 12)).padStart(2, '0')}`,
    };
    const allocatable = { cpu: '32', memory: `120${GIB}`, pods: '110' };
    const spec = i % 41 === 7 ? { unschedulable: true } : {};
    return { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName(i), labels }, spec, status: { allocatable } };
  });
}

/** The pod of a gang: its driver (`at` 0) or an executor. */
function podOf([namespace, name, queue, user, executors, cpu, memory], at, minutes, node) {
  const role = at === 0 ? 'driver' : 'executor';
  const driver = { cpu: '2', memory: `8${GIB}` };
  const executor = { cpu: String(cpu), memory: `${memory}${GIB}` };
  const roles = [
    { name: 'driver', count: 1, requests: driver },
    { name: 'executor', count: executors, min: executors, requests: executor },
  ];
  const declared = { 'muster.dev/roles': JSON.stringify(roles), 'muster.dev/queue': queue, 'muster.dev/user': user };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...{ namespace, name: `${name}-${at === 0 ? 'driver' : `exec-${at}`}`, uid: `${namespace}-${name}-${at}` },
      creationTimestamp: ago(minutes),
      labels: { 'muster.dev/gang': name, 'muster.dev/role': role },
      annotations: at === 0 ? declared : {},
    },
    spec: {
      schedulerName: 'muster',
      ...(node === undefined ? {} : { nodeName: node }),
      containers: [{ name: 'spark', image: 'spark', resources: { requests: at === 0 ? driver : executor } }],
    },
    status: { phase: node === undefined ? 'Pending' : 'Running', startTime: ago(minutes) },
  };
}

/** All gangs that run, packed node by node, each from its own place on. */
function running() {
  const free = Array.from({ length: NODES }, (_, i) => (i % 41 === 7 ? [0, 0] : [32, 120]));
  return RUNNING.flatMap((gang, g) => {
    const [, , , , executors, cpu, memory] = gang;
    let at = g * 17;
    return Array.from({ length: executors + 1 }, (_, i) => {
      const [cores, gib] = i === 0 ? [2, 8] : [cpu, memory];
      for (let tried = 0; tried < NODES; tried++, at++) {
        const room = free[at % NODES];
        if (room[0] < cores || room[1] < gib) continue;
        room[0] -= cores;
        room[1] -= gib;
        return podOf(gang, i, 95 - g * 9, nodeName(at % NODES));
      }
      throw new Error(`no room for ${gang[1]}`);
    });
  });
}

/** Serves it from dist/cli.js. @param folder where its files are written */
export async function servePlayed(folder) {
  const list = (items) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  writeFileSync(join(folder, 'nodes.json'), list(nodes()));
  writeFileSync(join(folder, 'pods.json'), list(running()));
  writeFileSync(join(folder, 'policy.yaml'), POLICY);
  const files = ['nodes', 'pods'].flatMap((name) => [`--${name}`, join(folder, `${name}.json`)]);
  const args = ['dist/cli.js', 'serve', '--port', '0', ...files, '--policy', join(folder, 'policy.yaml')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await urlOf(child);
  const names = Array.from({ length: NODES }, (_, i) => nodeName(i));
  for (const gang of WAITING) {
    const pod = podOf(gang, 0, gang[7]);
    const body = JSON.stringify({ Pod: pod, Nodes: null, NodeNames: names });
    await fetch(`${url}/filter`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  }
  return { url, stop: () => new Promise((done) => void child.once('close', done).kill()) };
}

async function urlOf({ stdout }) {
  let text = '';
  return new Promise((resolve, reject) => {
    stdout.on('data', (chunk) => {
      text += chunk;
      const [, url] = /"url":"(http:[^"]+)"/.exec(text) ?? [];
      if (url) resolve(url);
    });
    stdout.on('end', () => reject(new Error(`muster ended: ${text}`)));
  });
}
