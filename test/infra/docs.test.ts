/** What people copy from the documentation works, and what the app can say is explained there. */
import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { checkBicep, compileBicep, findBicep } from '../../dev/bicep.ts';
import { testInFullRun } from '../support/fullRun.ts';
import { startSimulator } from '../../dev/simulator/simulator.ts';
import { discoveredName } from '../../src/app/discoverTargets.ts';
import { metrics } from '../../src/core/metrics.ts';
import { blockCodes } from '../../src/core/reasons.ts';
import { defaultsSchema, entrySchemas, fileSchema } from '../../src/core/targets/targetSchema.ts';
import { parseTargetsText } from '../../src/core/targets/targetsFile.ts';

const root = path.resolve(import.meta.dirname, '../..');

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

function codeBlocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1] ?? '');
}

describe('docs/scenarios.md', () => {
  const blocks = codeBlocks(read('docs/scenarios.md'), 'json');
  const files = blocks.filter((text) => text.includes('"targets"'));

  test.each(files.map((text) => [/"scenario": "(\w+)"/.exec(text)?.[1] ?? '', text]))(
    'the targets file for %s is accepted',
    (scenario, text) => {
      const { targets } = parseTargetsText(text, 'docs/scenarios.md');

      expect(targets.length).toBeGreaterThan(0);
      expect(targets.map((target) => [target.policy, target.scenario])).toEqual(targets.map(() => ['plan', scenario]));
    },
  );

  test('has one for every scenario', () => {
    const scenarios = new Set(
      files.flatMap((text) => parseTargetsText(text, 'docs').targets.map((target) => target.scenario)),
    );

    expect([...scenarios].sort()).toEqual(['imageImport', 'registryClients', 'tasks', 'webhooks']);
  });
});

const nsgId =
  '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nsg-hooks';

describe('Tagged resources in docs/scenarios.md', () => {
  const section = read('docs/scenarios.md').split('## Tagged resources')[1]?.split('\n## ')[0] ?? '';
  const { profiles } = parseTargetsText(codeBlocks(section, 'json').join(), 'docs/scenarios.md');

  test('the profiles are accepted, and start as plans', () => {
    expect(Object.values(profiles).map(({ kind, policy }) => [kind, policy])).toEqual([
      ['nsgRule', 'plan'],
      ['registryNetworkRules', 'plan'],
    ]);
  });

  test('the tag is the one that is looked for, its value a profile', () => {
    const [, tag, value = ''] = /--tags (\S+)=(\S+)/.exec(section) ?? [];

    expect(read('src/adapters/arm/resourceGraph.ts')).toContain(`tagName = '${tag}'`);
    expect(profiles).toHaveProperty(value);
  });

  test.each(['docs/scenarios.md', 'docs/contract.md'])('the name in %s is of the form that the app gives', (file) => {
    const [given = ''] = /nsg-hooks-[\da-f]{8}/.exec(read(file)) ?? [];

    expect(discoveredName({ resourceId: nsgId })).toMatch(/^nsg-hooks-[\da-f]{8}$/);
    expect(given).not.toBe('');
  });
});

describe('docs/contract.md', () => {
  const section = read('docs/contract.md').split('## 2.')[1]?.split('\n## ')[0] ?? '';
  const { nsgRule, registryNetworkRules } = entrySchemas;
  const keys = [fileSchema, defaultsSchema, nsgRule, registryNetworkRules, nsgRule.shape.rule].flatMap((schema) =>
    Object.keys(schema.shape),
  );

  test.each([...new Set([...keys, 'maxRules', 'fit', 'maxExtraAddresses', 'self'])])('has the key %s', (key) => {
    expect(section).toMatch(new RegExp(`(["\`.]|^)${key.replace('$', '\\$')}["\`]`, 'm'));
  });
});

describe('docs/architecture.md', () => {
  const text = read('docs/architecture.md');
  const sources = globSync('src/**/*.ts', { cwd: root });
  const files = [...new Set([...text.matchAll(/`([\w/]+\.ts)`/g)].map(([, file = '']) => file))];
  const section = text.split('## One change')[1]?.split('\n## ')[0] ?? '';
  const functions = [...new Set([...section.matchAll(/`([a-z]+[A-Z]\w+)`/g)].map(([, name = '']) => name))];

  test.each(files)('the file %s exists', (file) => {
    expect(sources.some((source) => `/${source}`.endsWith(`/${file}`))).toBe(true);
  });

  test.each(functions)('the function %s exists', (name) => {
    const declared = new RegExp(`(function\\*?|const) ${name}\\b`);

    expect(sources.some((source) => declared.test(read(source)))).toBe(true);
  });

  test('names enough of both', () => {
    expect(files.length).toBeGreaterThan(25);
    expect(functions.length).toBeGreaterThan(10);
  });
});

const bicep = await findBicep();
if ('missing' in bicep) console.log(`SKIPPED: the Bicep snippets are not compiled: ${bicep.missing}`);

/** A resource of a compiled snippet. */
interface Declared {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly '@options'?: unknown;
}

