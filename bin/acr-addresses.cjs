#!/usr/bin/env node
// Runs the built command, as in the npm package. A checkout that is not built yet runs the source.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const built = join(__dirname, '../dist/cli/acr-addresses.cjs');
if (existsSync(built)) require(built);
else import('../src/cli/acr-addresses.ts');
