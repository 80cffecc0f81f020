import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { provisioningRules } from '../../../src/server/provisioning.ts';

const rulesOf = (env: Readonly<Record<string, string>>) =>
  provisioningRules(
    loadConfig({}, Object.fromEntries(Object.entries(env).map(([key, value]) => [`MUSTER_PROVISIONING${key}`, value]))),
  ).provisioning;

test('without the setting nothing is asked, and nothing of it is touched', () => {
  expect(rulesOf({ _AFTER_MS: '5' })).toBeUndefined();
});

test.each([
  ['check-capacity', 'check-capacity.autoscaling.x-k8s.io'],
  ['best-effort-atomic', 'best-effort-atomic-scale-up.autoscaling.x-k8s.io'],
  ['queued-provisioning.gke.io', 'queued-provisioning.gke.io'],
])('%s is class %s', (said, name) => {
  expect(rulesOf({ '': said })).toEqual({
    requestClass: { name, parameters: { ValidUntilSeconds: '900' } },
    afterMs: 10_000,
    most: 20,
    validMs: 900_000,
  });
});

test('off has no class: what was asked is withdrawn', () => {
  expect(rulesOf({ '': 'off' })).toMatchObject({ requestClass: undefined });
});

test('parameters go with the request, and say how long muster waits', () => {
  const rules = rulesOf({
    '': 'check-capacity',
    _PARAMETERS: 'processorInstance=batch,ValidUntilSeconds=60,note=a=b',
    _AFTER_MS: '0',
    _MOST: '3',
  });
  expect(rules).toMatchObject({
    requestClass: { parameters: { processorInstance: 'batch', ValidUntilSeconds: '60', note: 'a=b' } },
    afterMs: 0,
    most: 3,
    validMs: 60_000,
  });
});

test.each([
  [{ '': 'Best Effort' }, 'MUSTER_PROVISIONING: "Best Effort": expected off, check-capacity'],
  [{ '': 'off', _PARAMETERS: 'a' }, 'expected key=value'],
  [{ '': 'x', _PARAMETERS: 'a=1,a=2' }, 'provisioningParameters: a is given twice.'],
  [{ '': 'x', _PARAMETERS: 'ValidUntilSeconds=soon' }, 'ValidUntilSeconds=soon: expected a number of seconds'],
  [{ '': 'x', _PARAMETERS: 'ValidUntilSeconds=0' }, 'from 1 to 604800'],
])('%j is a mistake', (env, message) => {
  expect(() => rulesOf(env)).toThrow(message);
});
