import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Membership, PodInfo, Role } from '../../../src/core/model.ts';
import type { Json } from '../../../src/intake/field.ts';
import { DEFAULT_CONTEXT, type GangObjects, type LivingPod } from '../../../src/intake/gang-objects.ts';
import { toPodInfo } from '../../../src/intake/pod.ts';
import { sparkConfOf } from '../../../src/intake/spark/driver-conf.ts';
import { submissionOf } from '../../../src/intake/submission.ts';
import { blocksOf, docText, type DocBlock } from '../../support/doc-blocks.ts';

const DOC = 'docs/run-my-spark-job.md';
const MIB = 2 ** 20;

/** What Spark, its operators and clients know, and muster does not read: each was looked up in their documentation. */
const OF_OTHERS = new Set([
  'spark.master',
  'spark.submit.deployMode',
  'spark.driver.host',
  'spark.dynamicAllocation.shuffleTracking.enabled',
  'spark.kubernetes.namespace',
  'spark.kubernetes.container.image',
  'spark.kubernetes.file.upload.path',
  'spark.kubernetes.authenticate.driver.serviceAccountName',
  'spark.kubernetes.submission.waitAppCompletion',
  'spark.kubernetes.driver.pod.name',
  'kyuubi.session.engine.initialize.timeout',
  'livy.spark.master',
  'livy.spark.deploy-mode',
  'livy.rsc.server.connect.timeout',
]);
/** Spark hands these on to its pods, where muster reads them. */
const HANDED_ON = /^spark\.kubernetes\.(driver|executor)\.(label|annotation)\.muster\.dev\/[\w-]+$/;

type Conf = ReadonlyMap<string, string>;

/** The conf of a command line, a list of arguments, a notebook, a properties file or a request of Livy. */
function confOf(text: string): Conf {
  const assigned = [
    ...text.matchAll(/--conf[ =]([\w./-]+)=(\S+)/g),
    ...text.matchAll(/"--conf", "([\w./-]+)=([^"]+)"/g),
    ...text.matchAll(/\.config\("([\w.]+)", "([^"]+)"\)/g),
    ...text.matchAll(/^([a-z][\w.-]+)=(\S+)$/gm),
    ...text.matchAll(/^ +"(spark\.[\w.]+)": "([^"]+)"/gm),
  ];
  return new Map(assigned.map(([, key, value]) => [key!, value!]));
}

/** The pods of the app as Spark makes them in cluster mode, with the ConfigMap that spark-submit leaves. */
function submitted(conf: Conf, isPython: boolean): Membership | undefined {
  const resolved = new Map(conf).set('spark.kubernetes.memoryOverheadFactor', isPython ? '0.4' : '0.1');
  resolved.set('spark.kubernetes.resource.type', isPython ? 'python' : 'java');
  const properties = [...resolved].map(([key, value]) => `${key}=${value.replace(/[:=]/g, '\\$&')}`).join('\n');
  const read = sparkConfOf({ data: { 'spark.properties': properties } });
  const gangObjects: GangObjects = { get: (kind) => (kind === 'spark-conf' ? read : undefined) as never };
  return podOf('driver', conf, { gangObjects }).membership;
}

interface Around {
  readonly gangObjects?: GangObjects;
  /** What the owner is, as far as muster knows. */
  readonly livingPod?: LivingPod;
  /** Of the executors' owner: absent in client mode without spark.kubernetes.driver.pod.name. */
  readonly owner?: string;
}

function podOf(role: 'driver' | 'executor', conf: Conf, { gangObjects, livingPod, owner }: Around): PodInfo {
  const prefix = `spark.kubernetes.${role}.label.`;
  const handedOn = [...conf].filter(([key]) => key.startsWith(prefix));
  const [, version] = /:(\d+\.\d+\.\d+)/.exec(conf.get('spark.kubernetes.container.image') ?? '') ?? [];
  const labels = {
    ...Object.fromEntries(handedOn.map(([key, value]) => [key.slice(prefix.length), value])),
    'spark-role': role,
    'spark-app-selector': 'spark-0123',
    ...(version === undefined ? {} : { 'spark-version': version }),
  };
  const requests = role === 'driver' ? { cpu: '1', memory: '2432Mi' } : { cpu: '4', memory: '9011Mi' };
  const object = {
    metadata: {
      name: role,
      uid: role,
      namespace: conf.get('spark.kubernetes.namespace'),
      labels,
      ownerReferences: owner === undefined ? [] : [{ kind: 'Pod', name: owner, uid: owner, controller: true }],
    },
    spec: {
      schedulerName: conf.get('spark.kubernetes.scheduler.name'),
      containers: [{ name: 'spark', image: 'i', resources: { requests } }],
      volumes: role === 'driver' ? [{ name: 'spark-conf-volume-driver', configMap: { name: 'conf' } }] : [],
    },
  };
  const known = { gangObjects: gangObjects ?? DEFAULT_CONTEXT.gangObjects, livingPod: () => livingPod };
  return toPodInfo(object, role, { ...DEFAULT_CONTEXT, ...known });
}

const counted = (n: number, noun: string) => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;

