/** What the compiled template promises: no secret leaves it, nothing is open, no role is wider than written down. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { checkBicep, compileBicep, findBicep, type Compiled } from '../../dev/bicep.ts';
import { isFullRun } from '../support/fullRun.ts';

const root = path.resolve(import.meta.dirname, '../..');
const bicep = await findBicep();
if ('missing' in bicep) console.log(`SKIPPED: the template is not compiled: ${bicep.missing}`);
const describeWithBicep = 'missing' in bicep ? describe.skip : describe;

interface Resource {
  readonly type: string;
  readonly name: string;
  readonly scope?: string;
  readonly condition?: string;
  readonly properties: Record<string, unknown>;
}

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

function walk(value: unknown, visit: (key: string, value: unknown) => void): void {
  if (!isObject(value)) return;
  for (const [key, child] of Object.entries(value)) {
    visit(key, child);
    walk(child, visit);
  }
}

/** Every resource of the template and of the templates nested in it. */
function collectResources(template: Json): Resource[] {
  const own = isObject(template.resources) ? (Object.values(template.resources) as Resource[]) : [];
  return own.flatMap((resource) => {
    const nested = isObject(resource.properties) ? resource.properties.template : undefined;
    return [resource, ...(isObject(nested) ? collectResources(nested) : [])];
  });
}

function collectTemplates(template: Json): Json[] {
  const resources = isObject(template.resources) ? (Object.values(template.resources) as Resource[]) : [];
  const nested = resources.flatMap((resource) =>
    isObject(resource.properties) && isObject(resource.properties.template)
      ? collectTemplates(resource.properties.template)
      : [],
  );
  return [template, ...nested];
}

function findNestedTemplate(template: Json, resourceType: string): Json {
  const found = collectTemplates(template).find((nested) =>
    Object.values((nested.resources ?? {}) as Json).some(
      (resource) => isObject(resource) && resource.type === resourceType && resource.existing !== true,
    ),
  );
  if (!found) throw new Error(`no template with ${resourceType}`);
  return found;
}

function ofType(resources: readonly Resource[], type: string): Resource[] {
  return resources.filter((resource) => resource.type === type && !('existing' in resource));
}

