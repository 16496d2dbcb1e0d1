/** Node's own modules, by the way that costs nothing: an `import` of them evaluates their every export, for 5 ms. */
export const fs = process.getBuiltinModule('node:fs');
export const path = process.getBuiltinModule('node:path');
export const util = process.getBuiltinModule('node:util');
