import js from '@eslint/js';
import { importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** One zone per arrow of docs/architecture.md: `target` may not import `from`, but for the exceptions. */
const arrow = (target, from, except, message) => ({ target, from, except, message });

const arrows = [
  arrow('./src/core', './src', ['./core'], 'core is pure: it imports nothing of this project outside core.'),
  arrow('./src/app/!(composition).ts', './src/adapters', [], 'only app/composition.ts imports adapters.'),
  arrow('./src/app/*/**', './src/adapters', [], 'only app/composition.ts imports adapters.'),
  arrow('./src/app', './src/functions', [], 'app never imports a trigger.'),
  arrow('./src/adapters', './src/app', ['./ports.ts'], 'adapters know the app through app/ports.ts only.'),
  arrow('./src/adapters', './src/functions', [], 'adapters never import a trigger.'),
  arrow(['./src/config.ts', './src/config'], './src', ['./core', './config.ts', './config'], 'config knows core only.'),
  arrow('./src/functions', './src/adapters', [], 'triggers reach adapters through app/composition.ts only.'),
  arrow(['./src/app', './src/core', './src/adapters', './src/functions'], './src/cli', [], 'the app knows no command.'),
  arrow(
    './src/cli',
    './src/app',
    ['./formats', './queries/prefixList.ts', './queries/tagQuery.ts'],
    'the command has no storage and no targets.',
  ),
  arrow('./src/cli', './src/adapters', ['./sources', './arm/client.ts'], 'the command reads sources only.'),
  arrow('./src', './dev', [], 'nothing that ships imports dev.'),
  arrow('./src', './test', [], 'nothing that ships imports tests.'),
];

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'reports', '.azurite', '.stryker-tmp', '.tools'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones: arrows }],
      'import-x/no-default-export': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      eqeqeq: 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'src/config.ts is the one reader of process.env.' },
      ],
    },
  },
  {
    files: ['bin/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { require: 'readonly', __dirname: 'readonly' } },
  },
  {
    files: ['public/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'AbortController',
          'ResizeObserver',
          'URL',
          'URLSearchParams',
          'addEventListener',
          'clearInterval',
          'clearTimeout',
          'document',
          'fetch',
          'history',
          'location',
          'scrollTo',
          'setInterval',
          'setTimeout',
        ].map((name) => [name, 'readonly']),
      ),
    },
    rules: { eqeqeq: 'error', 'no-unused-vars': ['error', { ignoreRestSiblings: true }] },
  },
  {
    files: ['src/core/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: ['node:fs*', 'node:http*', '@azure/*'] }],
      'no-restricted-globals': ['error', 'fetch', 'process'],
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='Date'][property.name='now']",
          message: 'core never asks for the time.',
        },
        { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'core never asks for the time.' },
      ],
    },
  },
  {
    files: ['src/adapters/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '/config(/|\\.ts$)',
              allowTypeImports: true,
              message: 'adapters take only types of config: app/composition.ts passes its values in.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['src/config.ts', 'src/cli/acr-addresses.ts', 'dev/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    // Jest takes the default export of its global setup.
    files: ['*.config.ts', '**/*.d.ts', 'test/support/buildFolder.ts'],
    rules: { 'import-x/no-default-export': 'off' },
  },
  { files: ['test/**/*.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off' } },
);
