/** `1 rule`, `2 rules`, `2 prefixes`, `524,288 addresses`. */
export function counted(count: number | bigint, noun: string): string {
  const ending = /(x|s|ch|sh)$/.test(noun) ? 'es' : 's';
  return `${inWords(count)} ${noun}${Number(count) === 1 ? '' : ending}`;
}

/** `524,288` */
export function inWords(count: number | bigint): string {
  return count.toLocaleString('en-GB');
}

/** The verb that goes with a count: `agree(1, 'is', 'are')`. */
export function agree(count: number, one: string, many: string): string {
  return count === 1 ? one : many;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `14 Sep 2026`, from `2026-09-14` or an ISO time in UTC. */
export function dayInWords(iso: string): string {
  const [year = '', month = '', day = ''] = iso.slice(0, 10).split('-');
  return `${Number(day)} ${months[Number(month) - 1] ?? month} ${year}`;
}

/** `14 Sep 2026, 06:30 UTC`, from an ISO time in UTC. */
export function dayAndTimeInWords(iso: string): string {
  return `${dayInWords(iso)}, ${iso.slice(11, 16)} UTC`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  return names.length <= 1 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** `20.42.66.0/23`, `20.42.66.0/23 and 4 more`. */
export function andMore(names: readonly string[]): string {
  const first = names[0] ?? 'nothing';
  return names.length <= 1 ? first : `${first} and ${inWords(names.length - 1)} more`;
}

/** For a text that another sentence follows. */
export function withoutPeriod(text: string): string {
  return text.trim().replace(/\.$/, '');
}

/** With a capital and a full stop. A resource keeps its name. */
export function asSentence(text: string): string {
  const sentence = text.slice(0, 1).toUpperCase() + text.slice(1);
  return sentence === '' || /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}

/** By code unit, so that the order is the same on every machine. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Makes a message a short sentence: shortens resource ids to names, except in commands; adds a capital and a full stop. */
export function readable(message: string): string {
  return asSentence(message).replaceAll(/(?<!--[\w-]+ ["']?)\/subscriptions\/[^\s,;:)"']*\/([^\s/,;:)"']+)/gi, '$1');
}
