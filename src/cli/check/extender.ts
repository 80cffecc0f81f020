import { nearestOf } from '../../core/nearest.ts';
import type { FieldFinding } from './document.ts';
import { mapsIn, type Fields } from './shape.ts';

/** The fields of an extender in kubescheduler.config.k8s.io/v1; kube-scheduler refuses others. */
const FIELDS = [
  ...['urlPrefix', 'filterVerb', 'preemptVerb', 'prioritizeVerb', 'weight', 'bindVerb', 'enableHTTPS', 'tlsConfig'],
  ...['httpTimeout', 'nodeCacheCapable', 'managedResources', 'ignorable'],
];

const VERBS = { filterVerb: 'filter', prioritizeVerb: 'prioritize', preemptVerb: 'preempt' } as const;
const WHY: Readonly<Record<keyof typeof VERBS, string>> = {
  filterVerb: 'without it muster keeps no gang together',
  prioritizeVerb: "without it a gang's members go where kube-scheduler likes, and not where the policy does",
  preemptVerb: 'without it kube-scheduler evicts pods for members that filter refuses anyway',
};

/** With 13 a full score of muster outweighs kube-scheduler's own scores together. */
const WEIGHT = 13;
const LONG_MS = 5000;

/** Whether the extender is muster, and not another one beside it. */
export function isMusters({ urlPrefix, filterVerb, preemptVerb }: Fields): boolean {
  if (filterVerb === 'filter' && preemptVerb === 'preempt') return true;
  return typeof urlPrefix === 'string' && /:8889\/?$|muster/.test(urlPrefix);
}

/** What is wrong with muster's part of a KubeSchedulerConfiguration. @param at its place */
export function extenderFindings(extender: Fields, at: readonly PropertyKey[]): FieldFinding[] {
  const say = (kind: FieldFinding['kind'], field: string, message: string): FieldFinding => ({
    ...{ kind, path: [...at, field], message, input: extender[field] },
  });
  const wrong = (field: string, message: string) => say('mistake', field, message);
  const odd = (field: string, message: string) => say('warning', field, message);
  return [
    ...Object.keys(extender)
      .filter((key) => !FIELDS.includes(key))
      .map((key) => wrong(key, `is no field of an extender${suggestion(key)}; kube-scheduler would not start`)),
    ...address(extender, wrong, odd),
    ...verbs(extender, wrong),
    ...weight(extender, wrong, odd),
    ...resources(extender, wrong, odd),
    ...timeout(extender, wrong, odd),
    ...(extender['nodeCacheCapable'] === true
      ? []
      : [
          odd(
            'nodeCacheCapable',
            'should be true: without it kube-scheduler sends whole nodes (a hundred times the bytes), and from 1.33 on scores every node as empty',
          ),
        ]),
    ...(extender['ignorable'] === true
      ? [odd('ignorable', 'should be false: with it pods start outside their reservations while muster is away')]
      : []),
  ];
}

type Say = (field: string, message: string) => FieldFinding;

function address({ urlPrefix, enableHTTPS, tlsConfig }: Fields, wrong: Say, odd: Say): FieldFinding[] {
  const url = typeof urlPrefix === 'string' && URL.canParse(urlPrefix) ? new URL(urlPrefix) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol))
    return [wrong('urlPrefix', 'expected the URL of the verbs, such as http://127.0.0.1:8889')];
  const isLocal = /^(127\.|localhost$|\[::1\]$)/.test(url.hostname);
  const isTls = url.protocol === 'https:' || enableHTTPS === true || tlsConfig !== undefined;
  return [
    ...(/\/(filter|prioritize|preempt)\/?$/.test(url.pathname)
      ? [wrong('urlPrefix', 'must end before the verb: kube-scheduler adds it')]
      : []),
    ...(url.port === '8888'
      ? [wrong('urlPrefix', 'port 8888 answers people and not kube-scheduler: the verbs of --live are on port 8889')]
      : []),
    ...(isLocal || isTls
      ? []
      : [
          odd(
            'urlPrefix',
            'should be https:// with tlsConfig: this address is not on the loopback, and anybody on the way may answer',
          ),
        ]),
    ...(url.protocol === 'https:' && enableHTTPS !== true
      ? [wrong('enableHTTPS', 'must be true for an https:// urlPrefix: without it kube-scheduler uses no tlsConfig')]
      : []),
  ];
}

function verbs(extender: Fields, wrong: Say): FieldFinding[] {
  const named = (Object.keys(VERBS) as (keyof typeof VERBS)[]).flatMap((field) => {
    if (extender[field] === VERBS[field]) return [];
    return [wrong(field, `must be ${VERBS[field]}: ${WHY[field]}`)];
  });
  const binds = (extender['bindVerb'] ?? '') !== '';
  return [...named, ...(binds ? [wrong('bindVerb', 'must be absent: muster binds no pods, kube-scheduler does')] : [])];
}

function weight({ weight: given }: Fields, wrong: Say, odd: Say): FieldFinding[] {
  if (typeof given !== 'number' || !Number.isInteger(given) || given < 1)
    return [
      wrong(
        'weight',
        `expected an integer of at least 1, such as ${WEIGHT}: kube-scheduler refuses prioritizeVerb without it`,
      ),
    ];
  if (given >= WEIGHT) return [];
  return [odd('weight', `should be ${WEIGHT}: with less, kube-scheduler's own scores outweigh muster's`)];
}

function resources({ managedResources }: Fields, wrong: Say, odd: Say): FieldFinding[] {
  const named = mapsIn(managedResources);
  if (managedResources === undefined || (Array.isArray(managedResources) && named.length === 0)) return [];
  const ignored = named.filter((one) => one['ignoredByScheduler'] === true).map(({ name }) => String(name));
  return [
    wrong(
      'managedResources',
      'must be absent: kube-scheduler would ask muster only about pods that request one of these',
    ),
    ...(ignored.length === 0
      ? []
      : [
          odd(
            'managedResources',
            `names resources that kube-scheduler ignores: list ${ignored.join(', ')} in ignoredResources of muster's config`,
          ),
        ]),
  ];
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

function timeout({ httpTimeout }: Fields, wrong: Say, odd: Say): FieldFinding[] {
  if (httpTimeout === undefined)
    return [
      odd('httpTimeout', 'should be 2s: a missing answer stops all scheduling for this long, and the default is 5s'),
    ];
  const ms = typeof httpTimeout === 'string' ? goDurationMs(httpTimeout) : undefined;
  if (ms === undefined || ms <= 0)
    return [wrong('httpTimeout', 'expected a duration in the syntax of Go, such as 2s or 1500ms')];
  if (ms <= LONG_MS) return [];
  return [odd('httpTimeout', 'should be about 2s: a missing answer stops all scheduling for this long')];
}

/** `1m30s`, `1.5s`; undefined: it is none. */
function goDurationMs(text: string): number | undefined {
  if (!/^\+?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  const parts = text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g);
  return [...parts].reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS_MS[unit!]!, 0);
}

function suggestion(key: string): string {
  const near = nearestOf(key, FIELDS);
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}
