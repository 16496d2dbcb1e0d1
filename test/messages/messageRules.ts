/** What every message to a person must be: about something that is named, with units, with a next step, in plain words. */

/** Faults of one message, in words; none if it is as it should be. `names`: what it may be about, beside prefixes and settings. */
export function faultsOf(message: string, names: readonly string[] = []): string[] {
  return [
    ...(isAboutSomething(message, names) ? [] : ['it names no target, tag, region, prefix or setting']),
    ...barNumbers(message).map((number) => `no unit at "${number}"`),
    ...disagreements(message).map((words) => `singular or plural: "${words}"`),
    ...forbidden.flatMap(([pattern, why]) =>
      pattern.test(withoutCalls(message)) ? [`${why}: ${String(pattern)}`] : [],
    ),
    ...(nextSteps.some((pattern) => pattern.test(message))
      ? []
      : ['no next step: what the app does, or what a person can do']),
    ...(sentencesOf(message) > 5 ? ['more than five sentences'] : []),
  ];
}

const address = String.raw`(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-f]{0,4}(?::[\da-f]{0,4}){2,7})(?:\/\d{1,3})?`;

function isAboutSomething(message: string, names: readonly string[]): boolean {
  if (names.some((name) => name !== '' && message.includes(name))) return true;
  if (new RegExp(address, 'i').test(message)) return true;
  // `AzureContainerRegistry.WestEurope`, `rule.localAddressPrefix`, `UPDATES_PAUSED`, `/subscriptions/…`, `source download`.
  return /\bAzureContainerRegistry\b|\b[a-z]+[A-Z]\w+|\b[A-Z]+_[A-Z_]+\b|\/subscriptions\/|\bsource \w+|\bstorage\b|\blist\b|\bpull\b|\bwebhook \d|\btargets?\b|\bqueue\b|\w\.json/.test(
    message,
  );
}

/** What has digits and is no count: it is taken out before numbers are looked for. */
const identifiers: readonly RegExp[] = [
  /"[^"]*"|“[^”]*”/g,
  /\b(?:az|Get-Az\w+) [^;),]*/g,
  /(?:[\d*/,-]+ ){5}[\d*/,-]+/g,
  /\bwebhook \d+ of \d+|\b\d+\/\d+ of\b|\b5xx\b/g,
  /\b(?:GET|POST|DELETE) \S+/g,
  /https?:\/\/\S+|\/subscriptions\/\S+|\b\S+\/\S+\.json\S*/g,
  /\b[\da-f]{8}-[\da-f]{4}-\S+/gi,
  /\b(?:Public|China|AzureGovernment)-\d{8}-\S+/g,
  /\b\d{8}T\d+Z\S*/g,
  /\b\d{4}-\d\d-\d\d(?:T[\d:.]+Z|-preview)?/g,
  /\b\d{1,2} [A-Z][a-z]{2}(?: \d{4})?(?:, \d\d:\d\d UTC)?/g,
  new RegExp(address, 'gi'),
  /\/\d{1,3}\b/g,
  /\bwhole number from 1 to [\d,]+|\bentry \d+(?=:)|(?<=: )\d+ (?=is not accepted)|\b0-9\b|\[[^\]]*\]\S*/g,
  /\bRFC \d+|\bIPv[46]\b|\b(?:priority|version|answered|versions up to|webhook) \d+/g,
  /\b(?:[a-z]+[A-Z]\w*|[A-Z]+_[A-Z_]+)[:=]? ?[\d,]+/g,
  /\b[A-Za-z_][\w-]*\d[\w-]*/g,
  /\(\d{3}\)|\b[45]\d\d(?= [A-Z])/g,
  /\b[\d,]+ of (?=[\d,]+ )/g,
  /\b\d+ of \d+\b(?! \w)/g,
];

