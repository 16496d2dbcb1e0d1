import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from '@jest/globals';
import { sortPrefixes } from '../../src/core/prefixes.ts';
import type { Cloud, ServiceTagsDocument } from '../../src/core/serviceTags/serviceTags.ts';

/** Microsoft's weekly files, beside the repository; they are read where they are. */
const folder = resolve(import.meta.dirname, '../../../shared/service-tags');

export const realFileNames: readonly string[] = existsSync(folder)
  ? readdirSync(folder)
      .filter((name) => /^ServiceTags_.*\.json$/.test(name))
      .sort()
  : [];

if (realFileNames.length === 0) {
  process.stdout.write(`skipped: tests on real weekly files, because there are none in ${folder}\n`);
}

export const testOnRealFiles = realFileNames.length === 0 ? test.skip : test;

interface WeeklyFile {
  readonly cloud: Cloud;
  readonly changeNumber: number;
  readonly values: readonly {
    readonly name: string;
    readonly properties: {
      readonly changeNumber: number;
      readonly region: string;
      readonly systemService: string;
      readonly addressPrefixes: readonly string[];
    };
  }[];
}

/** Read without the product's own parser, so that selection and diff are tested on their own. */
export function readRealFile(name: string): ServiceTagsDocument {
  const file = JSON.parse(readFileSync(resolve(folder, name), 'utf8')) as WeeklyFile;
  return {
    cloud: file.cloud,
    changeNumber: file.changeNumber,
    values: file.values
      .map(({ name: tag, properties }) => {
        let sorted: readonly string[] | undefined;
        return {
          name: tag,
          region: properties.region,
          systemService: properties.systemService,
          changeNumber: properties.changeNumber,
          /** Sorted when it is read: a file has more than a thousand tags, and a test looks at few. */
          get addressPrefixes() {
            return (sorted ??= sortPrefixes(properties.addressPrefixes));
          },
        };
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
