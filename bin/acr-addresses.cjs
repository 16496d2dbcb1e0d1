#!/usr/bin/env node
// A package has the built command; a checkout that was not built yet runs its source.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const built = join(__dirname, '../dist/cli/acr-addresses.cjs');
if (existsSync(built)) require(built);
else import('../src/cli/acr-addresses.ts');
