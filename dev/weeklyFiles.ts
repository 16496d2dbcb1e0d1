/** Folders of weekly files, `ServiceTags_<cloud>_<YYYYMMDD>.json`. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { dateOfFileName } from '../src/adapters/sources/weeklyFileName.ts';
import { clouds, type Cloud } from '../src/core/serviceTags/serviceTags.ts';
import { compareText } from '../src/core/words.ts';

/** A weekly file, and the date under which it is published. */
export interface WeeklyFile {
  readonly path: string;
  readonly cloud: Cloud;
  /** `YYYY-MM-DD` */
  readonly date: string;
}

/** The files of all clouds, oldest first. */
export async function listWeeklyFiles(folder: string): Promise<readonly WeeklyFile[]> {
  const files = (await readdir(folder)).flatMap((name) =>
    clouds.flatMap((cloud) => {
      const date = dateOfFileName(name, cloud);
      return date === undefined ? [] : [{ path: join(folder, name), cloud, date }];
    }),
  );
  return files.sort((a, b) => compareText(a.date, b.date));
}
