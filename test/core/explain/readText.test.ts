import { describe, expect, test } from '@jest/globals';
import { findAddresses, findDay, findSituation } from '../../../src/core/explain/readText.ts';

describe('addresses of a text', () => {
  test.each([
    ['20.1.2.3', ['20.1.2.3']],
    ["denied: client with IP '20.1.2.3' is not allowed access", ['20.1.2.3']],
    ['dial tcp 20.1.2.3:443: i/o timeout', ['20.1.2.3']],
    ['dial tcp [2603:1030:20e:3::480]:443: connect: no route to host', ['2603:1030:20e:3::480']],
    ['from 20.1.2.3 to 20.1.2.3, 20.42.66.0/23.', ['20.1.2.3', '20.42.66.0/23']],
    ['2603:1030:20e:3::480/122 is listed', ['2603:1030:20e:3::480/122']],
    ['at 12:30:45 std::move(x) version 1.2.3', []],
    ['300.1.2.3 and 20.1.2.3/33', []],
    ['', []],
  ])('%s', (text, addresses) => expect(findAddresses(text)).toEqual(addresses));

  test('are the first twenty', () => {
    const text = Array.from({ length: 30 }, (_, index) => `20.0.0.${index}`).join(' ');

    expect(findAddresses(text)).toHaveLength(20);
  });
});

describe('the day of a line', () => {
  const now = new Date('2026-03-10T12:00:00Z');

  test.each([
    ['2025-10-12T13:55:36.123Z refused', '2025-10-12'],
    ['2025-10-12 23:30:00 -0500 refused', '2025-10-13'],
    ['2025-10-12T00:30:00+02:00 refused', '2025-10-11'],
    ['on 2025-10-12', '2025-10-12'],
    ['[12/Oct/2025:13:55:36 +0200] "GET /v2/"', '2025-10-12'],
    ['Sun, 12 Oct 2025 13:55:36 GMT', '2025-10-12'],
    ['10/12/2025, 1:55:36 PM', '2025-10-12'],
    ['Mar  9 13:55:36 host kernel: DROP', '2026-03-09'],
    ['Oct 12 13:55:36 host kernel: DROP', '2025-10-12'],
    ['E0309 13:55:36.123456    1234 kuberuntime.go', '2026-03-09'],
    ['2025-13-45 is no day', undefined],
    ['no day at all 20.1.2.3', undefined],
  ])('%s', (text, day) => expect(findDay(text, now)).toBe(day));
});

test.each([
  ["client with IP '20.1.2.3' is not allowed access", 'registryRefused'],
  ['dial tcp 20.1.2.3:443: i/o timeout', 'connectionFailed'],
  ['connect ETIMEDOUT 20.1.2.3:443', 'connectionFailed'],
  ['action=DENY src=20.1.2.3', 'firewallDenied'],
  ['20.1.2.3', 'unknown'],
])('what happened in "%s"', (text, situation) => expect(findSituation(text)).toBe(situation));
