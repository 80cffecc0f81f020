import type { FilterAnswer, PreemptAnswer } from '../core/decision.ts';
import type { Candidates } from '../core/model.ts';
import { NameList } from './name-list.ts';
import { scoreBytes } from './score-bytes.ts';
import type { WireMode } from './wire.ts';

/** `one`: a rejection names one node; `all`: it names every node, for kube-scheduler before 1.31 and for debugging. */
export type Reasons = 'one' | 'all';

/** @param names checked names of nodes, which need no escaping */
const quotedList = (names: readonly string[]) => (names.length === 0 ? '[]' : `["${names.join('","')}"]`);

/**
 * ExtenderFilterResult as JSON text, as short as kube-scheduler allows. Since 1.31 an omitted node counts as
 * unresolvable, and most of an answer's cost is the time that Go takes to decode it.
 */
export function filterBody(
  answer: FilterAnswer,
  candidates: Candidates,
  mode: WireMode,
  reasons: Reasons,
): string | Buffer {
  switch (answer.kind) {
    case 'one':
      return `{${passed([answer.node], mode)}}`;
    case 'all':
      return passedAll(candidates, mode, [], '}');
    case 'some':
      return passedAll(candidates, mode, answer.failed, `,"FailedNodes":${failed(answer.failed, answer.reason)}}`);
    case 'none': {
      const named = reasons === 'all' ? candidates.names() : firstOf(candidates);
      return `{${passed([], mode)},"FailedAndUnresolvableNodes":${failed(named, answer.reason)}}`;
    }
  }
}

/** All candidates except these, and what follows them. A NameList's answer is bytes of its space. */
function passedAll(candidates: Candidates, mode: WireMode, except: readonly string[], rest: string): string | Buffer {
  if (candidates instanceof NameList) return spliced(candidates, except, rest);
  const failed = new Set(except);
  const names = candidates.names().filter((name) => !failed.has(name));
  return `{${passed(names, mode)}${rest}`;
}

const NAMES = Buffer.from('{"NodeNames":');

function spliced(list: NameList, except: readonly string[], rest: string): Buffer {
  const { space } = list;
  space.answer(NAMES.length + list.bytes + Buffer.byteLength(rest));
  const { out } = space;
  const at = list.write(NAMES.copy(out), except);
  return out.subarray(0, at + out.write(rest, at));
}

const firstOf = (candidates: Candidates): readonly string[] =>
  candidates instanceof NameList ? [candidates.first] : candidates.names().slice(0, 1);

function passed(names: readonly string[], mode: WireMode): string {
  if (mode === 'names') return `"NodeNames":${quotedList(names)}`;
  return `"Nodes":{"items":[${names.map((name) => `{"metadata":{"name":"${name}"}}`).join(',')}]}`;
}

function failed(names: readonly string[], reason: string): string {
  const message = JSON.stringify(`muster: ${reason}`);
  return `{${names.map((name) => `"${name}":${message}`).join(',')}}`;
}

/** HostPriorityList as JSON. @param scores 0 to 10 for each candidate in their order; 0 is left out */
export function prioritizeBody(scores: Uint8Array, candidates: Candidates): string | Buffer {
  if (candidates instanceof NameList) return scoreBytes(scores, candidates);
  const hosts = candidates.names().map((name, i) => (scores[i] === 0 ? '' : `{"Host":"${name}","Score":${scores[i]}}`));
  return `[${hosts.filter((host) => host !== '').join(',')}]`;
}

/** ExtenderPreemptionResult as JSON text. It never contains null, which would crash kube-scheduler. */
export function preemptBody(answer: PreemptAnswer): string {
  const nodes = [...answer].map(([node, { uids, pdbViolations }]) => {
    const pods = uids.map((uid) => `{"UID":${JSON.stringify(uid)}}`);
    return `"${node}":{"Pods":[${pods.join(',')}],"NumPDBViolations":${pdbViolations}}`;
  });
  return `{"NodeNameToMetaVictims":{${nodes.join(',')}}}`;
}
