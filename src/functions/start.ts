/**
 * Logs wrong settings when the app starts, and does not throw: if an entry file throws, the platform loads no function
 * at all, and `health` could not report the reason.
 */
import { app } from '@azure/functions';
import { describeTimeZone, readConfig } from '../config.ts';
import { ConfigurationError } from '../core/errors.ts';

app.hook.appStart(async () => {
  try {
    const { targets, timeZone, notes } = readConfig();
    for (const note of notes) console.warn(note);
    if (timeZone !== undefined) console.warn(describeTimeZone(timeZone));
    // Check the targets if TARGETS contains them as JSON. A mistake in a targets file is reported by each run.
    if (targets.kind !== 'json') return;
    const { parseTargetsText } = await import('../core/targets/targetsFile.ts');
    parseTargetsText(targets.json, 'TARGETS');
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(`Nothing is pulled or updated until these settings are mended:\n${error.message}`);
  }
});
