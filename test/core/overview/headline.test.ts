import { describe, expect, test } from '@jest/globals';
import { headlineOf, type HeadlineInput } from '../../../src/core/overview/headline.ts';
import type { TargetRow } from '../../../src/core/overview/overview.ts';

function row(more: Partial<TargetRow> = {}): TargetRow {
  return {
    name: 'hooks',
    kind: 'nsgRule',
    policy: 'sync',
    status: 'inSync',
    isOverdue: false,
    where: 'West Europe',
    regions: ['westeurope'],
    regionNames: ['West Europe'],
    why: '',
    missing: 0,
    deadline: null,
    room: null,
    sizes: [],
    lastChange: null,
    isPinned: false,
    ...more,
  };
}

const list = {
  snapshot: 's',
  released: '2026-07-20',
  fetchedAt: '2026-07-21T06:00:00Z',
  officialPage: 'https://example.org/file',
  isPullFailed: false,
  sources: [{ source: 'download', status: 'healthy' }],
  disagreements: 0,
};

function headline(more: Partial<HeadlineInput>) {
  return headlineOf({
    targets: [row(), row()],
    list,
    overduePrefixes: 0,
    decisions: 0,
    goneTags: [],
    isStorageDown: false,
    updatesPaused: false,
    isTargetsFileMissing: false,
    quarantines: [],
    now: new Date('2026-07-22T12:00:00Z'),
    ...more,
  });
}

describe('the first sentence', () => {
  test.each<[string, Partial<HeadlineInput>, string, string]>([
    ['calm', {}, 'good', 'All 2 targets are in sync.'],
    ['calm', { targets: [row()] }, 'good', 'The target is in sync.'],
    ['calm', { targets: [] }, 'good', 'No targets are configured: lists and look-ups work.'],
    [
      'waiting',
      { targets: [row(), row({ status: 'held' })], decisions: 1 },
      'warn',
      '1 of 2 targets is in sync. 1 decision waits for you.',
    ],
    ['waiting', { decisions: 2 }, 'warn', 'All 2 targets are in sync. 2 decisions wait for you.'],
    [
      'updating',
      { targets: [row(), row(), row({ status: 'pending' })] },
      'good',
      '2 of 3 targets are in sync. 1 target is being updated now.',
    ],
    [
      'overdue',
      { targets: [row({ isOverdue: true, missing: 1 })], overduePrefixes: 1 },
      'bad',
      '1 target is overdue: Azure may already use 1 prefix that it does not allow.',
    ],
    [
      'overdue',
      { targets: [row({ isOverdue: true, missing: 2 }), row({ isOverdue: true, missing: 1 })], overduePrefixes: 3 },
      'bad',
      '2 targets are overdue: Azure may already use 3 prefixes that they do not allow.',
    ],
    [
      'blocked',
      { targets: [row(), row({ status: 'blocked' }), row({ status: 'failed' })] },
      'bad',
      'Of 3 targets, 1 is blocked and 1 failed: their rules stay as they are until someone acts.',
    ],
    [
      'listStandsStill',
      { list: { ...list, released: '2026-06-22' } },
      'warn',
      'Microsoft’s list stands still: the newest release is from 22 Jun 2026, 30 days ago.',
    ],
    [
      'storageDown',
      { targets: null, isStorageDown: true },
      'bad',
      'Storage cannot be read, so the state of the targets is unknown.',
    ],
    ['noList', { list: { ...list, released: null } }, 'warn', 'No list has been pulled yet.'],
  ])('%s %#', (state, input, tone, sentence) => {
    expect(headline(input)).toMatchObject({ state, tone, sentence });
  });

  test('does not count what writes nothing by intention, and says so', () => {
    const targets = [row(), row({ policy: 'plan', status: 'planOnly' }), row({ status: 'paused' })];

    expect(headline({ targets })).toMatchObject({
      state: 'calm',
      sentence: 'The target is in sync.',
      details: ['Not counted: 1 preview only, 1 paused.'],
    });
    expect(headline({ targets: targets.slice(1) }).sentence).toBe(
      'No target is written to: 2 targets preview only or paused.',
    );
  });

  test('the rest is told beside it', () => {
    const sources = [
      { source: 'download', status: 'failed' },
      { source: 'api', status: 'healthy' },
    ];
    const { details } = headline({
      updatesPaused: true,
      isTargetsFileMissing: true,
      list: { ...list, isPullFailed: true, sources, disagreements: 1 },
    });

    expect(details).toEqual([
      'There is no targets file: no target is managed. Put it back, or set TARGETS={} if none is wanted.',
      'UPDATES_PAUSED is set: nothing is written to any target until it is removed.',
      'The last pull failed: the list is the one from the pull before, and the next pull tries again.',
      '1 of 2 sources is not healthy: download (failed).',
      'The sources disagree about 1 tag.',
    ]);
  });
});
