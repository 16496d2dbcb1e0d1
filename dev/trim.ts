/**
 * Run it after `npm ci`: deletes more than 100 MB that no script of this project reads. These are Node's C++ headers
 * (for building native modules), the Azure SDKs' builds for browsers and React Native, and source maps of packages.
 */
import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const modules = join(import.meta.dirname, '../node_modules');
const unread = [
  'node/node_modules/*/include',
  '{@azure,@typespec}/*/dist/{browser,react-native}',
  '{@azure,@typespec,@opentelemetry}/**/*.map',
];
for (const path of globSync(unread, { cwd: modules })) rmSync(join(modules, path), { recursive: true, force: true });
