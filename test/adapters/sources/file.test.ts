import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { fileSource } from '../../../src/adapters/sources/file.ts';
import { testOnRealFiles } from '../../core/realFiles.ts';
import { weeklyFile } from './loopback.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'service-tags-'));
  await mkdir(join(folder, 'weekly'));
  await mkdir(join(folder, 'none'));
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  await Promise.all([
    write('tags.json', `\uFEFF${JSON.stringify(weeklyFile())}`),
    write('cut.json', JSON.stringify(weeklyFile()).slice(0, -9)),
    write('weekly/ServiceTags_Public_20241230.json', JSON.stringify(weeklyFile(['20.1.0.0/24']))),
    write('weekly/servicetags_public_20250106.JSON', JSON.stringify(weeklyFile(['20.2.0.0/24']))),
    write('weekly/ServiceTags_Public_20259999.json', 'no such day'),
    write('weekly/ServiceTags_Public_20260101.json.tmp', 'not finished'),
    write('weekly/ServiceTags_China_20250113.json', JSON.stringify(weeklyFile(['20.3.0.0/24'], 'China'))),
    write('weekly/readme.txt', ''),
  ]);
});

afterAll(() => rm(folder, { recursive: true }));

describe('fileSource', () => {
  test('one file, whatever its name', async () => {
    const path = join(folder, 'tags.json');
    const source = fileSource('file:tags', path, 'Public');

    expect(source.name).toBe('file:tags');
    expect(await source.fetch()).toEqual({
      source: 'file:tags',
      date: undefined,
      origin: path,
      document: expect.objectContaining({ changeNumber: 346 }),
      warnings: [],
    });
  });

  test('the date of one weekly file is in its name', async () => {
    const path = join(folder, 'weekly/ServiceTags_Public_20241230.json');

    expect((await fileSource('file', path, 'Public').fetch()).date).toBe('2024-12-30');
  });

  test('of a folder, the newest file of the cloud, by name', async () => {
    const ofPublic = await fileSource('file', join(folder, 'weekly'), 'Public').fetch();
    const ofChina = await fileSource('file', join(folder, 'weekly'), 'China').fetch();

    expect(ofPublic.date).toBe('2025-01-06');
    expect(ofPublic.origin).toBe(join(folder, 'weekly/servicetags_public_20250106.JSON'));
    expect(ofPublic.document.values[0]?.addressPrefixes).toEqual(['20.2.0.0/24']);
    expect(ofChina.date).toBe('2025-01-13');
  });

  test('a folder is looked at again on each fetch', async () => {
    const growing = await mkdtemp(join(tmpdir(), 'service-tags-'));
    const source = fileSource('file', growing, 'Public');
    const add = (date: string) =>
      writeFile(join(growing, `ServiceTags_Public_${date}.json`), JSON.stringify(weeklyFile()));

    await add('20250106');
    const before = await source.fetch();
    await add('20250113');
    const after = await source.fetch();
    await rm(growing, { recursive: true });

    expect([before.date, after.date]).toEqual(['2025-01-06', '2025-01-13']);
  });

  test.each<[string, BufferEncoding, string]>([
    ['little', 'utf16le', ''],
    ['big', 'utf16le', 'swapped'],
  ])('UTF-16 with a byte order mark, %s endian, as Windows PowerShell writes it', async (endian, encoding, swap) => {
    const path = join(folder, `utf16-${endian}.json`);
    const bytes = Buffer.from(`\uFEFF${JSON.stringify(weeklyFile(['20.1.0.0/24']))}`, encoding);
    await writeFile(path, swap === '' ? bytes : bytes.swap16());

    const { document } = await fileSource('file', path, 'Public').fetch();

    expect(document.values[0]?.addressPrefixes).toEqual(['20.1.0.0/24']);
  });

  describe('a file that is dated in the future', () => {
    const now = new Date('2026-01-14T12:00:00Z');
    let slips: string;
    const add = (date: string, text: string) => writeFile(join(slips, `ServiceTags_Public_${date}.json`), text);
    const weekly = (...prefixes: string[]) => JSON.stringify(weeklyFile(prefixes));

    beforeEach(async () => {
      slips = await mkdtemp(join(tmpdir(), 'service-tags-'));
      await add('20270112', weekly('20.1.0.0/24', '20.2.0.0/24'));
    });
    afterEach(() => rm(slips, { recursive: true }));

    test('is read beside the newest one, whose day it is', async () => {
      await add('20260105', weekly('20.1.0.0/24'));
      await add('20251229', weekly('20.9.0.0/24'));

      const { date, document, warnings } = await fileSource('file', slips, 'Public').fetch(now);

      expect(date).toBe('2026-01-05');
      expect(document.values[0]?.addressPrefixes).toEqual(['20.1.0.0/24', '20.2.0.0/24']);
      expect(warnings).toEqual([expect.objectContaining({ kind: 'futureDate' })]);
    });

    test('alone is of no known day', async () => {
      const { date, document } = await fileSource('file', slips, 'Public').fetch(now);

      expect(date).toBeUndefined();
      expect(document.values[0]?.addressPrefixes).toEqual(['20.1.0.0/24', '20.2.0.0/24']);
    });

    test('and cannot be read costs nothing', async () => {
      await add('20260105', weekly('20.1.0.0/24'));
      await add('20270112', '<html>');

      expect(await fileSource('file', slips, 'Public').fetch(now)).toMatchObject({ date: '2026-01-05', warnings: [] });
    });
  });

  test.each([
    ['missing.json', 'missing.json does not exist, expected a JSON file or a folder of weekly files'],
    ['none', 'none has no file ServiceTags_Public_<YYYYMMDD>.json among its 0 entries'],
    ['cut.json', 'cut.json: the document is JSON that ends in the middle'],
    ['weekly/ServiceTags_China_20250113.json', 'cloud: "China", expected "Public"'],
    ['weekly/readme.txt', 'readme.txt: the document is empty'],
  ])('%s is refused', async (path, message) => {
    await expect(fileSource('file', join(folder, path), 'Public').fetch()).rejects.toThrow(message);
  });

  test('a file that is too large is refused before it is read', async () => {
    await expect(fileSource('file', join(folder, 'tags.json'), 'Public', { maxBytes: 10 }).fetch()).rejects.toThrow(
      /tags\.json has \d+ bytes, at most 10 are accepted/,
    );
  });

  testOnRealFiles('the folder of real files gives the newest of each cloud', async () => {
    const path = resolve(import.meta.dirname, '../../../../shared/service-tags');

    for (const cloud of ['Public', 'AzureGovernment', 'China'] as const) {
      const { date, document, warnings } = await fileSource('file', path, cloud).fetch();

      expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect(document.cloud).toBe(cloud);
      expect(document.values.some((tag) => tag.name === 'AzureContainerRegistry')).toBe(true);
      expect(warnings).toEqual([]);
    }
  });
});
