/** What the platform says of the app, and schedules as the platform reads them. */
import { expect, test } from '@jest/globals';
import { describeTimeZone, loadConfig } from '../../src/config.ts';

const storage = { AzureWebJobsStorage: 'UseDevelopmentStorage=true' };

test.each([
  ['func-keeper.azurewebsites.net', 'https://func-keeper.azurewebsites.net'],
  ['localhost:7071', 'http://localhost:7071'],
  ['127.0.0.1:7071', 'http://127.0.0.1:7071'],
  ['[::1]:7071', 'http://[::1]:7071'],
  ['localhost.example.org', 'https://localhost.example.org'],
])('links of the app at %s begin with %s', (WEBSITE_HOSTNAME, baseUrl) => {
  expect(loadConfig({ ...storage, WEBSITE_HOSTNAME }).baseUrl).toBe(baseUrl);
});

test.each([
  ['0\t30\u00a0*/6 * * *', '0 30 */6 * * *'],
  [' 0  0 * * * * ', '0 0 * * * *'],
])('a schedule with other white space is repaired: %j', (PULL_SCHEDULE, pullSchedule) => {
  expect(loadConfig({ ...storage, PULL_SCHEDULE }).pullSchedule).toBe(pullSchedule);
});

test.each(['UTC', 'utc', 'Etc/UTC', ':UTC', 'GMT', '', undefined])('a time zone %s is none', (TZ) => {
  expect(loadConfig({ ...storage, TZ })).not.toHaveProperty('timeZone');
});

test('another time zone is named, whichever setting says it', () => {
  expect(loadConfig({ ...storage, TZ: 'Europe/Berlin' }).timeZone).toBe('Europe/Berlin');
  const { timeZone = '' } = loadConfig({ ...storage, WEBSITE_TIME_ZONE: 'W. Europe Standard Time', TZ: 'UTC' });
  expect(describeTimeZone(timeZone)).toMatch(/^The time zone is set to "W. Europe Standard Time": .* in UTC\.$/);
});
