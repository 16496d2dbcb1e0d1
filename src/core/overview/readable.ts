/** A message as a sentence for a narrow place: resources by their own names, and a capital at its beginning. */
export function readable(message: string): string {
  const short = message.replaceAll(/\/subscriptions\/[^\s,;:)"']*\/([^\s/,;:)"']+)/gi, '$1');
  return short.slice(0, 1).toUpperCase() + short.slice(1);
}
