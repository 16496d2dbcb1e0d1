import { describe, expect, test } from '@jest/globals';
import { InvalidDocumentError, NewerVersionError } from '../../../src/core/errors.ts';
import { parseHistory } from '../../../src/core/history/parseHistory.ts';
import { documentOf } from './historyFixtures.ts';

const name = 'service-tags/history/Public.json.gz';
const document = documentOf(['20.1.0.0/24'], ['20.1.0.0/24', '2603:1030::/48'], {});

test('what is written can be read', () => {
  expect(parseHistory(name, JSON.parse(JSON.stringify(document)))).toEqual(document);
});

test('a newer version is refused with both versions', () => {
  expect(() => parseHistory(name, { ...document, version: 2 })).toThrow(new NewerVersionError(name, 2, 1));
});

describe('a bad document names the field, the value and what is accepted', () => {
  const [first] = document.releases;
  const withTags = (tags: unknown) => ({ ...document, releases: [{ ...first, tags }] });

  test.each<[unknown, string]>([
    [[], 'the document is [], expected an object'],
    [{ ...document, version: '1' }, 'version is "1", expected 1'],
    [{ ...document, cloud: 'Mars' }, 'cloud is "Mars", expected Public, AzureGovernment, China'],
    [{ ...document, services: 'all' }, 'services is "all", expected a list of names'],
    [null, 'the document is null, expected an object'],
    [{ ...document, services: [1] }, 'services is [1], expected a list of names'],
    [{ ...document, releases: {} }, 'releases is {}, expected a list'],
    [{ ...document, retired: {} }, 'retired is {}, expected a list'],
    [{ ...document, releases: ['x'] }, 'releases[0] is "x", expected an object'],
    ...['2026-01-055', 'x2026-01-05', 20260105].map((date): [unknown, string] => [
      { ...document, releases: [{ ...first, date }] },
      `releases[0].date is ${JSON.stringify(date)}, expected YYYY-MM-DD`,
    ]),
    [{ ...document, releases: [{ ...first, seenAt: 0 }] }, 'releases[0].seenAt is 0, expected an ISO time'],
    [
      { ...document, releases: [{ ...first, changeNumber: '1' }] },
      'releases[0].changeNumber is "1", expected a number',
    ],
    [withTags([]), 'releases[0].tags is [], expected an object'],
    [{ ...document, releases: [{ ...first, date: '1 May' }] }, 'releases[0].date is "1 May", expected YYYY-MM-DD'],
    [{ ...document, releases: [{ ...first, seenAt: 'x' }] }, 'releases[0].seenAt is "x", expected an ISO time'],
    [
      { ...document, releases: [{ ...first, snapshot: 1 }] },
      'releases[0].snapshot is 1, expected the id of a snapshot',
    ],
    [withTags({ A: 1 }), 'releases[0].tags.A is 1, expected an object or null'],
    [
      withTags({ A: { add: ['20.1.0.9/24'], remove: [] } }),
      'releases[0].tags.A.add is "20.1.0.9/24", expected canonical prefixes such as 20.42.66.0/23',
    ],
    [withTags({ A: { add: [] } }), 'releases[0].tags.A.remove is nothing, expected a list of prefixes'],
  ])('%#', (value, message) => {
    expect(() => parseHistory(name, value)).toThrow(new InvalidDocumentError(`${name}: ${message}`));
  });
});
