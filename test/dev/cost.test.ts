/** The estimate counts what the real code writes. */
import { describe, expect } from '@jest/globals';
import { estimateYear, renderYear, type Year } from '../../dev/cost.ts';
import { testInFullRun } from '../support/fullRun.ts';

describe('a year of a hundred targets', () => {
  let year: Year;

  testInFullRun('is measured', async () => {
    year = await estimateYear(100);

    expect(year.updates).toBe(100 * (365 * 24 + 52));
    // A release of Azure's size is some hundred kilobytes; a record of a change some kilobytes.
    expect(year.snapshotBytes).toBeGreaterThan(52 * 50_000);
    expect(year.ledgerBytes).toBeGreaterThan(52 * 100 * 1_000);
    expect(year.stateBytes).toBeGreaterThan(30 * 100 * 24 * 1_000);
  });

  testInFullRun('stays small: a ledger below a gigabyte, below 300 dollars', () => {
    expect(year.ledgerBytes + year.snapshotBytes).toBeLessThan(1e9);
    expect(year.stateBytes).toBeLessThan(10e9);
    expect(year.total).toBeLessThan(300);
    expect(Object.values(year.costs).every((cost) => cost > 0)).toBe(true);
  });

  testInFullRun('is shown with units', () => {
    expect(renderYear(year)).toMatch(/^100 targets, 881,200 updates per year$/m);
    expect(renderYear(year)).toMatch(/^ledger, kept +[\d.]+ MB$/m);
    expect(renderYear(year)).toMatch(/^all +[\d.]+ US dollars per year$/m);
  });
});
