import type { AddressFamily } from '../prefixes.ts';
import type { GivenSettings } from './settings.ts';

/** One entry of the targets file with `defaults` merged in; after the parser every field is set. */
export type Target = NsgRuleTarget | RegistryTarget;

export type Policy = 'plan' | 'addOnly' | 'sync';

/** `all`, ARM locations in lower case, or a registry whose home region and replicas are read live. */
export type RegionSelector = 'all' | readonly string[] | { readonly ofRegistry: string };

export interface SafetyLimits {
  readonly removalGraceDays: number;
  readonly removalConfirmations: number;
  readonly maxRemovedPercent: number;
  readonly maxRemovedCount: number;
  readonly widestPrefix: Readonly<Record<AddressFamily, number>>;
  /** New IPv4 addresses in the window. Undefined: `defaultAdditionLimits`. */
  readonly maxAddedAddresses?: number;
  /** New prefixes of both families in the window. Undefined: `defaultAdditionLimits`. */
  readonly maxAddedPrefixes?: number;
  /** Days over which additions and removals are added up. */
  readonly limitWindowDays: number;
}

/** Used if the targets file has no value: docs/contract.md, section 2. */
export const defaultLimits: SafetyLimits = {
  removalGraceDays: 14,
  removalConfirmations: 2,
  maxRemovedPercent: 2,
  maxRemovedCount: 10,
  widestPrefix: { ipv4: 20, ipv6: 112 },
  limitWindowDays: 28,
};

interface TargetBase {
  readonly name: string;
  readonly resourceId: string;
  readonly serviceTag: string;
  readonly regions: RegionSelector;
  readonly addressFamilies: readonly AddressFamily[];
  readonly policy: Policy;
  readonly paused: boolean;
  readonly limits: SafetyLimits;
  readonly scenario?: 'imageImport' | 'webhooks' | 'tasks' | 'registryClients';
  /** Where its settings are written; only for display. */
  readonly given?: GivenSettings;
}

export interface NsgRuleTarget extends TargetBase {
  readonly kind: 'nsgRule';
  /** True takes over a rule of this name that this app did not write. */
  readonly adopt: boolean;
  readonly rule: NsgRuleSettings;
}

export interface NsgRuleSettings {
  /** The IPv4 rule; the IPv6 rule is `<name>-ipv6`. */
  readonly name: string;
  readonly priority: number;
  readonly ipv6Priority: number;
  readonly direction: 'Inbound' | 'Outbound';
  readonly access: 'Allow' | 'Deny';
  readonly protocol: 'Tcp' | 'Udp' | 'Icmp' | 'Esp' | 'Ah' | '*';
  readonly portRanges: readonly string[];
  /** The other side of the rule: destination of an inbound rule, source of an outbound one. */
  readonly localAddressPrefix: string;
}

export interface RegistryTarget extends TargetBase {
  readonly kind: 'registryNetworkRules';
  readonly capacity: {
    /** Undefined: what the registry's usages say, else 100. */
    readonly maxRules: number | undefined;
    readonly fit: 'exact' | 'supernet';
    /** For `supernet`: how many unlisted addresses may be let in. */
    readonly maxExtraAddresses: number;
  };
}

/** One of a target's own rules in its network security group. */
export interface OwnRule {
  readonly name: string;
  readonly family: AddressFamily;
  readonly priority: number;
}

/** A rule cannot contain both families, so a target has two rules, whether or not it uses both. */
export function ownRulesOf({ rule }: NsgRuleTarget): readonly [OwnRule, OwnRule] {
  return [
    { name: rule.name, family: 'ipv4', priority: rule.priority },
    { name: `${rule.name}-ipv6`, family: 'ipv6', priority: rule.ipv6Priority },
  ];
}

/** The family of the rule with this name. */
export function familyOfRule({ rule }: NsgRuleTarget, name: string): AddressFamily {
  return name === rule.name ? 'ipv4' : 'ipv6';
}

/** Pattern of a target's name. */
export const targetNameText = '[a-z0-9-]{1,40}';

/** What may name a target, and so a chain of the ledger too. */
export const targetNamePattern = new RegExp(`^${targetNameText}$`);
