import {
  coschedulingObjects,
  nativeObjects,
  plainObjects,
  sparkObjects,
  volcanoObjects,
  yunikornGangObjects,
  yunikornObjects,
  type GangObjects,
} from './objects.ts';
import { prepareCrds, prepareYunikorn, type Prepare } from './prepare.ts';
import type { Given } from './programs.ts';
import { PROFILE, startDefault, startMuster, startVolcano, startYunikorn, type Start } from './start.ts';

/** A scheduler, with the objects that its gangs need. */
export interface Side {
  readonly name: string;
  readonly about: string;
  readonly needs: readonly Given[];
  /** Whether it needs the API of kube-scheduler's own gangs. */
  readonly isNative?: true;
  /** Whether it binds none of a gang's pods before all are there: executors that wait for their driver wait forever. */
  readonly needsAllPods?: true;
  readonly objects: GangObjects;
  readonly prepare?: Prepare;
  readonly start: Start;
}

const ADAPTIVE = { percentageOfNodesToScore: 0 };
const WHOLE = { percentageOfNodesToScore: 100 };
/** Those of Kubernetes 1.36. */
const NATIVE_GATES = ['GenericWorkload=true', 'GangScheduling=true'];

const COSCHEDULING = [
  {
    variable: 'MUSTER_PEERS_COSCHEDULING',
    what: 'the kube-scheduler of github.com/kubernetes-sigs/scheduler-plugins (cmd/scheduler)',
  },
  { variable: 'MUSTER_PEERS_COSCHEDULING_CRDS', what: 'its file manifests/coscheduling/crd.yaml' },
];
const VOLCANO = [
  { variable: 'MUSTER_PEERS_VOLCANO', what: 'the vc-scheduler of github.com/volcano-sh/volcano (cmd/scheduler)' },
  { variable: 'MUSTER_PEERS_VOLCANO_CRDS', what: 'its folder config/crd/volcano/bases' },
];
const YUNIKORN = [
  { variable: 'MUSTER_PEERS_YUNIKORN', what: 'the scheduler of github.com/apache/yunikorn-k8shim (pkg/cmd/shim)' },
];

const coscheduling = {
  plugins: {
    multiPoint: { enabled: [{ name: 'Coscheduling' }] },
    queueSort: { enabled: [{ name: 'Coscheduling' }], disabled: [{ name: '*' }] },
  },
  pluginConfig: [{ name: 'Coscheduling', args: { permitWaitingTimeSeconds: 60 } }],
};

/** All others are compared with the first. */
export const SIDES: readonly Side[] = [
  {
    name: 'kube-scheduler',
    about: "no gangs, with Kubernetes' defaults (adaptive percentageOfNodesToScore)",
    needs: [],
    objects: plainObjects(PROFILE),
    start: startDefault(),
  },
  {
    name: 'kube-scheduler-100',
    about: 'no gangs, percentageOfNodesToScore 100',
    needs: [],
    objects: plainObjects(PROFILE),
    start: startDefault(() => ({ inProfile: WHOLE })),
  },
  {
    name: 'muster',
    about: 'as installed: scheduler-config/dedicated.yaml and the default config',
    needs: [],
    objects: sparkObjects(PROFILE),
    start: startMuster(),
  },
  {
    name: 'muster-adaptive',
    about: 'adaptive percentageOfNodesToScore',
    needs: [],
    objects: sparkObjects(PROFILE),
    start: startMuster({}, ADAPTIVE),
  },
  {
    name: 'muster-100',
    about: 'percentageOfNodesToScore 100',
    needs: [],
    objects: sparkObjects(PROFILE),
    start: startMuster({}, WHOLE),
  },
  {
    name: 'muster-nominated',
    about: 'as installed, every member nominated before it is asked about',
    needs: [],
    objects: sparkObjects(PROFILE),
    start: startMuster({ MUSTER_NOMINATE: 'always' }),
  },
  {
    name: 'native',
    about: `kube-scheduler's own gangs, with its defaults and the feature gates ${NATIVE_GATES.join(', ')}`,
    needs: [],
    isNative: true,
    needsAllPods: true,
    objects: nativeObjects(PROFILE),
    start: startDefault(() => ({ gates: NATIVE_GATES })),
  },
  {
    name: 'coscheduling',
    about: 'the plugin of scheduler-plugins, otherwise defaults',
    needs: COSCHEDULING,
    needsAllPods: true,
    objects: coschedulingObjects(PROFILE),
    prepare: prepareCrds(1),
    start: startDefault(([program]) => ({ program: program!, inProfile: coscheduling })),
  },
  {
    name: 'volcano',
    about: 'vc-scheduler with its built-in policy, without its controller',
    needs: VOLCANO,
    needsAllPods: true,
    objects: volcanoObjects(),
    prepare: prepareCrds(1),
    start: startVolcano,
  },
  {
    name: 'yunikorn',
    about: 'applications without gangs',
    needs: YUNIKORN,
    objects: yunikornObjects(),
    prepare: prepareYunikorn,
    start: startYunikorn,
  },
  {
    name: 'yunikorn-gang',
    about: 'gangs by placeholders',
    needs: YUNIKORN,
    objects: yunikornGangObjects(),
    prepare: prepareYunikorn,
    start: startYunikorn,
  },
];

/** The sides with these names, in the order of `SIDES`. @throws Error that names the unknown one */
export function sidesNamed(names: readonly string[]): readonly Side[] {
  const unknown = names.find((name) => !SIDES.some((side) => side.name === name));
  const known = SIDES.map(({ name }) => name).join(', ');
  if (unknown !== undefined) throw new Error(`--sides: there is no side "${unknown}"; there are ${known}.`);
  return SIDES.filter(({ name }) => names.includes(name));
}
