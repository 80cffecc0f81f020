/**
 * Short names of policies for columns, in the order of their sources: a file's name without `.yaml`, with as many of its
 * folders as tell it from the others. A preset keeps its name.
 * @param sources paths and presets, all different
 */
export function shortNames(sources: readonly string[]): string[] {
  return sources.map((source) => {
    const taken = new Set(sources.filter((other) => other !== source).flatMap(namesOf));
    return namesOf(source).find((name) => !taken.has(name)) ?? source;
  });
}

/** `a/b.yaml` -> `b`, `a/b`, `a/b.yaml` */
function namesOf(source: string): string[] {
  const parts = source.replace(/\.ya?ml$/, '').split('/');
  return [...parts.map((_, i) => parts.slice(-1 - i).join('/')), source];
}
