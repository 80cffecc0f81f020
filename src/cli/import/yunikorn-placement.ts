import { flagAt, objectAt, own, textAt, type Json } from '../../intake/field.ts';
import { labelOf, type Draft, type Import } from './draft.ts';

const WHERE = 'placementrules';

/** YuniKorn's rules for applications that name no queue, in their order. */
export function importPlacement(rules: readonly Json[], into: Import): void {
  rules.forEach((rule, i) => {
    const name = textAt(rule, 'name', WHERE);
    if (name === 'provided') {
      if (i > 0) into.note(WHERE, 'provided comes first in muster: a queue that a pod names counts before all rules');
      return;
    }
    if (own(rule, 'filter') !== undefined)
      into.note(WHERE, 'filters have no counterpart; the rule holds for all users');
    const path = pathOf(rule, into);
    if (path === undefined) return;
    if (!isThere(into.queues, path)) into.note(WHERE, `${path.join('.')} is below no queue of the file; left out`);
    else {
      if (path.some((one) => one.startsWith('{')) && !flagAt(rule, 'create', WHERE))
        into.note(WHERE, `${path.join('.')} is made when it is first needed, although create is not set`);
      into.rules.push({ queue: path.join('.') });
    }
  });
}

function pathOf(rule: Json, into: Import): readonly string[] | undefined {
  const above = objectAt(rule, 'parent', WHERE);
  const parents = above ? pathOf(above, into) : [];
  const [name, value] = [textAt(rule, 'name', WHERE), textAt(rule, 'value', WHERE) ?? ''];
  if (parents === undefined) return undefined;
  if (name === 'user') return [...parents, '{user}'];
  if (name === 'tag' && value === 'namespace') return [...parents, '{namespace}'];
  if (name === 'tag') return [...parents, `{label:${value}}`];
  if (name === 'fixed')
    return [
      ...parents,
      ...value
        .split('.')
        .filter((one) => one !== 'root')
        .map(labelOf),
    ];
  into.note(WHERE, `rule ${String(name)} has no counterpart; left out`);
  return undefined;
}

/** Whether all names before the first that is made on demand are queues of the file. */
function isThere(queues: readonly Draft[], [first, ...rest]: readonly string[]): boolean {
  if (first === undefined || first.startsWith('{')) return true;
  const found = queues.find(({ name }) => labelOf(name) === first);
  if (!found) return first === 'default' && rest.length === 0;
  return rest.length > 0 ? isThere(found.below, rest) : found.below.length === 0;
}
