/** The schema of one entry of the targets file, field by field. targetEntry.ts checks what depends on two fields. */
import * as z from 'zod';
import { accept, flag, integer, object, oneOf, text } from './targetFields.ts';
import { resourceTypes, type TargetKind } from './targetKinds.ts';
import { targetNameText } from './target.ts';

export const resourceIds = {
  nsgRule: resourceId('nsgRule'),
  registryNetworkRules: resourceId('registryNetworkRules'),
} as const satisfies Record<TargetKind, z.ZodString>;

function resourceId(kind: TargetKind): z.ZodString {
  return text(idPattern(kind), idShape(kind));
}

function idPattern(kind: TargetKind): RegExp {
  const subscription = '[\\da-f]{8}(-[\\da-f]{4}){3}-[\\da-f]{12}';
  return new RegExp(
    `^/subscriptions/${subscription}/resourceGroups/[^/]{1,90}/providers/${resourceTypes[kind]}/[\\w.-]{1,80}$`,
    'i',
  );
}

function idShape(kind: TargetKind): string {
  return `/subscriptions/<GUID>/resourceGroups/<group>/providers/${resourceTypes[kind]}/<name>`;
}

export const targetName = text(
  new RegExp(`^(?!pull$)${targetNameText}$`),
  '1 to 40 of a-z, 0-9 and -, but not "pull", which is what the ledger calls its own pulls',
);

const percent = accept('0-100');

const limits = {
  removalGraceDays: integer(0, 365).optional(),
  removalConfirmations: integer(0, 52).optional(),
  maxRemovedPercent: z.number({ error: percent }).min(0, { error: percent }).max(100, { error: percent }).optional(),
  maxRemovedCount: integer(0, 100_000).optional(),
  // A /8 is wider than any range that Microsoft publishes: a limit that nothing exceeds protects nobody.
  widestPrefix: object({ ipv4: integer(8, 32).optional(), ipv6: integer(16, 128).optional() }).optional(),
  maxAddedAddresses: integer(0, 2 ** 32).optional(),
  maxAddedPrefixes: integer(0, 1_000_000).optional(),
  limitWindowDays: integer(1, 365).optional(),
};

const settings = { policy: oneOf(['plan', 'addOnly', 'sync']).optional(), paused: flag().optional(), ...limits };

/** Settings that `defaults` may contain and each target may replace. */
export const defaultsSchema = object(
  settings,
  Object.fromEntries(
    ['serviceTag', 'regions', 'scenario', 'addressFamilies', 'rule', 'adopt', 'capacity', 'kind'].map((key) => [
      key,
      'which each target says for itself',
    ]),
  ),
);
export type Settings = z.output<typeof defaultsSchema>;

function regions(registryId: z.ZodType<string>) {
  // "all" in a list would be read as a region of that name.
  const location = text(/^(?!\s*all\s*$)\s*[a-z][a-z\d ]*$/i, 'an ARM location such as "westeurope"');
  const error = accept(
    '"all", a list of ARM locations such as ["westeurope"], or { "ofRegistry": "<resource id of a registry>" }',
  );
  return z.union([z.literal('all'), z.array(location).min(1, { error }), object({ ofRegistry: registryId })], {
    error,
  });
}

function families<const T extends readonly [string, ...string[]]>(accepted: T, hint: string) {
  const error = accept(hint);
  return z.array(z.enum(accepted, { error }), { error }).min(1, { error });
}

const common = {
  name: targetName,
  serviceTag: text(/^[a-z][\w.-]{0,79}$/i, 'the name of a service tag').default('AzureContainerRegistry'),
  ...settings,
};

const priority = integer(100, 4096);

const ruleSchema = object({
  // Azure allows 80 characters, and the name of the IPv6 rule is five longer.
  name: text(
    /^[a-z\d](?:[\w.-]{0,73}\w)?$/i,
    'up to 75 letters, digits, ".", "-" and "_", the first a letter or digit',
  ),
  priority,
  ipv6Priority: priority.optional(),
  direction: oneOf(['Inbound', 'Outbound']).optional(),
  access: oneOf(['Allow', 'Deny']).default('Allow'),
  protocol: oneOf(['Tcp', 'Udp', 'Icmp', 'Esp', 'Ah', '*']).default('Tcp'),
  portRanges: z
    .array(text(/^(\*|\d{1,5}(-\d{1,5})?)$/, '"*", or ports such as "443" and "8000-8100"'), {
      error: accept('a list such as ["443"]'),
    })
    .optional(),
  localAddressPrefix: z
    .string({ error: accept('"VirtualNetwork", "*", a service tag or a CIDR') })
    .default('VirtualNetwork'),
});
export type RuleEntry = z.output<typeof ruleSchema>;

const nsgRuleSchema = object(
  {
    kind: z.literal('nsgRule'),
    resourceId: resourceIds.nsgRule,
    ...common,
    regions: regions(resourceIds.registryNetworkRules),
    scenario: oneOf(['imageImport', 'webhooks', 'tasks', 'registryClients']).optional(),
    addressFamilies: families(['ipv4', 'ipv6'], '["ipv4"], ["ipv6"] or both').default(['ipv4', 'ipv6']),
    adopt: flag().default(false),
    rule: ruleSchema,
  },
  { capacity: 'which is for registryNetworkRules only' },
);

/** `self`: the regions of the registry itself. */
const selfOrRegistry = text(
  new RegExp(`^self$|${idPattern('registryNetworkRules').source}`, 'i'),
  `"self", or ${idShape('registryNetworkRules')}`,
);

const registrySchema = object(
  {
    kind: z.literal('registryNetworkRules'),
    resourceId: resourceIds.registryNetworkRules,
    ...common,
    regions: regions(selfOrRegistry),
    // Only scenarios in which ACR itself is the caller: the tag does not list the addresses of other callers.
    scenario: z
      .enum(['imageImport', 'tasks'], {
        error: accept('imageImport, tasks: the rules of a registry let in its callers'),
      })
      .optional(),
    addressFamilies: families(['ipv4'], '["ipv4"]: the IP rules of a registry take IPv4 only').default(['ipv4']),
    capacity: object({
      maxRules: integer(1, 1000).optional(),
      fit: oneOf(['exact', 'supernet']).default('exact'),
      maxExtraAddresses: integer(0, 2 ** 32).optional(),
    }).default({ fit: 'exact' }),
  },
  { rule: 'which is for nsgRule only', adopt: 'which is for nsgRule only' },
);

export const entrySchemas = { nsgRule: nsgRuleSchema, registryNetworkRules: registrySchema } as const;
export type NsgRuleEntry = z.output<typeof nsgRuleSchema>;
export type RegistryEntry = z.output<typeof registrySchema>;

export const fileSchema = object({
  $schema: z.string().optional(),
  defaults: z.unknown().optional(),
  targets: z.array(z.unknown(), { error: accept('a list of targets') }).default([]),
  profiles: z.record(z.string(), z.unknown(), { error: accept('an object of name and profile') }).default({}),
});
