/** The kinds of target and how they differ. Imports nothing, so that a cold start loads it quickly. */
export const targetKinds = ['nsgRule', 'registryNetworkRules'] as const;
export type TargetKind = (typeof targetKinds)[number];

/** ARM type of the resource that the rules are in. */
export const resourceTypes = {
  nsgRule: 'Microsoft.Network/networkSecurityGroups',
  registryNetworkRules: 'Microsoft.ContainerRegistry/registries',
} as const satisfies Record<TargetKind, string>;

/** A Premium registry can have 200 IP rules, as Microsoft has documented since January 2026. */
export const largestMaxIpRules = 200;

/** Assumed if Azure does not tell a registry's quota: what Microsoft documented, and the service enforced, before. */
export const defaultMaxIpRules = 100;

interface KindTraits {
  /**
   * True: the app has whole rules, and others may add prefixes to a rule of ours. False: our rules and other people's rules
   * are in one list, which contains each prefix only once.
   */
  readonly hasOwnRules: boolean;
  /** True: the live rule has a mark of its owner. False: only the claims in the state tell which prefixes are ours. */
  readonly hasMark: boolean;
  readonly takesIpv6: boolean;
  /** How many prefixes it is assumed to have room for if Azure does not tell. */
  readonly assumedQuota: number | undefined;
}

const traits: Readonly<Record<TargetKind, KindTraits>> = {
  nsgRule: { hasOwnRules: true, hasMark: true, takesIpv6: true, assumedQuota: undefined },
  registryNetworkRules: { hasOwnRules: false, hasMark: false, takesIpv6: false, assumedQuota: defaultMaxIpRules },
};

export function traitsOf({ kind }: { readonly kind: TargetKind }): KindTraits {
  return traits[kind];
}