describe('Bicep snippets', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'snippets-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const snippets = codeBlocks(read('docs/scenarios.md'), 'bicep').map((text, index): [number, string] => [index, text]);
  const testWithBicep = 'missing' in bicep ? test.skip : test;
  const testEach = 'missing' in bicep ? test.skip : testInFullRun;

  testEach.each(snippets)('number %d of docs/scenarios.md compiles alone without a warning', async (index, text) => {
    if ('missing' in bicep) return;
    const file = path.join(folder, `${index}.bicep`);
    writeFileSync(file, text);

    expect(await checkBicep(bicep.path, file)).toBe('');
  });

  testWithBicep(
    'a rule of its own leaves the rules of the app as they are, and the group is made only once',
    async () => {
      if ('missing' in bicep) return;
      const file = path.join(folder, 'rules.bicep');
      writeFileSync(file, snippets.map(([, text]) => text).join('\n'));
      const { template, warnings } = await compileBicep(bicep.path, file);
      expect(warnings).toBe('');
      const { resources } = template as { resources: Record<string, Declared> };
      const { group, allowBastion } = resources;
      const simulator = await startSimulator();
      const put = (rule: string, properties: unknown) =>
        fetch(`${simulator.url}${nsgId}/securityRules/${rule}?api-version=2025-05-01`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ properties }),
        });

      try {
        simulator.putNsg({ id: nsgId });
        const answers = [
          await put('AllowAcrWebhooks', { ...allowBastion?.properties, priority: 300 }),
          await put('AllowBastion', allowBastion?.properties),
        ];

        expect(answers.map(({ status }) => status)).toEqual([201, 201]);
        expect(simulator.nsg(nsgId)?.properties).toMatchObject({
          securityRules: [{ name: 'AllowAcrWebhooks' }, { name: 'AllowBastion' }],
        });
        expect(group?.['@options']).toHaveProperty('onlyIfNotExists');
      } finally {
        await simulator.stop();
      }
    },
  );
});

describe('taking the app down', () => {
  const azureYaml = read('azure.yaml');
  const documents = globSync(['README.md', 'docs/**/*.md'], { cwd: root });

  test('no document has the command that would delete the groups of the targets', () => {
    const commands = documents.flatMap((file) => codeBlocks(read(file), 'sh'));

    expect(commands.length).toBeGreaterThan(10);
    expect(commands.join('\n')).not.toMatch(/azd down/);
  });

  test('docs/deploy.md warns of it, and deletes the group of the app', () => {
    expect(read('docs/deploy.md')).toMatch(/Never `azd down`/);
    expect(codeBlocks(read('docs/deploy.md'), 'sh').join('\n')).toContain('az group delete -n "$RESOURCE_GROUP"');
  });

  test('the roles are found by what their names end with', () => {
    expect(read('docs/deploy.md')).toContain("contains(roleName, '($FUNCTION_APP_NAME)')");
    expect(read('infra/modules/access.bicep')).toMatch(/roleName: '.* \(\$\{appName\}\)'/);
  });

  test('azure.yaml refuses it, with the reason', async () => {
    const hook = /^ {2}predown:\n {4}posix:\n.*?^ {6}run: \|\n(.*?)^ {4}windows:\n(.*?)^\S/ms.exec(azureYaml);
    const failure = promisify(execFile)('sh', ['-c', hook?.[1] ?? '']);

    await expect(failure).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('az group delete') });
    expect(hook?.[2]).toMatch(/az group delete.*^ +exit 1$/ms);
  });
});

describe('docs/operations.md', () => {
  const text = read('docs/operations.md');

  const otherCodes = [...read('src/core/reasons.ts').matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code = '']) => code);

  test.each([...blockCodes, ...otherCodes])('says what %s means', (code) => {
    expect(text).toMatch(new RegExp(`^\\| .*\`${code}\`.*\\|`, 'm'));
  });

  test.each(Object.keys(metrics))('explains the metric %s', (name) => {
    expect(text).toContain(`\`${name}\``);
  });
});

describe('publishing', () => {
  // A clean clone has no local.settings.json, from which the tool would take the language.
  test.each(['README.md', 'docs/deploy.md'])('in %s names the language and builds nothing in Azure', (file) => {
    const commands = read(file).match(/func azure functionapp publish[^`\n]*/g) ?? [];

    expect(commands.length).toBeGreaterThan(0);
    for (const command of commands) expect(command).toMatch(/ --no-build --javascript$/);
  });

  test('with azd asks for a version that knows remoteBuild', () => {
    expect(read('azure.yaml')).toMatch(/^requiredVersions:\n {2}azd: '>= 1\.23\.5'$/m);
    expect(read('docs/deploy.md')).toContain('1.23.5 or newer');
  });
});

/** Of a heading, as GitHub makes it. */
function toAnchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\d\s_-]/gu, '')
    .replaceAll(' ', '-');
}

describe('links', () => {
  const documents = ['README.md', 'SECURITY.md', ...globSync('docs/*.md', { cwd: root })];

  test.each(documents)('every file and heading that %s links to is there', (file) => {
    const links = [...read(file).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];

    for (const [, target = '', anchor] of links) {
      const linked = target === '' ? file : path.join(path.dirname(file), target);
      expect([linked, existsSync(path.join(root, linked))]).toEqual([linked, true]);
      if (anchor === undefined) continue;
      const headings = [...read(linked).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => toAnchor(heading));
      expect(headings).toContain(anchor);
    }
  });
});