describeWithBicep('infra/main.bicep', () => {
  let compiled: Compiled;
  let template: Json;
  let text: string;
  let resources: Resource[];

  beforeAll(async () => {
    if ('missing' in bicep) return;
    compiled = await compileBicep(bicep.path, path.join(root, 'infra/main.bicep'));
    template = compiled.template as Json;
    text = JSON.stringify(template);
    resources = collectResources(template);
  });

  test('builds and lints without a warning', async () => {
    if ('missing' in bicep) return;
    expect(compiled.warnings).toBe('');
    if (isFullRun) expect(await checkBicep(bicep.path, path.join(root, 'infra/main.bicepparam'))).toBe('');
  });

  test('comes from this folder alone, so that it builds offline', async () => {
    const files = (await readdir(path.join(root, 'infra'), { recursive: true })).filter((file) =>
      file.endsWith('.bicep'),
    );
    const sources = await Promise.all(files.map((file) => readFile(path.join(root, 'infra', file), 'utf8')));

    expect(sources.join('\n')).not.toMatch(/^\s*module .*'(br|ts)[:/]/m);
  });

  test('gives out no secret: no key, no connection string, no secure parameter', () => {
    const outputs = collectTemplates(template).map((nested) => JSON.stringify(nested.outputs ?? {}));
    const secure = collectTemplates(template).flatMap((nested) =>
      Object.entries((nested.parameters ?? {}) as Json)
        .filter(([, parameter]) => isObject(parameter) && /^secure/i.test(String(parameter.type)))
        .map(([name]) => name),
    );

    expect(secure).toEqual(expect.arrayContaining(['notificationWebhooks', 'notificationSecret']));
    for (const output of outputs) {
      expect(output).not.toMatch(/listKeys|listAccountSas|ConnectionString|InstrumentationKey|AccountKey/i);
      for (const name of secure) expect(output).not.toContain(name);
    }
  });

  test('asks for no key anywhere', () => {
    expect(text).not.toMatch(/listKeys|listAccountSas|listServiceSas|AccountKey=/i);
  });

  test('storage takes TLS 1.2, no shared key and no public blob', () => {
    const accounts = ofType(resources, 'Microsoft.Storage/storageAccounts');

    expect(accounts).toHaveLength(2);
    for (const account of accounts) {
      expect(account.properties).toMatchObject({
        minimumTlsVersion: 'TLS1_2',
        allowSharedKeyAccess: false,
        allowBlobPublicAccess: false,
        supportsHttpsTrafficOnly: true,
      });
    }
    for (const container of ofType(resources, 'Microsoft.Storage/storageAccounts/blobServices/containers')) {
      expect(container.properties).toMatchObject({ publicAccess: 'None' });
    }
  });

  test('storage has the containers and queues of the contract', () => {
    const loops = JSON.stringify(findNestedTemplate(template, 'Microsoft.Storage/storageAccounts'));
    expect(loops).toContain("createArray('update-target', 'update-target-poison')");
    expect(loops).toContain("createArray('config', 'service-tags', 'targets')");
    expect(loops).toContain("'ledger')");
  });

  test('the app is Flex Consumption on Node 22, HTTPS and TLS 1.2 only, without publishing passwords', () => {
    const [plan] = ofType(resources, 'Microsoft.Web/serverfarms');
    const [site] = ofType(resources, 'Microsoft.Web/sites');
    const policies = ofType(resources, 'Microsoft.Web/sites/basicPublishingCredentialsPolicies');

    expect(plan).toMatchObject({ sku: { name: 'FC1', tier: 'FlexConsumption' } });
    expect(site?.properties).toMatchObject({
      httpsOnly: true,
      siteConfig: { minTlsVersion: '1.2', ftpsState: 'Disabled' },
      functionAppConfig: {
        runtime: { name: 'node', version: '22' },
        deployment: { storage: { authentication: { type: 'UserAssignedIdentity' } } },
      },
    });
    expect(policies.map((policy) => policy.properties.allow)).toEqual([false, false]);
  });

  test('telemetry is taken from Entra identities only', () => {
    const [component] = ofType(resources, 'Microsoft.Insights/components');
    const [workspace] = ofType(resources, 'Microsoft.OperationalInsights/workspaces');

    expect(component?.properties).toMatchObject({ DisableLocalAuth: true });
    expect(workspace?.properties).toMatchObject({ features: { disableLocalAuth: true } });
  });

  test('every setting of the contract is set', async () => {
    const contract = await readFile(path.join(root, 'docs/contract.md'), 'utf8');
    const section = contract.split('## 1.')[1]?.split('## 2.')[0] ?? '';
    const named = [...section.matchAll(/^\| (`[^|]+`) /gm)].flatMap((row) =>
      [...(row[1] ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1] ?? ''),
    );
    // One of the three ways to name the storage is enough: the service addresses are right in every cloud.
    const settings = named.filter((name) => name !== 'AzureWebJobsStorage' && !/accountName$|^__/.test(name));

    expect(settings.length).toBeGreaterThanOrEqual(11);
    for (const setting of [
      ...settings,
      'AzureWebJobsStorage__queueServiceUri',
      'AzureWebJobsStorage__credential',
      'AzureWebJobsStorage__clientId',
      'NOTIFICATION_SECRET',
      'APPLICATIONINSIGHTS_CONNECTION_STRING',
    ]) {
      expect(text).toMatch(new RegExp(`["']${setting}["']`));
    }
  });

  test('the roles hold exactly the actions that docs/security.md lists, none with a wildcard', async () => {
    const security = await readFile(path.join(root, 'docs/security.md'), 'utf8');
    const documented = [...security.matchAll(/`(Microsoft\.[A-Za-z]+\/[A-Za-z/]+\/(?:read|write|delete))`/g)];
    const access = findNestedTemplate(template, 'Microsoft.Authorization/roleDefinitions');
    const granted = new Set<string>();
    walk(access.variables, (key, value) => {
      if (key !== 'actions' || !Array.isArray(value)) return;
      for (const action of value) granted.add(String(action));
    });

    expect(granted.size).toBe(13);
    expect([...granted].filter((action) => action.includes('*'))).toEqual([]);
    expect([...granted].sort()).toEqual([...new Set(documented.map((match) => match[1] ?? ''))].sort());
    expect(text).not.toMatch(/"actions":\[[^\]]*\*/);
  });

  // A role's name is unique in its tenant: the names of a second deployment must be others.
  test('the names of the roles hold the name of the app, which is its own', () => {
    const [definition] = ofType(resources, 'Microsoft.Authorization/roleDefinitions');

    expect(definition?.properties.roleName).toContain("parameters('appName')");
    expect(JSON.stringify(template.resources)).toContain('"appName":{"value":"[variables(\'functionAppName\')]"}');
    expect(template.variables).toMatchObject({
      functionAppName: expect.stringContaining("variables('token')"),
      token: expect.stringContaining('uniqueString(subscription().id'),
    });
  });

  test('the app is told of no table, as it has no role on any', () => {
    expect(text).not.toMatch(/tableServiceUri|primaryEndpoints\.table/);
    const { services, wanted } = findNestedTemplate(template, 'Microsoft.Network/privateEndpoints').variables as Json;
    expect(services).toEqual(['blob', 'queue']);
    expect((wanted as { service: string }[]).map(({ service }) => service)).toEqual(['blob', 'queue', 'blob']);
  });

  test('a role on a target is assigned on that target, never on its resource group', () => {
    const scopes = ofType(resources, 'Microsoft.Authorization/roleAssignments').map((assignment) => assignment.scope);
    const onSubscriptions = scopes.filter((scope) => scope === undefined);
    const onResources = new Set(
      scopes.map((scope) =>
        /resourceId\('([^']+)'|format\('([^{]+)/
          .exec(scope ?? '')
          ?.slice(1)
          .find(Boolean),
      ),
    );

    // The three on subscriptions: operations of a network write, service tags, discovery.
    expect(onSubscriptions).toHaveLength(3);
    expect([...onResources].filter(Boolean).sort()).toEqual([
      'Microsoft.ContainerRegistry/registries',
      'Microsoft.Insights/components',
      'Microsoft.KeyVault/vaults',
      'Microsoft.Network/networkSecurityGroups',
      'Microsoft.Storage/storageAccounts',
    ]);
  });

  test('service tags are readable at subscription scope only where the api source is used', () => {
    const access = findNestedTemplate(template, 'Microsoft.Authorization/roleDefinitions');
    const module = (access.resources as Record<string, Resource>).serviceTagAccess;

    expect(module?.condition).toBe("[parameters('readsServiceTags')]");
    expect(template.variables).toMatchObject({ usesDiscoveryApi: expect.stringContaining("'api'") });
  });

  test('every alert is explained in docs/operations.md, and the other way round', async () => {
    const operations = await readFile(path.join(root, 'docs/operations.md'), 'utf8');
    const module = findNestedTemplate(template, 'Microsoft.Insights/scheduledQueryRules');
    const { rules } = module.variables as { readonly rules: readonly { readonly name: string }[] };

    const explained = [...operations.matchAll(/^### Alert `([a-z-]+)`/gm)].map((match) => match[1]);

    expect(explained.sort()).toEqual(rules.map((rule) => rule.name).sort());
    expect(rules.map((rule) => rule.name)).toEqual(
      expect.arrayContaining(['pull-late', 'deadline-near', 'poison-message', 'targets-failed', 'server-errors']),
    );
  });
});
