import type { EndedRun } from '../../core/history/run-times.ts';
import { appOf } from '../app-of.ts';

/** A run that another system recorded, with nothing of its record but this. */
export interface PastRun {
  readonly namespace?: string;
  readonly queue?: string;
  /** The name under which the app comes again, as a pod of it would give it. */
  readonly app?: string;
  readonly user?: string;
  /** How many members it needed to start; absent: the record does not say. */
  readonly members?: number;
  /** Wall time, in ms; absent: the times of the record are simulated. */
  readonly endedMs?: number;
  readonly ended: EndedRun;
}

type Texts = ReadonlyMap<string, string>;
const NONE: Texts = new Map();
/** The longest value of a label. */
const MAX_LABEL = 63;

/**
 * The name under which a Spark app comes again, from the name that it was submitted with and what was said of its driver:
 * as muster reads it from the driver's pod.
 */
export function sparkAppOf(name: string, labels: Texts = NONE, annotations: Texts = NONE): string | undefined {
  const withName = new Map([...labels, ['spark-app-name', appNameLabel(name)]]);
  return appOf({ object: {}, labels: withName, annotations, name });
}

/** The label spark-app-name that Spark makes of an app's name. @see KubernetesConf.getAppNameLabel (3.3 to 4.1) */
const appNameLabel = (name: string) =>
  name
    .slice(0, 1000)
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, '-')
    .replace(/-+/g, '-')
    .slice(0, MAX_LABEL)
    .replace(/^-|-$/g, '');
