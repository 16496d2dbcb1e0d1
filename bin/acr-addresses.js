#!/usr/bin/env node
// A package has the built command; a checkout that was not built yet runs its source.
import { existsSync } from 'node:fs';

const built = new URL('../dist/cli/acr-addresses.js', import.meta.url);
await import(existsSync(built) ? built.href : new URL('../src/cli/acr-addresses.ts', import.meta.url).href);
