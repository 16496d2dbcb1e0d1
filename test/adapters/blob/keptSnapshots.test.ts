import { describe, expect, test } from '@jest/globals';
import { keepSnapshots } from '../../../src/adapters/blob/keptSnapshots.ts';
import type { SnapshotStore } from '../../../src/app/ports.ts';
import type { Snapshot } from '../../../src/core/serviceTags/snapshot.ts';

const tag = (name: string, ...addressPrefixes: string[]) => ({ name, addressPrefixes });
const snapshotOf = (id: string): Snapshot => {
  const values = [
    tag('Storage', '20.1.0.0/24', `20.1.1.${id.charCodeAt(0)}/32`),
    tag('Storage.WestEurope', '20.1.0.0/24'),
  ];
  return { id, document: { cloud: 'Public', changeNumber: 1, values } } as unknown as Snapshot;
};

/** A store that has every snapshot, and what was read of it. */
function countedStore() {
  const reads: string[] = [];
  const answers = new Map<string, Snapshot | undefined | Error>();
  const get: SnapshotStore['get'] = async (_cloud, id) => {
    reads.push(id);
    await Promise.resolve();
    const answer = answers.has(id) ? answers.get(id) : snapshotOf(id);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const kept = keepSnapshots({ get } as SnapshotStore);
  return { reads, answers, read: (id: string) => kept.get('Public', id) };
}

describe('snapshots that were read', () => {
  test('are the same object, read once, for all who ask at the same time and later', async () => {
    const { reads, read } = countedStore();

    const [first, second] = await Promise.all([read('a'), read('a')]);

    expect(second).toBe(first);
    expect(await read('a')).toBe(first);
    expect(reads).toEqual(['a']);
  });

  test('have what is stored, whichever was read before', async () => {
    const { read } = countedStore();

    for (const id of ['a', 'b', 'c', 'b']) expect(await read(id)).toEqual(snapshotOf(id));
  });

  test('are four; the one that was asked for longest ago is first to go', async () => {
    const { reads, read } = countedStore();
    for (const id of ['a', 'b', 'c', 'd', 'a', 'e']) await read(id);
    reads.length = 0;

    for (const id of ['a', 'c', 'd', 'e']) await read(id);
    expect(reads).toEqual([]);

    await read('b');
    expect(reads).toEqual(['b']);
  });

  test.each([
    ['none there', undefined],
    ['a failure', new Error('storage does not answer')],
  ])('are asked for again after %s', async (_, answer) => {
    const { answers, read } = countedStore();
    answers.set('a', answer);
    await read('a').catch(() => undefined);
    answers.delete('a');

    expect(await read('a')).toEqual(snapshotOf('a'));
  });
});
