/** The known words that are most like a word that is not known: those that contain it, then by edit distance. */
export function nearest(word: string, known: readonly string[], most: number): string[] {
  const rank = (one: string) => (one.includes(word) ? 0 : distance(word, one));
  return known
    .map((one) => ({ one, rank: rank(one) }))
    .sort((a, b) => a.rank - b.rank || (a.one < b.one ? -1 : 1))
    .slice(0, most)
    .map(({ one }) => one);
}

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

/** Levenshtein's edit distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
  }
  return row[b.length] ?? 0;
}
