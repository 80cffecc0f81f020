import Table from 'cli-table3';
import { onlyIn, pairsOf, verdictOf, type Ratios, type Round, type Verdict } from './pairing.ts';
import { short } from './report.ts';

const MARKS: Readonly<Record<Verdict, string>> = {
  worse: 'WORSE',
  better: 'better',
  within: '',
  'not judged': '',
};

/** The figures of one benchmark. @param limit undefined: nothing is judged */
export function pairTable(rounds: readonly Round[], limit: number | undefined): string {
  const pairs = pairsOf(rounds);
  const hasFloors = pairs.some(({ overFloors }) => overFloors);
  const head = ['', 'unit', 'last B', 'B / A (min .. max)', ...(hasFloors ? ['over floors'] : []), 'p99', ''];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const pair of pairs) {
    const { name, unit, median } = pair.figure;
    const others = [...(hasFloors ? [pair.overFloors] : []), pair.p99s].map((one) => (one ? ratiosText(one) : ''));
    const mark = limit === undefined ? '' : MARKS[verdictOf(pair, limit)];
    table.push([name, unit, short(median), ratiosText(pair.medians), ...others, mark]);
  }
  for (const side of ['a', 'b'] as const) {
    for (const name of onlyIn(side, rounds)) table.push([`${name} (only in ${side.toUpperCase()})`]);
  }
  return table.toString();
}

export function ratiosText({ median, min, max }: Ratios): string {
  return `${median.toFixed(2)} (${min.toFixed(2)} .. ${max.toFixed(2)})`;
}
