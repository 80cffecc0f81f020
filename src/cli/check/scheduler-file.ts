import { nearestOf } from '../../core/nearest.ts';
import { counted, listed } from '../../core/wording.ts';
import type { FieldFinding } from './document.ts';
import { extenderFindings, isMusters } from './extender.ts';
import { isMap, mapsIn, type Fields } from './shape.ts';

const API_VERSION = 'kubescheduler.config.k8s.io/v1';
const PLAIN = 'default-scheduler';
/** The lease of a cluster's own kube-scheduler. */
const USUAL_LEASE = 'kube-scheduler';

/** What muster's own config says that matters here. */
export interface KnownConfig {
  /** undefined: no config file was checked with it. */
  readonly schedulerNames: readonly string[] | undefined;
}

/**
 * What kube-scheduler would refuse, or would keep muster from working: scheduler-config/ and docs/install.md say what it
 * should be.
 */
export function schedulerFindings(value: unknown, config: KnownConfig): readonly FieldFinding[] {
  if (!isMap(value)) return [mistake([], 'expected a KubeSchedulerConfiguration', value)];
  return [...header(value), ...extenders(value), ...profiles(value, config), ...lease(value), ...sample(value)];
}

function header({ apiVersion, kind }: Fields): FieldFinding[] {
  return [
    ...(apiVersion === API_VERSION ? [] : [mistake(['apiVersion'], `expected ${API_VERSION}`, apiVersion)]),
    ...(kind === 'KubeSchedulerConfiguration' ? [] : [mistake(['kind'], 'expected KubeSchedulerConfiguration', kind)]),
  ];
}

function extenders({ extenders: given }: Fields): FieldFinding[] {
  const all = mapsIn(given);
  if (all.length === 0)
    return [mistake(['extenders'], 'must name muster: copy extenders: from scheduler-config/', given)];
  const musters = all.flatMap((extender, i) => (all.length === 1 || isMusters(extender) ? [i] : []));
  if (musters.length === 0)
    return [
      mistake(['extenders'], `none of ${all.length} is muster (filterVerb filter, port 8889): add it`, all.map(urlOf)),
    ];
  if (musters.length > 1)
    return [
      mistake(
        ['extenders', musters[1]!],
        `muster must be there once, and is there ${musters.length} times`,
        urlOf(all[musters[1]!]!),
      ),
    ];
  const others = all.length - 1;
  const before =
    others === 0
      ? []
      : [
          warning(
            ['extenders'],
            `${counted(others, 'other extender')} may refuse nodes that muster has reserved`,
            all.map(urlOf),
          ),
        ];
  return [...extenderFindings(all[musters[0]!]!, ['extenders', musters[0]!]), ...before];
}

const urlOf = ({ urlPrefix }: Fields) => urlPrefix;

function profiles({ profiles: given }: Fields, { schedulerNames }: KnownConfig): FieldFinding[] {
  const names = mapsIn(given).map(({ schedulerName }) => schedulerName ?? PLAIN);
  if (names.length === 0) names.push(PLAIN);
  const known = schedulerNames ?? ['muster'];
  const missing = known.filter((name) => !names.includes(name));
  if (missing.length === 0) return twice(names);
  const near = nearestOf(
    missing[0]!,
    names.filter((name) => typeof name === 'string'),
  );
  const did = near === undefined || near === PLAIN ? '' : ` (${near} is not the same name)`;
  const where = schedulerNames ? "of muster's schedulerNames" : "of muster's default schedulerNames";
  const what = `no profile has schedulerName ${listed(missing)} ${where}: its pods would never be scheduled${did}; add the profile, or check muster's config file together with this one`;
  return [mistake(['profiles'], what, names), ...twice(names)];
}

function twice(names: readonly unknown[]): FieldFinding[] {
  const at = names.findIndex((name, i) => names.indexOf(name) !== i);
  return at < 0 ? [] : [mistake(['profiles', at, 'schedulerName'], 'must be unique among the profiles', names[at])];
}

/** A separate kube-scheduler with the usual lease would wait for the cluster's own, and the other way round. */
function lease({ profiles: given, leaderElection }: Fields): FieldFinding[] {
  const names = mapsIn(given).map(({ schedulerName }) => schedulerName ?? PLAIN);
  const isSeparate = names.length > 0 && !names.includes(PLAIN);
  const { leaderElect = true, resourceName = USUAL_LEASE } = isMap(leaderElection) ? leaderElection : {};
  if (!isSeparate || leaderElect !== true || resourceName !== USUAL_LEASE) return [];
  const what = `should be another name, such as muster-scheduler: with the lease of the cluster's own kube-scheduler (no profile here is ${PLAIN}) one of the two stands still`;
  return [warning(['leaderElection', 'resourceName'], what, resourceName)];
}

/** docs/install.md, "A sample of the nodes". */
function sample(value: Fields): FieldFinding[] {
  const places = [
    { path: ['percentageOfNodesToScore'], share: value['percentageOfNodesToScore'] },
    ...mapsIn(value['profiles']).map(({ percentageOfNodesToScore: share }, i) => ({
      path: ['profiles', i, 'percentageOfNodesToScore'],
      share,
    })),
  ];
  return places.flatMap(({ path, share }) => {
    if (share === undefined || share === null) return [];
    if (typeof share !== 'number' || !Number.isInteger(share) || share < 0 || share > 100)
      return [mistake(path, 'expected an integer from 0 to 100', share)];
    if (share === 0 || share === 100) return [];
    return [warning(path, 'should be 100 below 2,000 nodes, and absent from 3,000 on (docs/install.md)', share)];
  });
}

const mistake = (path: readonly PropertyKey[], message: string, input: unknown): FieldFinding => ({
  ...{ kind: 'mistake', path, message, input },
});
const warning = (path: readonly PropertyKey[], message: string, input: unknown): FieldFinding => ({
  ...{ kind: 'warning', path, message, input },
});
