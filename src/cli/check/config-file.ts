import { Config } from '../../config.ts';
import { nearestOf } from '../../core/nearest.ts';
import type { FieldFinding } from './document.ts';
import { isMap, type Fields } from './shape.ts';

/** Settings that are of use only together. */
const TOGETHER = [
  ['tlsCertFile', 'tlsKeyFile'],
  ['webhookCertFile', 'webhookKeyFile'],
] as const satisfies readonly (readonly (keyof Config)[])[];

/** Settings that need another one. */
const NEEDS = [
  ['tlsClientCaFile', 'tlsCertFile'],
  ['webhook', 'webhookCertFile'],
] as const satisfies readonly (readonly (keyof Config)[])[];

/** What is wrong with muster's config file (docs/config.md). */
export function configFindings(value: unknown): readonly FieldFinding[] {
  if (!isMap(value)) return [mistake([], 'expected a map of fields', value)];
  const parsed = Config.safeParse(value, { reportInput: true });
  const wrong = (parsed.error?.issues ?? []).flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => mistake([key], unknownField(key), value[key]))
      : [mistake(issue.path, issue.message, issue.input)],
  );
  return [...wrong, ...lonely(value)];
}

/** Names under which pods ask for muster, by a config file that is right. */
export function schedulerNamesIn(value: unknown): readonly string[] | undefined {
  return isMap(value) && Object.hasOwn(value, 'schedulerNames')
    ? Config.safeParse(value).data?.schedulerNames
    : undefined;
}

function lonely(value: Fields): FieldFinding[] {
  const both = TOGETHER.flatMap(([one, other]) => [
    [one, other],
    [other, one],
  ]);
  return [...both, ...NEEDS].flatMap(([one, other]) =>
    value[one] !== undefined && value[other] === undefined
      ? [mistake([one], `needs ${other}: set it, too`, value[one])]
      : [],
  );
}

function unknownField(key: string): string {
  const near = nearestOf(key, Object.keys(Config.shape));
  return near === undefined ? 'unknown field; docs/config.md lists all' : `unknown field (did you mean ${near}?)`;
}

const mistake = (path: readonly PropertyKey[], message: string, input: unknown): FieldFinding => ({
  ...{ kind: 'mistake', path, message, input },
});
