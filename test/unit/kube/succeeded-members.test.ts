import { expect, test } from 'vitest';
import { GangObjectStore } from '../../../src/kube/gang-object-store.ts';
import { succeededMembers } from '../../../src/kube/succeeded-members.ts';

const LABEL = 'scheduling.x-k8s.io/pod-group';

function mirror(store: GangObjectStore) {
  const found = succeededMembers(store).find(({ path }) => path.endsWith(encodeURIComponent(LABEL)))!;
  const put = (uid: string, group: string) => {
    const pod = { metadata: { uid, name: uid, namespace: 'jobs', labels: { [LABEL]: group } } };
    found.onPut(found.keyOf(pod), found.project(pod));
  };
  return { put, gone: (uid: string) => found.onGone(uid) };
}

const counts = (store: GangObjectStore) =>
  ['a', 'b'].map((group) => store.get('succeeded-in-pod-group', 'jobs', group) ?? 0);

test('each pod counts once, in the group that its label names now, until it is deleted', () => {
  const store = new GangObjectStore();
  const { put, gone } = mirror(store);
  put('p', 'a');
  put('q', 'a');
  put('q', 'a');
  expect(counts(store)).toEqual([2, 0]);
  put('q', 'b');
  expect(counts(store)).toEqual([1, 1]);
  gone('p');
  gone('p');
  gone('never heard of');
  expect(counts(store)).toEqual([0, 1]);
});

test('a group without pods takes no memory', () => {
  const store = new GangObjectStore();
  const { put, gone } = mirror(store);
  put('p', 'a');
  gone('p');
  expect(store.size).toBe(0);
});
