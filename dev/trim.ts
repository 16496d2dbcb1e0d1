/**
 * After `npm ci`: takes away what no script of this project reads, more than 100 MB. Node's C++ headers are for building
 * native modules; the Azure SDKs ship themselves for browsers and React Native too; source maps lead to nobody's sources.
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
