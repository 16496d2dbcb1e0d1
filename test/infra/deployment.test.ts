/** What a deployment asks for with given parameters, evaluated by the Bicep CLI. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { findBicep, predictDeployment, type PredictedResource } from '../../dev/bicep.ts';
import { renderRunbook } from '../../dev/runbook.ts';
import { testInFullRun } from '../support/fullRun.ts';

const root = path.resolve(import.meta.dirname, '../..');
const bicep = await findBicep();
if ('missing' in bicep) console.log(`SKIPPED: no deployment is predicted: ${bicep.missing}`);
const describeWithBicep = 'missing' in bicep ? describe.skip : describe;

const always = {
  environmentName: "'acr-keeper'",
  location: "'westeurope'",
  deployedAt: "'2026-11-30T02:00:00Z'",
};

function predict(parameters: Readonly<Record<string, string>> = {}): Promise<readonly PredictedResource[]> {
  return 'missing' in bicep ? Promise.resolve([]) : predictDeployment(bicep.path, { ...always, ...parameters });
}

function ofType(resources: readonly PredictedResource[], type: string): readonly PredictedResource[] {
  return resources.filter((resource) => resource.type === `Microsoft.${type}`);
}

interface Rule {
  readonly name: string;
  readonly window: string;
  readonly description: string;
  readonly query: string;
}

function rulesOf(resources: readonly PredictedResource[]): readonly Rule[] {
  return ofType(resources, 'Insights/scheduledQueryRules').map(({ name, properties }) => {
    const { windowSize, description, criteria } = properties as {
      readonly windowSize: string;
      readonly description: string;
      readonly criteria: { readonly allOf: readonly { readonly query: string }[] };
    };
    return {
      name: name.replace('acr-keeper-', ''),
      window: windowSize,
      description,
      query: criteria.allOf[0]?.query ?? '',
    };
  });
}

describeWithBicep('a deployment with the defaults', () => {
  let resources: readonly PredictedResource[];
  let rules: readonly Rule[];

  beforeAll(async () => {
    resources = await predict();
    rules = rulesOf(resources);
  });

  test('keeps the package apart: in an account that the identity of the app has no role on', () => {
    const containers = ofType(resources, 'Storage/storageAccounts/blobServices/containers').map(({ name }) => name);
    const [appAccount = '', packageAccount = ''] = ofType(resources, 'Storage/storageAccounts').map(({ name }) => name);
    const [site] = ofType(resources, 'Web/sites');
    const { functionAppConfig } = site?.properties as { functionAppConfig: { deployment: { storage: unknown } } };

    expect(containers.map((name) => name.split('/').at(-1)).sort()).toEqual([
      'app-package',
      'config',
      'ledger',
      'service-tags',
      'targets',
    ]);
    expect(containers.find((name) => name.endsWith('/app-package'))).toBe(`${packageAccount}/default/app-package`);
    expect(JSON.stringify(functionAppConfig.deployment.storage)).toContain(packageAccount);
    expect(JSON.stringify(functionAppConfig.deployment.storage)).toMatch(/userAssignedIdentities\/[\w-]+-package"/);

    const onPackage = ofType(resources, 'Authorization/roleAssignments').filter((assignment) =>
      JSON.stringify(assignment.scope ?? assignment.id ?? '').includes(packageAccount),
    );
    expect(onPackage).toHaveLength(1);
    expect(JSON.stringify(onPackage)).toContain('-package');
    expect(appAccount).not.toBe(packageAccount);
  });

  test('retains the ledger for 30 days, unlocked, and deletes it after ten years', () => {
    const [policy] = ofType(resources, 'Storage/storageAccounts/blobServices/containers/immutabilityPolicies');
    const [lifecycle] = ofType(resources, 'Storage/storageAccounts/managementPolicies');
    const { rules: lifecycleRules } = (lifecycle?.properties as { policy: { rules: Record<string, unknown>[] } })
      .policy;

    expect(policy?.name).toMatch(/\/ledger\/default$/);
    expect(policy?.properties).toMatchObject({ immutabilityPeriodSinceCreationInDays: 30 });
    expect(lifecycleRules).toMatchObject([
      {
        name: 'old-states',
        enabled: true,
        definition: {
          filters: { prefixMatch: ['targets/'] },
          actions: { version: { delete: { daysAfterCreationGreaterThan: 30 } } },
        },
      },
      { name: 'old-versions', enabled: true },
      {
        name: 'old-ledger',
        enabled: true,
        definition: {
          filters: { prefixMatch: ['ledger/'] },
          actions: { baseBlob: { delete: { daysAfterCreationGreaterThan: 3650 } } },
        },
      },
    ]);
  });

  test('logs who writes and deletes blobs, of both accounts', () => {
    const settings = ofType(resources, 'Insights/diagnosticSettings');

    expect(settings).toHaveLength(2);
    for (const { properties } of settings) {
      expect(properties.logs).toEqual([
        { category: 'StorageWrite', enabled: true },
        { category: 'StorageDelete', enabled: true },
      ]);
    }
  });

  test('restricts nobody and tests nothing from outside', () => {
    const [site] = ofType(resources, 'Web/sites');

    expect(site?.properties.siteConfig).toMatchObject({
      ipSecurityRestrictions: [],
      ipSecurityRestrictionsDefaultAction: 'Allow',
      scmIpSecurityRestrictions: [],
      scmIpSecurityRestrictionsDefaultAction: 'Allow',
    });
    expect(ofType(resources, 'Insights/webtests')).toEqual([]);
    expect(rules.map(({ name }) => name)).not.toContain('not-reachable');
  });

  test('has windows that fit the default schedules', () => {
    expect(Object.fromEntries(rules.map(({ name, window }) => [name, window]))).toMatchObject({
      'pull-late': 'P1D',
      'reconcile-late': 'P1D',
      'list-old': 'P1D',
      'source-failing': 'P1D',
      'deadline-near': 'PT2H',
      'targets-failed': 'PT2H',
      'targets-held': 'PT2H',
      'quota-near': 'PT6H',
    });
  });

  // A query over no rows at all must not raise an alert about an app that was deployed an hour ago.
  test('raises nothing about what has not happened yet, for a day', () => {
    for (const { name, query } of rules.filter(
      (rule) => rule.query.includes('== 0') && !/by \w+ \|/.test(rule.query),
    )) {
      expect({ name, query }).toEqual({
        name,
        query: expect.stringMatching(/now\(\) > datetime\(2026-12-01T02:00:00Z\)$/),
      });
    }
  });

  test('leads from each alert to the page and to a line of the runbook that exists', () => {
    const runbook = renderRunbook(root);

    expect(rules.length).toBeGreaterThanOrEqual(11);
    for (const { name, description } of rules) {
      expect(description).toContain('/api/dashboard');
      // The host name is known to Azure alone, so that the whole stays an expression.
      expect(description).toMatch(new RegExp(`/api/runbook#alert-(\\{3\\}.*'${name}'|${name}$)`));
      expect(runbook).toContain(` id="alert-${name}"`);
    }
  });
});

describeWithBicep('the windows follow the schedules', () => {
  const schedules: [string, string, string, string][] = [
    ['  0 30  */12 * * *', '0 0 6 * * *', 'P2D', 'P2D'],
    ['0 0 * * * *', '0 0 */3 * * *', 'P1D', 'P1D'],
  ];

  testInFullRun.each(schedules)(
    'pulls at %s, reconciles at %s',
    async (pullSchedule, reconcileSchedule, pullWindow, figuresWindow) => {
      const rules = rulesOf(
        await predict({ pullSchedule: `'${pullSchedule}'`, reconcileSchedule: `'${reconcileSchedule}'` }),
      );
      const windows = Object.fromEntries(rules.map(({ name, window }) => [name, window]));

      expect(windows).toMatchObject({ 'pull-late': pullWindow, 'list-old': pullWindow, 'source-failing': pullWindow });
      expect(windows).toMatchObject({ 'targets-failed': figuresWindow, 'deadline-near': figuresWindow });
    },
  );
});

