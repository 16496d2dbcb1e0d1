/** A live rule that is, may be, or may become ours. A registry has one, named `ipRules`. */
export interface CurrentRule {
  readonly rule: string;
  /** As read; canonical where it can be parsed. */
  readonly prefixes: readonly string[];
  /** Undefined: the rule is not there. A registry's rules are always `unmarked`. */
  readonly mark: 'ours' | 'otherOwner' | 'unmarked' | undefined;
  /** Differences from the configured rule beside its prefixes, one sentence each. */
  readonly drift: readonly string[];
}
