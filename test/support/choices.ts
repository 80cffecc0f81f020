import type { Stack } from './kustomize.ts';
import type { Values } from './helm.ts';

export type Mode = 'dedicated' | 'main' | 'service-mtls';

/** What may be chosen, by the name of its component: when, and the chart's values that say the same. */
const OPTIONS: Readonly<
  Record<
    string,
    {
      readonly modes: readonly Mode[];
      readonly after?: string;
      /** A component that stands before it. */
      readonly with?: string;
      readonly values: Values;
    }
  >
> = {
  webhook: { modes: ['dedicated', 'service-mtls'], values: { webhook: { enabled: true } } },
  'webhook-own-certificate': {
    modes: ['dedicated', 'service-mtls'],
    after: 'webhook',
    values: { webhook: { certManager: false } },
  },
  'webhook-user': { modes: ['dedicated', 'service-mtls'], after: 'webhook', values: { webhook: { user: true } } },
  'before-1-35': { modes: ['dedicated', 'service-mtls'], values: { kubeScheduler: { version: '1.34.4' } } },
  'kube-scheduler-elsewhere': { modes: ['service-mtls'], values: { kubeScheduler: { enabled: false } } },
  'service-monitor': { modes: ['dedicated'], values: { serviceMonitor: { enabled: true } } },
  'service-monitor-mtls': { modes: ['service-mtls'], values: { serviceMonitor: { enabled: true } } },
  'console-rbac': { modes: ['dedicated'], values: { consoleRbac: { enabled: true } } },
  provisioning: { modes: ['dedicated', 'service-mtls'], values: { provisioning: { enabled: true } } },
  'provisioning-main': { modes: ['main'], with: 'provisioning', values: { provisioning: { enabled: true } } },
  alerts: { modes: ['dedicated', 'main', 'service-mtls'], values: { alerts: { enabled: true } } },
  dashboard: { modes: ['dedicated', 'main', 'service-mtls'], values: { dashboard: { enabled: true } } },
};
/** `dedicated` has it: deploy/base is the same without. */
const NETWORK_POLICY = 'network-policy';

export const OPTION_NAMES = [...Object.keys(OPTIONS), NETWORK_POLICY];

export interface Choice {
  readonly mode: Mode;
  /** Components beside those of the overlay, in the order of the kustomization. */
  readonly components: readonly string[];
  /** deploy/base in place of the overlay `dedicated`. */
  readonly withoutNetworkPolicy?: boolean;
}

/** Each overlay alone, with one component, with each two, and with all. */
export const CHOICES: readonly Choice[] = (['dedicated', 'main', 'service-mtls'] as const).flatMap((mode) => {
  const names = Object.keys(OPTIONS).filter((name) => OPTIONS[name]!.modes.includes(mode));
  const pairs = names.flatMap((a, i) => names.slice(i + 1).map((b) => [a, b]));
  const sets = [[], ...names.map((name) => [name]), ...pairs, names];
  const whole = sets.map((set) =>
    names.filter((name) => set.some((one) => one === name || OPTIONS[one]!.after === name)),
  );
  const unique = [...new Map(whole.map((set) => [set.join(), set])).values()];
  const plain = mode === 'dedicated' ? [{ mode, components: [], withoutNetworkPolicy: true }] : [];
  return [...unique.map((components) => ({ mode, components })), ...plain];
});

export const nameOf = ({ mode, components, withoutNetworkPolicy }: Choice) =>
  [mode, ...components, ...(withoutNetworkPolicy ? ['without network policy'] : [])].join(' + ');

export const stackOf = ({ mode, components, withoutNetworkPolicy }: Choice): Stack => ({
  base: withoutNetworkPolicy ? 'deploy/base' : `deploy/overlays/${mode}`,
  components: components.flatMap((name) => [OPTIONS[name]!.with ?? [], name].flat()),
});

/** The chart's values for a choice. */
export function valuesOf({ mode, components, withoutNetworkPolicy }: Choice): Values {
  const chosen = components.map((name) => OPTIONS[name]!.values);
  const all = [
    { mode, createNamespace: true },
    ...(withoutNetworkPolicy ? [{ networkPolicy: { enabled: false } }] : []),
    ...chosen,
  ];
  const out: Record<string, unknown> = {};
  for (const values of all)
    for (const [key, value] of Object.entries(values))
      out[key] = typeof value === 'object' ? { ...(out[key] as object | undefined), ...value } : value;
  return out;
}
