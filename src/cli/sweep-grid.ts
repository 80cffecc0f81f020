import { MusterError } from '../core/errors.ts';
import { parseSettings, settingField, settingText, withSettings, type Setting } from '../intake/policy-settings.ts';
import { readRules } from '../server/policy-source.ts';
import { shortNames } from './policy-names.ts';

/** A policy of a sweep: a file or preset, with some of its fields set. */
export interface PolicyChoice {
  /** For columns: the file's name, and what is set. */
  readonly name: string;
  readonly source: string;
  readonly settings: readonly Setting[];
}

/**
 * Every policy with every combination of the values of `--set`. A setting that names a policy changes those of that name
 * alone: a file without one is there once. The files are read only where there are settings.
 * @param sets the texts after `--set`
 * @throws MusterError MUSTER_USAGE, MUSTER_FILE_UNREADABLE, MUSTER_POLICY_INVALID
 */
export function policyGrid(sources: readonly string[], sets: readonly string[]): readonly PolicyChoice[] {
  const dimensions = sets.map(parseSettings);
  requireDifferent(dimensions.map(([first]) => first));
  const used = new Set<readonly Setting[]>();
  const files = [...new Set(sources)];
  const short = shortNames(files);
  if (sets.length === 0) return files.map((source, i) => ({ name: short[i] ?? source, source, settings: [] }));
  const choices = files.flatMap((source, i) => {
    const names = readRules(source).policies.map(({ name }) => name);
    const own = dimensions.filter(([first]) => first?.policy === undefined || names.includes(first.policy));
    for (const dimension of own) used.add(dimension);
    return combinations(own).map((settings) => ({
      name: nameOf(short[i] ?? source, settings, names.length),
      source,
      settings,
    }));
  });
  const unused = dimensions.find((dimension) => !used.has(dimension))?.[0];
  if (unused)
    throw new MusterError('MUSTER_USAGE', `--set ${settingField(unused)}: there is no policy ${unused.policy}.`);
  return choices;
}

/** Reads every policy, so that a mistake is found before the first replay. @throws MusterError as `rulesOf` */
export function requireValid(choices: readonly PolicyChoice[]): void {
  for (const choice of choices) rulesOf(choice);
}

/** @throws MusterError MUSTER_FILE_UNREADABLE, MUSTER_POLICY_INVALID */
export const rulesOf = ({ source, settings }: PolicyChoice) => withSettings(readRules(source), settings, source);

/** `spark queue.blockAfter=10m`; the policy in a setting only where the file has several. */
function nameOf(file: string, settings: readonly Setting[], policies: number): string {
  const texts = settings.map((setting) =>
    policies > 1 ? settingText(setting) : settingText({ field: setting.field, value: setting.value }),
  );
  return [file, ...texts].join(' ');
}

/** All ways of taking one of each; the first varies slowest. */
const combinations = <T>(dimensions: readonly (readonly T[])[]): readonly (readonly T[])[] =>
  dimensions.reduce<readonly (readonly T[])[]>(
    (all, values) => all.flatMap((taken) => values.map((value) => [...taken, value])),
    [[]],
  );

function requireDifferent(settings: readonly (Setting | undefined)[]): void {
  const fields = settings.map((one) => one && settingField(one));
  const twice = fields.find((field, i) => fields.indexOf(field) < i);
  if (twice === undefined) return;
  throw new MusterError('MUSTER_USAGE', `--set ${twice} is there twice: list all values in one, separated by commas.`);
}
