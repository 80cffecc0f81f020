import { z } from 'zod';
import { EVERY_RESOURCE, NO_QUOTA, type Quota } from '../core/policy/tenancy.ts';
import type { Resources } from '../core/resources.ts';
import { parseQuantity, wholeUnits } from './quantity.ts';
import { nearestOf } from '../core/nearest.ts';

const PLAIN = ['cpu', 'memory', 'pods', 'ephemeral-storage'];
/** What people write for a resource that Kubernetes calls otherwise. */
const NICKNAMES: Readonly<Record<string, string>> = {
  cores: 'cpu',
  core: 'cpu',
  vcore: 'cpu',
  vcores: 'cpu',
  mem: 'memory',
  ram: 'memory',
  gpu: 'nvidia.com/gpu',
  gpus: 'nvidia.com/gpu',
  disk: 'ephemeral-storage',
  storage: 'ephemeral-storage',
};
const RESOURCE = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?|hugepages-\d+[KMGT]i)$/;
const PERCENT = /^(\d{1,3}(?:\.\d{1,6})?)%$/;
const AMOUNT = 'expected an amount such as 16, 500m or 64Gi';

/** Why this is no name of a resource; undefined: it is one. */
export function resourceMistake(name: string): string | undefined {
  if (PLAIN.includes(name) || RESOURCE.test(name)) return undefined;
  const near = NICKNAMES[name.toLowerCase()] ?? nearestOf(name, PLAIN);
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
  return `unknown resource; expected one of ${PLAIN.join(', ')}, or one with a domain such as nvidia.com/gpu${hint}`;
}

/** `10%` -> 0.1; undefined: no percentage from 0% to 100%. */
export function parsePercent(text: unknown): number | undefined {
  const match = typeof text === 'string' ? PERCENT.exec(text) : null;
  const value = match ? Number(match[1]) : Infinity;
  // 7 / 100 is not exact, and neither is 0.07 * 100: what is written back is rounded.
  return value <= 100 ? value / 100 : undefined;
}

const amountIn = z.union([z.string(), z.number()], { error: `${AMOUNT}, or 40%` });

/** `{cpu: 400, memory: '40%'}`, or `'40%'` of every resource that is shared out. */
const quotaIn = z.preprocess(
  (value) => (typeof value === 'string' ? { [EVERY_RESOURCE]: value } : value),
  z.record(z.string(), amountIn, { error: "expected a map such as {cpu: 400, memory: 1600Gi}, or '40%'" }),
);

export const quota = quotaIn.transform((fields, ctx): Quota => {
  const amounts = new Map<string, number>();
  const shares = new Map<string, number>();
  for (const [name, value] of Object.entries(fields)) {
    const isPart = typeof value === 'string' && value.endsWith('%');
    const amount = isPart ? parsePercent(value) : amountOf(name, value);
    const message =
      name === EVERY_RESOURCE
        ? isPart && amount !== undefined
          ? undefined
          : 'expected a part of the cluster from 0% to 100%'
        : (resourceMistake(name) ??
          (amount === undefined ? (isPart ? 'expected 0% to 100%' : `${AMOUNT}, or 40%`) : undefined));
    if (message !== undefined) ctx.issues.push({ code: 'custom', input: value, message, path: [name] });
    else (isPart ? shares : amounts).set(name, amount!);
  }
  return amounts.size + shares.size === 0 ? NO_QUOTA : { amounts, shares };
});

/** Fixed amounts alone. */
export const resources = z
  .record(z.string(), amountIn, { error: 'expected a map such as {cpu: 16, memory: 64Gi}' })
  .transform((fields, ctx): Resources => {
    const out = new Map<string, number>();
    for (const [name, value] of Object.entries(fields)) {
      const amount = amountOf(name, value);
      const message = resourceMistake(name) ?? (amount === undefined ? AMOUNT : undefined);
      if (message !== undefined) ctx.issues.push({ code: 'custom', input: value, message, path: [name] });
      else out.set(name, amount!);
    }
    return out;
  });

function amountOf(resource: string, value: string | number): number | undefined {
  try {
    return wholeUnits(parseQuantity(value, resource), resource, resource);
  } catch {
    return undefined;
  }
}
