/** `1 rule`, `2 rules`, `2 prefixes`. */
export function counted(count: number, noun: string): string {
  const ending = noun.endsWith('x') ? 'es' : 's';
  return `${count} ${noun}${count === 1 ? '' : ending}`;
}