describeWithBicep('a deployment with all that can be switched on', () => {
  let resources: readonly PredictedResource[];

  beforeAll(async () => {
    resources = await predict({
      allowedIpRanges: "['203.0.113.7', '198.51.100.0/24', '2001:db8::1']",
      publisherIpRanges: "['203.0.113.8']",
      availabilityTestLocations: "['emea-nl-ams-azr', 'us-va-ash-azr']",
      virtualNetworkEnabled: 'true',
      ledgerRetentionDays: '0',
      ledgerKeptDays: '0',
      outboundProxy: "'http://proxy.example.net:3128'",
      armApiVersions: "'Microsoft.ContainerRegistry/registries=2023-07-01'",
      pullSchedule: "'0 30 6 * * MON'",
      reconcileSchedule: "'0 0 6 1 * *'",
    });
  });

  test('has no alert for a schedule that leaves out days: no window is long enough', () => {
    const names = rulesOf(resources).map(({ name }) => name);

    expect(names).not.toContain('pull-late');
    expect(names).not.toContain('reconcile-late');
    expect(names).toContain('list-old');
  });

  test('restricts who reaches and who publishes the app', () => {
    const [site] = ofType(resources, 'Web/sites');

    expect(site?.properties.siteConfig).toMatchObject({
      ipSecurityRestrictionsDefaultAction: 'Deny',
      ipSecurityRestrictions: [
        { tag: 'ServiceTag', ipAddress: 'ApplicationInsightsAvailability', action: 'Allow', priority: 90 },
        { ipAddress: '203.0.113.7/32', action: 'Allow', priority: 100 },
        { ipAddress: '198.51.100.0/24', action: 'Allow', priority: 101 },
        { ipAddress: '2001:db8::1/128', action: 'Allow', priority: 102 },
      ],
      scmIpSecurityRestrictionsDefaultAction: 'Deny',
      scmIpSecurityRestrictions: [{ ipAddress: '203.0.113.8/32' }],
    });
  });

  test('asks for health from outside, and says when nobody gets an answer', () => {
    const [webTest] = ofType(resources, 'Insights/webtests');

    expect(webTest?.properties).toMatchObject({
      Locations: [{ Id: 'emea-nl-ams-azr' }, { Id: 'us-va-ash-azr' }],
      ValidationRules: { ExpectedHttpStatusCode: 200 },
    });
    expect(JSON.stringify(webTest?.properties)).toContain('/api/health');
    expect(rulesOf(resources).map(({ name }) => name)).toContain('not-reachable');
  });

  test('sends every call through the proxy, with the api-versions that were asked for', () => {
    const [settings] = ofType(resources, 'Web/sites/config');

    // Endpoints of storage are known to Azure alone, so that the whole stays an expression.
    const text = JSON.stringify(settings?.properties).replaceAll(/[^\w:/.=-]+/g, ' ');

    expect(text).toContain('HTTPS_PROXY http://proxy.example.net:3128 ');
    expect(text).toContain('HTTP_PROXY http://proxy.example.net:3128 ');
    expect(text).toContain('NODE_USE_ENV_PROXY 1 ');
    expect(text).toContain('ARM_API_VERSIONS Microsoft.ContainerRegistry/registries=2023-07-01 ');
    expect(text).not.toContain('NO_PROXY');
  });

  test('neither retains nor deletes the ledger, where both are 0', () => {
    const [lifecycle] = ofType(resources, 'Storage/storageAccounts/managementPolicies');

    expect(ofType(resources, 'Storage/storageAccounts/blobServices/containers/immutabilityPolicies')).toEqual([]);
    expect(JSON.stringify(lifecycle?.properties)).toMatch(/"name":"old-ledger","enabled":false/);
  });

  test('closes both accounts and gives each a private endpoint', () => {
    for (const { properties } of ofType(resources, 'Storage/storageAccounts')) {
      expect(properties).toMatchObject({ publicNetworkAccess: 'Disabled', networkAcls: { defaultAction: 'Deny' } });
    }
    expect(ofType(resources, 'Network/privateEndpoints').map(({ name }) => name.split('-').at(-1))).toEqual([
      'blob',
      'queue',
      'blob',
    ]);
  });
});

test('targets.sample of the template is a blob of the container for configuration', () => {
  expect(readFileSync(path.join(root, 'infra/main.bicep'), 'utf8')).toContain('blob:config/<name>');
});
