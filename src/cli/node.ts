/** Node's modules without `import`, which evaluates every export of the module and so takes 5 ms. */
export const fs = process.getBuiltinModule('node:fs');
export const path = process.getBuiltinModule('node:path');
export const util = process.getBuiltinModule('node:util');
