/** `1 rule`, `2 rules`, `2 prefixes`. */
export function counted(count: number, noun: string): string {
  const ending = noun.endsWith('x') ? 'es' : 's';
  return `${count} ${noun}${count === 1 ? '' : ending}`;
}

/** `20.42.66.0/23`, `20.42.66.0/23 and 4 more`. */
export function andMore(names: readonly string[]): string {
  const first = names[0] ?? 'nothing';
  return names.length <= 1 ? first : `${first} and ${names.length - 1} more`;
}

/** By code unit, so that the order is the same on every machine. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
