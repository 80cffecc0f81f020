import {
  OPEN_TENANCY,
  plainQueue,
  type AddressPool,
  type Price,
  type Quota,
  type QueueRule,
  type QueueSpec,
  type Rates,
  type ReclaimRules,
  type Tenancy,
  type UserLimit,
} from '../core/policy/tenancy.ts';
import type { Resources } from '../core/resources.ts';
import { amountText, percentText } from './amount-text.ts';
import { durationText, type Plain } from './plain-text.ts';
import { yieldText } from './yield-hours.ts';

type Fields = Readonly<Record<string, Plain | undefined>>;

/** What the file says beside its policies, without the fields that have their default value. */
export function tenancyFieldsOf({
  queues,
  rules,
  groups,
  fairness,
  rates,
  addresses,
  prices,
}: Tenancy): Record<string, Plain> {
  const { fairness: usual } = OPEN_TENANCY;
  const priority = queues.length > 0 ? 'within' : usual.priority;
  return said({
    queues: some(queues.map(queueFields)),
    queueRules: some(rules.map(ruleFields)),
    namespaceGroups: some(
      groups.map(({ name, namespaces, podsPerNamespace, pods, podSize }) =>
        said({ name, namespaces: some(namespaces), podsPerNamespace, pods, podSize: resourceFields(podSize) }),
      ),
    ),
    fairness: some(
      said({
        resources: fairness.resources,
        priority: unless(fairness.priority, priority),
        turns: unless(fairness.turns, usual.turns),
        memory: unless(fairness.memory, usual.memory),
        halfLife: duration(fairness.halfLifeMs, usual.halfLifeMs),
      }),
    ),
    rates: some(rateFields(rates)),
    addresses: some(addresses.map(poolFields)),
    prices: some(prices.map(priceFields)),
  });
}

function queueFields(spec: QueueSpec): Record<string, Plain> {
  const usual = plainQueue('');
  return said({
    name: spec.name === '' ? undefined : spec.name,
    guaranteed: some(quotaFields(spec.guaranteed)),
    max: some(quotaFields(spec.max)),
    lend: spec.lend && quotaFields(spec.lend),
    weight: unless(spec.weight, usual.weight),
    order: spec.order,
    priority: spec.priority,
    users: some(
      said({ ...userFields(spec.users), of: some(Object.fromEntries([...spec.users.of].map(mapped(userFields)))) }),
    ),
    running: some(said(spec.running)),
    podSize: resourceFields(spec.podSize),
    surge: unless(spec.surge, usual.surge),
    reclaim: spec.reclaim && reclaimFields(spec.reclaim),
    yield: spec.yields && yieldText(spec.yields),
    namespaces: some(spec.namespaces),
    singles: unless(spec.singles, usual.singles),
    nodes: some(Object.fromEntries(spec.nodes)),
    exclusive: unless(spec.exclusive, usual.exclusive),
    queues: some(spec.queues.map(queueFields)),
    each: spec.each && queueFields(spec.each),
  });
}

/** All of them: a reclaim block counts as a whole. */
const reclaimFields = ({ afterMs, patienceMs, maxAfterMs, ...rest }: ReclaimRules): Record<string, Plain> => ({
  ...rest,
  after: durationText(afterMs),
  patience: durationText(patienceMs),
  max: durationText(maxAfterMs),
});

const userFields = ({ max, gangs }: UserLimit) => said({ max: some(quotaFields(max)), gangs });

const ruleFields = ({ namespaces, groups, labels, users, dialects, queue, force }: QueueRule) =>
  said({
    namespaces: some(namespaces),
    groups: some(groups),
    labels: some(Object.fromEntries(labels)),
    users: some(users),
    dialects: some(dialects),
    queue,
    force: unless(force, false),
  });

const rateFields = ({ pods, namespaces, registries }: Rates) =>
  said({
    pods: pods && { ...pods },
    namespaces: namespaces && { ...namespaces },
    registries: some(registries.map(({ perSecond, ...rest }) => ({ ...rest, pullsPerSecond: perSecond }))),
  });

const poolFields = ({ key, size, sizes, keep, cooldownMs }: AddressPool) =>
  said({ key, size, sizes: some(Object.fromEntries(sizes)), keep, cooldown: durationText(cooldownMs) });

function priceFields(price: Price): Record<string, Plain> {
  const match = price.labels.size === 0 ? undefined : { labels: Object.fromEntries(price.labels) };
  return price.kind === 'fixed'
    ? said({ match, perHour: price.perHour })
    : said({ match, from: 'label', key: price.key });
}

function quotaFields({ amounts, shares }: Quota): Record<string, Plain> {
  const parts = [...shares].map(mapped((part: number): Plain => percentText(part)));
  return { ...resourceFields(amounts), ...Object.fromEntries(parts) };
}

function resourceFields(amounts: Resources): Record<string, Plain> | undefined {
  const entries = [...amounts].map(([name, amount]): [string, Plain] => [name, amountText(name, amount)]);
  return some(Object.fromEntries(entries));
}

const unless = <T>(value: T, usual: T): T | undefined => (value === usual ? undefined : value);
const duration = (ms: number, usual: number) => (ms === usual ? undefined : durationText(ms));

const mapped =
  <T>(change: (value: T) => Plain) =>
  ([key, value]: readonly [string, T]): [string, Plain] => [key, change(value)];

/** Undefined for an empty list or map. */
function some<T extends Plain>(value: T): T | undefined {
  const size = Array.isArray(value) ? value.length : Object.keys(value as object).length;
  return size === 0 ? undefined : value;
}

/** Without the fields that say nothing: undefined, or a limit that is none. */
function said(fields: Fields): Record<string, Plain> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined && value !== Infinity);
  return Object.fromEntries(entries) as Record<string, Plain>;
}
