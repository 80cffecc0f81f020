import { expect, test } from 'vitest';
import { docText } from '../../support/doc-blocks.ts';

const README = docText('README.md');
const BESIDE = docText('docs/coming-from.md').split('\n## Beside others\n')[1]!;
/** The cells of the first row of a Markdown table that begins so. */
const row = (text: string, first: string) =>
  text
    .split('\n')
    .find((line) => line.replaceAll('*', '').startsWith(`| ${first}`))!
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('*', ''));

test('the README fits two screens', () => {
  expect(README.split('\n').length).toBeLessThanOrEqual(70);
});

test('the short comparison has the schedulers of the whole one, and says of production and queues the same', () => {
  const [, ...names] = row(README, ' ');
  const [, ...all] = row(BESIDE, ' ');
  for (const first of ['queues that borrow and give back', 'stands in production'])
    names.forEach((name, i) => expect(row(README, first)[i + 1], name).toBe(row(BESIDE, first)[all.indexOf(name) + 1]));
});

test('the figures beside others are those of docs/performance.md', () => {
  const [heading, ...names] = row(BESIDE, ' ');
  expect(heading).toBe('');
  const figures = row(BESIDE, 'pods bound a second').slice(1);
  const measured = docText('docs/performance.md').split('\n## Peers\n')[1]!.split('| 5,000 nodes ')[1]!;
  const of: Record<string, string> = {
    muster: 'muster as installed',
    'kube-scheduler': 'kube-scheduler, no gangs',
    Volcano: 'Volcano',
    coscheduling: 'coscheduling',
  };
  expect(names).toEqual(expect.arrayContaining(Object.keys(of)));
  names.forEach((name, i) => {
    const found = of[name] === undefined ? 'not measured' : row(measured, of[name])[2]!.split(' ')[0];
    expect(figures[i], name).toBe(found);
  });
});

test('what the README says of the replay follows from docs/benchmarks.md', () => {
  const [, itp] = docText('docs/benchmarks.md').split('### ITP, cluster03');
  const minutes = (policy: string) => {
    const [, hours, rest] = /\| (\d+)h(?: (\d+)m)? \(/.exec(line(itp!, policy))!;
    return Number(hours) * 60 + Number(rest ?? 0);
  };
  expect(README).toContain('1,000 gangs at load 0.85 jobs wait less than a third of what they wait in strict order');
  expect(minutes('muster') / minutes('fifo-gang')).toBeLessThan(1 / 3);
});

const line = (text: string, policy: string) =>
  text.split('\n').find((one) => one.startsWith('| 0.85 ') && one.includes(`| ${policy} (5)`))!;
