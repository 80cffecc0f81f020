import { expect, test } from 'vitest';
import { unknownVariables } from '../../../src/cli/environment.ts';

test.each([
  ['MUSTER_SERVR', 'environment variable MUSTER_SERVR is no setting: did you mean MUSTER_SERVER?'],
  [
    'MUSTER_SCHEDULER_NAME',
    'environment variable MUSTER_SCHEDULER_NAME is no setting: did you mean MUSTER_SCHEDULER_NAMES?',
  ],
  ['MUSTER_LOGLEVEL', 'environment variable MUSTER_LOGLEVEL is no setting: did you mean MUSTER_LOG_LEVEL?'],
  [
    'MUSTER_ZZZZZZZZZZZZZZ',
    'environment variable MUSTER_ZZZZZZZZZZZZZZ is no setting: docs/config.md and docs/cli.md list all',
  ],
])('%s is named', (name, line) => {
  expect(unknownVariables({ [name]: 'secret', PATH: '/bin' })).toEqual([line]);
});

test('settings, variables of tests, and what Kubernetes sets for Services are none', () => {
  const env = {
    ...{
      MUSTER_LOG_LEVEL: 'info',
      MUSTER_SERVER: 'muster:8888',
      MUSTER_TOKEN: 'x',
      MUSTER_E2E_NODES: '3',
      MUSTER_PROFILE: '1',
    },
    ...{ MUSTER_SERVICE_HOST: '10.0.0.1', MUSTER_SERVICE_PORT: '8888', MUSTER_SERVICE_PORT_HTTP: '8888' },
    ...{
      MUSTER_PORT: 'tcp://10.0.0.1:8888',
      MUSTER_PORT_8888_TCP: 'tcp://10.0.0.1:8888',
      MUSTER_PORT_8888_TCP_PROTO: 'tcp',
    },
    ...{ MUSTER_WEB_HOOK_SERVICE_HOST: '10.0.0.2', MUSTER_WEB_HOOK_PORT: 'tcp://10.0.0.2:443' },
  };
  expect(unknownVariables(env)).toEqual([]);
});
