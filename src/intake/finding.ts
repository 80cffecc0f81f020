/** Something that a person should see in a policy file that is valid by the schema. */
export interface Finding {
  /** `mistake`: the file contradicts itself and is refused. `warning`: it counts, but hardly as it is meant. */
  readonly kind: 'mistake' | 'warning';
  /** Where it stands in the file. */
  readonly path: readonly PropertyKey[];
  /** What is expected. */
  readonly message: string;
  /** The actual value. */
  readonly input: unknown;
}

/** The first of each value that occurs more than once is fine; `what` names the others' kin. */
export function duplicates(
  values: readonly string[],
  path: readonly PropertyKey[],
  [field, what]: readonly [string, string],
): Finding[] {
  const seen = new Set<string>();
  return values.flatMap((input, i): Finding[] => {
    if (!seen.has(input)) {
      seen.add(input);
      return [];
    }
    return [{ kind: 'mistake', path: [...path, i, field], message: `must be unique among ${what}`, input }];
  });
}
