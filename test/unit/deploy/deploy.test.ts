import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseWebhookConfig } from '../../../src/webhook/rules.ts';
import { ROOT } from '../../support/kustomize.ts';

const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const yaml = (path: string) => parse(text(path)) as Record<string, unknown>;

describe('copies', () => {
  test.each([
    ['deploy/base/config/dedicated.yaml', 'scheduler-config/dedicated.yaml'],
    ['deploy/base/config/policies.yaml', 'scheduler-config/policies/spark.yaml'],
  ])('%s is one of %s', (copy, original) => {
    expect(text(copy)).toBe(text(original));
  });

  test('with mTLS, kube-scheduler is configured as without but for the way to muster', () => {
    const { extenders, ...mtls } = yaml('deploy/overlays/service-mtls/config/dedicated.yaml');
    const { extenders: plain, ...dedicated } = yaml('scheduler-config/dedicated.yaml');
    expect(mtls).toEqual(dedicated);
    const [{ urlPrefix, enableHTTPS, tlsConfig, ...rest }] = extenders as [Record<string, unknown>];
    const [loopback] = plain as [Record<string, unknown>];
    expect({ urlPrefix: 'http://127.0.0.1:8889', ...rest }).toEqual(loopback);
    expect(urlPrefix).toBe('https://muster.muster-system.svc:8889');
    expect(enableHTTPS).toBe(true);
    // Without a CA kube-scheduler would take any certificate.
    expect(Object.keys(tlsConfig as object).sort()).toEqual(['caFile', 'certFile', 'keyFile']);
  });

  test('the static pod and kubeadm give kube-scheduler and muster the files of one folder', () => {
    expect(text('scheduler-config/main.yaml')).toContain('--config=/etc/kubernetes/muster/main.yaml');
    expect(text('deploy/overlays/main/kubeadm.yaml')).toContain('value: /etc/kubernetes/muster/main.yaml');
    expect(text('deploy/overlays/main/static-pod.yaml')).toContain('path: /etc/kubernetes/muster\n');
  });
});

test('the webhook as it is shipped needs nothing that a cluster may lack', () => {
  const file = 'deploy/components/webhook/webhook.yaml';
  const { rules } = parseWebhookConfig(text(file), file);
  for (const { driver, executor } of rules) {
    for (const side of [driver, executor]) {
      expect(side.priorityClassName).toBeUndefined();
      expect(side.nodeSelector).toEqual({});
    }
  }
});
