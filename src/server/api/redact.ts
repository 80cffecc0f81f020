import type { z } from 'zod';
import { HIDDEN } from './board-views.ts';
import type { EtaView, ExplanationView, StartView } from './schemas.ts';
import type { Viewer } from './viewer.ts';

/**
 * Takes out of answers about a gang what names others that the viewer may not see: of structured fields, and of sentences.
 * Of sentences every `namespace/name` goes whose namespace the viewer may not see, and every name of a node that is there.
 */
export interface Redaction {
  readonly viewer: Viewer;
  readonly isNode: (name: string) => boolean;
  /** All gangs, so that a name of odd letters is found as well. */
  readonly gangs: () => Iterable<string>;
}

type Explained = z.output<typeof ExplanationView>;
type Start = z.output<typeof StartView>;

/** A namespace is a DNS label, so that names of resources and labels (nvidia.com/gpu) are none. */
const NAMED = /(?<![\w./-])([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\/([A-Za-z0-9](?:[\w.-]*\w)?)/g;
const PLAIN = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\/[A-Za-z0-9](?:[\w.-]*\w)?$/;
/** What may be the name of a node. */
const WORD = /[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?/g;
const A_NODE = '(node)';

export const namespaceOf = (name: string): string => name.slice(0, Math.max(0, name.indexOf('/')));

/** The explanation of a gang that the viewer may see. */
export function redactExplanation(view: Explained, redaction: Redaction): Explained {
  const { viewer } = redaction;
  if (viewer.seesAll && viewer.seesNodes) return view;
  const name = nameFor(redaction);
  const node = nodeFor(redaction);
  const { preemption, start } = view;
  const hidden = hiddenNames(view, redaction);
  const text = textFor(redaction, hidden);
  return {
    ...view,
    ...(view.reason === undefined ? {} : { reason: text(view.reason) }),
    placed: view.placed.map((place) => ({ ...place, node: node(place.node) })),
    ahead: view.ahead.map(({ gang, blocks }) => ({ gang: name(gang), blocks })),
    ...(preemption ? { preemption: redactRoom(preemption, { name, node, text }) } : {}),
    ...(start ? { start: { ...start, ...namesOf(start, name) } } : {}),
    advice: view.advice.map(text),
  };
}

type Making = NonNullable<Explained['preemption']>;
type Text = (text: string) => string;

function redactRoom(making: Making, { name, node, text }: { name: Text; node: Text; text: Text }): Making {
  return {
    ...making,
    ...(making.because === undefined ? {} : { because: text(making.because) }),
    between: making.between.map(text),
    overdue: making.overdue.map((one) => ({ ...one, gang: name(one.gang) })),
    victims: making.victims.map((victim) => ({
      ...victim,
      pod: name(victim.pod),
      node: node(victim.node),
      ...(victim.gang === undefined ? {} : { gang: name(victim.gang) }),
      ...(victim.role === undefined || name(victim.pod) === victim.pod ? {} : { role: HIDDEN }),
    })),
  };
}

/** What would happen to an app that is not submitted. */
export function redactEta(view: z.output<typeof EtaView>, redaction: Redaction): z.output<typeof EtaView> {
  if (redaction.viewer.seesAll) return view;
  const name = nameFor(redaction);
  const of = (start: Start): Start => ({ ...start, ...namesOf(start, name) });
  return {
    ...view,
    ...(view.start ? { start: of(view.start) } : {}),
    sooner: view.sooner.map((one) => (one.kind === 'priority' ? { ...one, start: of(one.start) } : one)),
  };
}

/** `namespace/name`, or what stands for it. */
const nameFor =
  ({ viewer }: Redaction): Text =>
  (name) =>
    viewer.seesAll || viewer.sees(namespaceOf(name)) ? name : HIDDEN;

const nodeFor =
  ({ viewer }: Redaction): Text =>
  (node) =>
    viewer.seesNodes || node === '' ? node : A_NODE;

const namesOf = ({ because, unknown }: Pick<Start, 'because' | 'unknown'>, name: Text) => ({
  because: because.map(name),
  unknown: unknown.map(name),
});

/** Names that the explanation has in fields and that the sentences may have as well, also without their namespace. */
function hiddenNames({ ahead, preemption, start }: Explained, redaction: Redaction): readonly string[] {
  const name = nameFor(redaction);
  const all = [
    ...ahead.map(({ gang }) => gang),
    ...(preemption?.victims.flatMap(({ pod, gang }) => [pod, ...(gang === undefined ? [] : [gang])]) ?? []),
    ...(preemption?.overdue.map(({ gang }) => gang) ?? []),
    ...(start ? [...start.because, ...start.unknown] : []),
    // What the pattern would cut short.
    ...[...redaction.gangs()].filter((gang) => !PLAIN.test(gang)),
  ];
  const hidden = new Set(all.filter((one) => name(one) === HIDDEN));
  return [...hidden].sort((a, b) => b.length - a.length);
}

function textFor({ viewer, isNode }: Redaction, hidden: readonly string[]): Text {
  return (text) => {
    let out = text;
    for (const name of hidden) out = out.replaceAll(name, HIDDEN);
    if (!viewer.seesAll)
      out = out.replace(NAMED, (whole, namespace: string) => (viewer.sees(namespace) ? whole : HIDDEN));
    if (!viewer.seesNodes) out = out.replace(WORD, (word) => (isNode(word) ? A_NODE : word));
    return out;
  };
}
