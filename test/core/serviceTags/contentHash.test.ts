import { describe, expect, test } from '@jest/globals';
import { contentHash, isSnapshotId, parseSnapshotId, toSnapshotId } from '../../../src/core/serviceTags/contentHash.ts';
import { InvalidDocumentError } from '../../../src/core/errors.ts';
import type { ServiceTag } from '../../../src/core/serviceTags/serviceTags.ts';
import { documentOf } from '../sampleDocuments.ts';

const tags = { AzureContainerRegistry: ['20.61.97.0/24'], Storage: ['20.60.0.0/16', '2603:1020::/48'] };

describe('contentHash', () => {
  test('is the sha256 of a text that will not change', () => {
    // printf '["Public",[["AzureContainerRegistry",["20.61.97.0/24"]]]]' | sha256sum
    expect(contentHash(documentOf({ AzureContainerRegistry: ['20.61.97.0/24'] }))).toBe(
      'b5cc4dfeb7c418ed635241309d13db246b25957525a34d819b0d05a73845c6db',
    );
  });

  test('does not look at change numbers, regions and hints', () => {
    const plain = documentOf(tags);
    const dressed = {
      ...plain,
      changeNumber: 999,
      values: plain.values.map((tag): ServiceTag => ({
        ...tag,
        changeNumber: 77,
        region: 'x',
        platform: 'y',
        regionId: 3,
        networkFeatures: null,
      })),
    };

    expect(contentHash(dressed)).toBe(contentHash(plain));
  });

  test.each([
    ['a prefix more', documentOf({ ...tags, AzureContainerRegistry: ['20.61.97.0/24', '20.61.98.0/24'] })],
    ['another length', documentOf({ ...tags, AzureContainerRegistry: ['20.61.97.0/25'] })],
    ['a tag more', documentOf({ ...tags, Empty: [] })],
    ['a tag less', documentOf({ Storage: tags.Storage })],
    ['another name', documentOf({ Azure: ['20.61.97.0/24'], Storage: tags.Storage })],
    [
      'a prefix in the other tag',
      documentOf({ AzureContainerRegistry: [], Storage: ['20.61.97.0/24', ...tags.Storage] }),
    ],
    ['another cloud', documentOf(tags, {}, 'China')],
  ])('%s changes it', (_, document) => {
    expect(contentHash(document)).not.toBe(contentHash(documentOf(tags)));
  });
});

describe('snapshot ids', () => {
  const hash = '0123456789abcdef'.repeat(4);

  test('are made of the cloud, the date, the change number and the start of the hash', () => {
    expect(toSnapshotId('Public', '2025-03-03', 346, hash)).toBe('Public-20250303-346-0123456789ab');
  });

  test.each(['Public', 'AzureGovernment', 'China'] as const)('of %s can be taken apart again', (cloud) => {
    const id = toSnapshotId(cloud, '2025-03-03', 346, hash);

    expect(isSnapshotId(id)).toBe(true);
    expect(parseSnapshotId(id)).toEqual({ cloud, hash: '0123456789ab' });
  });

  test.each([
    '',
    'Public',
    'public-20250303-346-0123456789ab',
    'Germany-20250303-346-0123456789ab',
    'Public-2025-03-03-346-0123456789ab',
    'Public-20250303-346-0123456789AB',
    'Public-20250303-346-0123456789abc',
    'Public-20250303-346-0123456789ab\n',
    'Public-20250303--0123456789ab',
    '../Public-20250303-346-0123456789ab',
    'Public-20250303-346-0123456789ab/..',
  ])('%j is none', (text) => {
    expect(isSnapshotId(text)).toBe(false);
    expect(() => parseSnapshotId(text)).toThrow(InvalidDocumentError);
  });
});
