/** The kinds of target there are and how they differ. It imports nothing, so that a cold start can load it. */
export const targetKinds = ['nsgRule', 'registryNetworkRules'] as const;
export type TargetKind = (typeof targetKinds)[number];

/** ARM type of the resource that the rules are in. */
export const resourceTypes = {
  nsgRule: 'Microsoft.Network/networkSecurityGroups',
  registryNetworkRules: 'Microsoft.ContainerRegistry/registries',
} as const satisfies Record<TargetKind, string>;

/** A Premium registry takes 200 IP rules, which Microsoft has published since January 2026. */
export const largestMaxIpRules = 200;

/** Assumed if a registry does not say its quota: what Microsoft published before, and the service enforced. */
export const defaultMaxIpRules = 100;

interface KindTraits {
  /**
   * True: the app has whole rules, and what others put into one stands in a rule of ours. False: rules of ours and of
   * others stand side by side in one list that holds a prefix once.
   */
  readonly hasOwnRules: boolean;
  /** True: the live rule says whose it is. False: only what was claimed in state tells, to the exact prefix. */
  readonly hasMark: boolean;
  readonly takesIpv6: boolean;
  /** How many prefixes it is assumed to take where Azure does not say. */
  readonly assumedQuota: number | undefined;
}

const traits: Readonly<Record<TargetKind, KindTraits>> = {
  nsgRule: { hasOwnRules: true, hasMark: true, takesIpv6: true, assumedQuota: undefined },
  registryNetworkRules: { hasOwnRules: false, hasMark: false, takesIpv6: false, assumedQuota: defaultMaxIpRules },
};

export function traitsOf({ kind }: { readonly kind: TargetKind }): KindTraits {
  return traits[kind];
}
