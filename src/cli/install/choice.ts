/** Which kube-scheduler asks: an overlay of deploy/. */
export const MODES = ['dedicated', 'main', 'service-mtls'] as const;
export type Mode = (typeof MODES)[number];

/** What is printed: an overlay, components, and what is set in them. */
export interface Choice {
  readonly mode: Mode;
  readonly namespace: string;
  /** With tag or digest. */
  readonly image: string;
  /** Of kube-scheduler, such as 1.36.3. */
  readonly version: string;
  /** Undefined: as the overlay has it. */
  readonly replicas: number | undefined;
  /** A preset, or the text of a policy file; undefined: the policies for Spark. */
  readonly policy: { readonly preset: string } | { readonly text: string } | undefined;
  /** kube-scheduler looks at all nodes. */
  readonly isSmall: boolean;
  readonly webhook: boolean;
  readonly alerts: boolean;
  readonly dashboard: boolean;
  readonly serviceMonitor: boolean;
  /** Readers see what they may list in the cluster. */
  readonly consoleRbac: boolean;
  /** Ask the autoscaler for nodes for whole gangs. */
  readonly provisioning: boolean;
}

/** 34 of 1.34.4. */
export const minorOf = (version: string): number => Number(version.split('.')[1]);

/** kube-scheduler before this minor version refuses to start with the gate OpportunisticBatching. */
export const FIRST_WITH_BATCHING = 35;
/** kube-scheduler before it does not count nodes that an answer leaves out as refused. */
export const FIRST_WITH_SHORT_REASONS = 31;
/** ValidatingAdmissionPolicy v1. */
export const OLDEST = 30;

/** Whether a condition of manifests.json holds, such as `!elsewhere&mode!=main`; undefined always does. */
export function holds(condition: string | undefined, choice: Choice): boolean {
  return (condition ?? '').split('&').every((literal) => literal === '' || isTrue(literal, choice));
}

function isTrue(literal: string, choice: Choice): boolean {
  const [, not, mode] = /^mode(!?)=(.+)$/.exec(literal) ?? [];
  if (mode !== undefined) return (choice.mode === mode) !== (not === '!');
  return literal.startsWith('!') ? !isTrue(literal.slice(1), choice) : (FLAGS[literal]?.(choice) ?? false);
}

/** Those without a flag of `muster install` are off. */
const FLAGS: Readonly<Record<string, (choice: Choice) => boolean>> = {
  webhook: ({ webhook }) => webhook,
  before135: ({ version }) => minorOf(version) < FIRST_WITH_BATCHING,
  networkPolicy: ({ mode }) => mode === 'dedicated',
  serviceMonitor: ({ serviceMonitor }) => serviceMonitor,
  consoleRbac: ({ consoleRbac }) => consoleRbac,
  provisioning: ({ provisioning }) => provisioning,
  alerts: ({ alerts }) => alerts,
  dashboard: ({ dashboard }) => dashboard,
};
