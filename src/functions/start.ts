/**
 * What is wrong with the settings goes to the log, and keeps nothing from loading: an entry file that throws leaves the
 * platform without any function, and `health` could not tell why.
 */
import { app } from '@azure/functions';
import { describeTimeZone, readConfig } from '../config.ts';
import { ConfigurationError } from '../core/errors.ts';

app.hook.appStart(async () => {
  try {
    const { targets, timeZone, notes } = readConfig();
    for (const note of notes) console.warn(note);
    if (timeZone !== undefined) console.warn(describeTimeZone(timeZone));
    // Targets in a setting are a setting. What is wrong in a file is an error of each run.
    if (targets.kind !== 'json') return;
    const { parseTargetsText } = await import('../core/targets/targetsFile.ts');
    parseTargetsText(targets.json, 'TARGETS');
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(`Nothing is pulled or updated until these settings are mended:\n${error.message}`);
  }
});