/** The document's own words for a gang. */
function sentence(roles: readonly Role[]): string {
  const [leader, executor] = roles as [Role, Role];
  const { min, count, request } = executor;
  const many = min === count ? counted(count, 'executor') : `${min} to ${counted(count, 'executor')}`;
  const cores = counted((request.get('cpu') ?? 0) / 1000, 'core');
  const mib = ((request.get('memory') ?? 0) / MIB).toLocaleString('en');
  return `muster sees ${counted(leader.count, leader.name)} and ${many}, each with ${cores} and ${mib} MiB.`;
}

/** The manifest in a block: of YAML, or of Python that holds it as text. */
const manifestOf = ({ language, text }: DocBlock): string | undefined =>
  language === 'yaml' ? text : /"""\n([^]*?)"""/.exec(text)?.[1];

function gangOf(block: DocBlock): Membership | undefined {
  const manifest = manifestOf(block);
  if (manifest === undefined) return submitted(confOf(block.text), /local:\S+\.py\b/.test(block.text));
  const object = parse(manifest) as Json;
  return object['kind'] === 'Deployment' ? podOfDeployment(object).membership : submissionOf([object], DOC).membership;
}

function podOfDeployment(object: Json): PodInfo {
  const { template } = object['spec'] as { template: { metadata: object } };
  const { namespace } = object['metadata'] as { namespace: string };
  return toPodInfo({ ...template, metadata: { ...template.metadata, name: 'p', uid: 'u', namespace } }, 'Deployment');
}

/** Each example with what the document says that muster sees in it. */
const examples = blocksOf(DOC).flatMap((block) => {
  const says = /^muster sees .+$/m.exec(block.after)?.[0];
  return says === undefined ? [] : [{ block, says, name: `${block.heading} (${block.language})` }];
});
const declaring = examples.filter(({ says }) => !says.includes('no driver'));

test('every way to submit has an example, and each says what muster sees in it', () => {
  const ways = [...docText(DOC).matchAll(/^## (.+)$/gm)].map(([, heading]) => heading!);
  const others = ['Where is my job', 'To be sooner'];
  expect([...new Set(examples.map(({ block }) => block.heading))]).toEqual(ways.filter((way) => !others.includes(way)));
  expect(examples).toHaveLength(11);
});

describe.each(declaring)('$name', ({ block, says }) => {
  test('declares the gang that the document says', () => {
    const found = gangOf(block);
    expect(found?.problem).toBeUndefined();
    expect(sentence(found!.spec!.roles)).toBe(says);
  });

  test('is of no interest to muster under the name of another scheduler', () => {
    const text = block.text.replace(
      /(schedulerName: |scheduler\.name(?:=|: |": "|", "))muster/g,
      '$1default-scheduler',
    );
    expect(text).not.toBe(block.text);
    const other = { ...block, text };
    if (block.heading === 'Spark Connect')
      expect(podOfDeployment(parse(text) as Json).schedulerName).not.toBe('muster');
    else if (manifestOf(block) === undefined) expect(gangOf(other)).toBeUndefined();
    else expect(() => gangOf(other)).toThrow('muster does not decide on it');
  });
});

test.each(examples)('$name has only keys that muster reads or Spark and its clients know', ({ block }) => {
  const manifest = manifestOf(block);
  const typed = manifest === undefined ? undefined : (parse(manifest) as { spec: { sparkConf?: object } });
  const keys = [...confOf(block.text).keys(), ...Object.keys(typed?.spec.sparkConf ?? {})];
  const isRead = (key: string) => sparkConfOf({ data: { 'spark.properties': `${key}=1` } })?.has(key);
  expect(keys.filter((key) => !isRead(key) && !OF_OTHERS.has(key) && !HANDED_ON.test(key))).toEqual([]);
});

test('prose names no key of Spark that is unknown', () => {
  const prose = docText(DOC).replace(/^```\w*\n[^]*?^```$/gm, '');
  const named = [...prose.matchAll(/`((?:spark|kyuubi|livy)\.[\w./-]+)(?:=[^`]*)?`/g)].map(([, key]) => key!);
  expect(named.length).toBeGreaterThan(10);
  const isRead = (key: string) => sparkConfOf({ data: { 'spark.properties': `${key}=1` } })?.has(key);
  const isKnown = (key: string) => isRead(key) || OF_OTHERS.has(key) || HANDED_ON.test(key);
  // A file, and a field of muster's policies.
  const others = ['livy.conf', 'spark.minExecutors'];
  expect(named.filter((key) => !isKnown(key) && !others.includes(key))).toEqual([]);
});

describe('client mode', () => {
  const notebook = confOf(examples.find(({ block }) => block.heading === 'Jupyter')!.block.text);

  test('in a notebook each executor may start alone', () => {
    const { membership } = podOf('executor', notebook, {});
    expect(membership?.spec?.roles.map(({ name, min }) => [name, min])).toEqual([['executor', 1]]);
  });

  test('executors that the notebook owns are no different, as the document says', () => {
    const owned = podOf('executor', notebook, { owner: 'notebook', livingPod: 'other' });
    expect(owned).toEqual(podOf('executor', notebook, {}));
  });

  test('executors of the Connect server are in the gang that its Deployment declares', () => {
    const { block } = examples.find((one) => one.block.heading === 'Spark Connect')!;
    const declared = gangOf(block)!;
    const executor = podOf('executor', confOf(block.text), { owner: 'spark-connect-0' });
    expect(executor.membership).toEqual({ gang: declared.gang, role: 'executor' });
    expect(executor.request).toEqual(declared.spec!.roles[1]!.request);
  });
});
