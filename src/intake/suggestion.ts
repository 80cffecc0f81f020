/** The known word nearest to what was written; undefined: more than half of the letters of each differ. */
export function nearestOf(word: string, known: readonly string[]): string | undefined {
  let near: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 2)) + 1;
  for (const one of word.length <= 40 ? known : []) {
    const far = distance(one.toLowerCase(), word.toLowerCase());
    if (far < least) [near, least] = [one, far];
  }
  return near;
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + Number(a[i - 1] !== b[j - 1])));
    }
    row = next;
  }
  return row[b.length]!;
}
