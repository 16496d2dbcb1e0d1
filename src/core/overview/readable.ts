/** Makes a message a short sentence: shortens resource ids to names, except in commands; adds a capital and a full stop. */
export function readable(message: string): string {
  const short = message.replaceAll(/(?<!--[\w-]+ ["']?)\/subscriptions\/[^\s,;:)"']*\/([^\s/,;:)"']+)/gi, '$1');
  const sentence = short.slice(0, 1).toUpperCase() + short.slice(1);
  return sentence === '' || /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}