const singular = [
  'prefix',
  'address',
  'rule',
  'target',
  'day',
  'hour',
  'minute',
  'second',
  'release',
  'removal',
  'source',
  'tag',
  'change',
  'webhook',
  'lock',
  'week',
  'region',
  'decision',
  'request',
  'virtual network rule',
  'byte',
  'item',
  'year',
  'notification',
  'field',
  'status',
  'character',
  'argument',
  'entry',
  'error',
  'digit',
];
const plural = singular.map((noun) =>
  noun === 'entry' ? 'entries' : `${noun}${/(x|s|ch|sh)$/.test(noun) ? 'es' : 's'}`,
);
const adjectives = String.raw`(?:(?:listed|new|further|missing|owned|free|other|IP|hex|more|security|virtual network|…) )*`;
const unit = new RegExp(
  String.raw`^[\d,.]+(?: ?%| ${adjectives}(?:${[...plural, ...singular, 'more', 'of them', 'is blocked', 'are blocked', 'failed', 'has rules', 'have rules', 'preview only', 'paused'].join('|')})\b)`,
);

function barNumbers(message: string): string[] {
  const text = identifiers.reduce((rest, pattern) => rest.replace(pattern, '…'), message);
  return [...text.matchAll(/(?<![\w.,/…-])\d[\d,]*(?:\.\d+)?/g)].flatMap(({ index }) =>
    unit.test(text.slice(index)) ? [] : [text.slice(index, index + 30)],
  );
}

function disagreements(message: string): string[] {
  const one = new RegExp(String.raw`(?<![\d.,/-]|of )\b1 ${adjectives}(?:${plural.join('|')})\b`, 'g');
  const many = new RegExp(
    String.raw`(?<![\d.,/-])\b(?:0|[2-9]|[1-9][\d,]*\d) ${adjectives}(?:${singular.join('|')})\b(?!-)`,
    'g',
  );
  return [...message.matchAll(one), ...message.matchAll(many)].map(([words]) => words);
}

/** Names of the API keep their words. */
function withoutCalls(message: string): string {
  return message.replace(/\b(?:GET|POST|DELETE) \S+/g, 'GET …');
}

const forbidden: readonly (readonly [RegExp, string])[] = [
  [/\bpublications?\b/i, 'say "release"'],
  [/\bbelieve|\btold\b|\bstrange\b|\bon its word\b|\blets? (?:it )?go\b|\bgoes on\b|\bgo on\b/i, 'a metaphor'],
  [/\bhold(?:s)? (?:changes|back)|\bheld\b/i, 'say "waits for approval"'],
  [/\bbehind\b/i, 'say "after"'],
  [/\bwhere (?:it|the|a|there)\b/i, 'say "if"'],
  [/\b(?:once|twice|message|line|list) a (?:day|week|target|file|side)\b/i, 'say "per"'],
  [/undefined|\bNaN\b|\[object|\bnull\b/, 'a value that is missing'],
  [/ {2}|\.\.(?!\.)|[.,] [.,]|\( | \)/, 'punctuation'],
];

/** What the app does by itself and when, or what a person can do: a command, a link, a setting. */
const nextSteps: readonly RegExp[] = [
  /\b[Tt]he app (?:removes|makes|tries|retries|looks|asks|adds|updates|uses|leaves|reads|waits|serves|restored|only adds|keeps|took|continues)/,
  /\bapprove the plan\b|\bnever (?:let in|allowed)\b|\buntil\b|\bNothing to do\b/i,
  /\baz [a-z]|\bGet-Az|\b(?:GET|POST|DELETE) [a-z]/,
  /\b(?:set|correct|choose|remove|delete|rename|check|assign|resume|replace|allow|enable|lower|take|publish|use|wait|see|run|put|register|compare|look at|ask|select|turn|keep|start|review|add|meet|make|manage|pause|send)\b/i,
  /\b(?:accepted|Accepted|available)(?: are)?\b/,
  /\b(?:tries|try|asks?|read) (?:it )?again\b|\bcontinues?\b|\bstays?\b|\bby itself\b|\bare updated now\b|\bis served\b|\bsays (?:why|which|what|who)\b|\bsuch as\b|\bexpected\b|\bnearest\b|\bsimilar names\b|\bask for\b/,
];

function sentencesOf(message: string): number {
  return message.split(/[.!?…](?:\s|$)/).filter((part) => part.trim() !== '').length;
}
