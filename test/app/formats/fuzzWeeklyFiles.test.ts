import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidDocumentError } from '../../../src/core/errors.ts';
import { parseServiceTagsText } from '../../../src/core/serviceTags/parseServiceTags.ts';
import { findFault, weeklyFile } from './fuzzWeeklyFiles.ts';
import { isFullRun } from '../../support/fullRun.ts';

const numRuns = isFullRun ? 10_000 : 1_000;

test(`${numRuns} odd weekly files: no crash, and no line of any list is anything but a prefix`, () => {
  let count = 0;
  fc.assert(
    fc.property(weeklyFile, (text) => {
      count += 1;
      const fault = findFault(text, count % 8 === 0);
      if (fault !== undefined) throw new Error(fault);
    }),
    { numRuns },
  );
});

test('many of them are taken, and many are refused', () => {
  const isTaken = fc.sample(weeklyFile, { numRuns: 500, seed: 1 }).map((text) => {
    try {
      return parseServiceTagsText(text, 'Public').document.values.length > 0;
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidDocumentError);
      return false;
    }
  });

  const taken = isTaken.filter(Boolean).length;
  expect(taken).toBeGreaterThan(100);
  expect(taken).toBeLessThan(400);
});
