import { expect, test } from 'vitest';
import { SampleAdvice, type Offer } from '../../../src/kube/sample-advice.ts';

const sample = { size: 420, nodes: 1000, isSample: true };
const all = { size: 1000, nodes: 1000, isSample: false };
const ALL = /offers 420 of 1000 nodes\. If more would suit.*percentageOfNodesToScore: 100/;

/** What is said while these are offered one after the other, with a question each. */
function saidOf(offers: readonly Offer[]): string[] {
  const advice = new SampleAdvice();
  return offers.flatMap((offer, i) => advice.look(offer, i + 1) ?? []);
}

const times = (count: number, offer: Offer) => Array<Offer>(count).fill(offer);

test.each<[string, readonly Offer[], readonly RegExp[]]>([
  ['a small cluster, samples', times(20, sample), [ALL]],
  ['a small cluster, all nodes', times(20, all), []],
  ['a large cluster, samples', times(20, { size: 500, nodes: 5000, isSample: true }), []],
  [
    'a large cluster, all nodes',
    times(20, { size: 5000, nodes: 5000, isSample: false }),
    [/5000 of 5000 nodes.*without/],
  ],
  ['a large cluster, pods that suit a third', times(20, { size: 1700, nodes: 5000, isSample: false }), []],
  ['2,000 nodes, where both are as fast', times(20, { size: 680, nodes: 2000, isSample: true }), []],
  ['what looks like a sample now and then', Array.from({ length: 60 }, (_, i) => (i % 5 < 4 ? sample : all)), []],
  ['samples, all nodes, samples', [...times(5, sample), ...times(5, all), ...times(5, sample)], [ALL]],
])('%s', (_, offers, want) => {
  const said = saidOf(offers);
  expect(said).toHaveLength(want.length);
  want.forEach((text, i) => expect(said[i]).toMatch(text));
});

test('nothing is said of an offer that is seen again and again without a question', () => {
  const advice = new SampleAdvice();
  for (let i = 0; i < 20; i++) expect(advice.look(sample, 1)).toBeUndefined();
});
