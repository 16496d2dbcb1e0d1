/** Takes secrets out of text before it is logged, traced or sent: keys, tokens, signatures, webhook paths. */

const hidden = '***';

/** Query parameters, connection string fields, JSON fields and headers whose values are secrets. */
const secretNames = [
  'AccountKey',
  'SharedAccessKey',
  'SharedAccessSignature',
  'InstrumentationKey',
  'sig',
  'code',
  'client_secret',
  'clientSecret',
  'client_assertion',
  'access_token',
  'refresh_token',
  'id_token',
  'x-functions-key',
  'x-ms-copy-source-authorization',
  'api-key',
  'apikey',
  'password',
  'pwd',
  'secret',
  'NOTIFICATION_SECRET',
].join('|');

/** In a URL these are secrets, and anywhere else plain words: `key: value`, `token of the list`. */
const secretParameters = [
  '[\\w.-]{0,40}(?:token|secret|signature|password|passwd|credential|apikey|api_key)[\\w.-]{0,40}',
  '(?:[\\w.-]{0,40}[._-])?(?:key|sig|auth|jwt|pass|session|sid|ticket|hmac)',
].join('|');

/** A cookie of a header or of JSON: everything up to the end of the line, the text or the object. */
const cookie = /((?:set-)?cookie2?\\?["']?\s*[:=](?!\s*(?:\\?["'])?\*\*\*)\s*(?:\\?["'])?)[^\r\n"'\\]+/gi;

const rules: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, hidden],
  // Everything after `SharedAccessSignature=` up to the next field of the connection string.
  [/(SharedAccessSignature=)[^;\s"']+/gi, `$1${hidden}`],
  [
    new RegExp(`((?<![A-Za-z0-9])(?:${secretNames})["']?\\s*[=:]\\s*["']?)(?!\\*\\*\\*)[^\\s&;,"'<>]+`, 'gi'),
    `$1${hidden}`,
  ],
  [/((?:authorization|proxy-authorization)["']?\s*[=:]\s*["']?)(?!AAD\b)(?:(\w+)\s+)?[^\s,"']+/gi, `$1${hidden}`],
  [cookie, `$1${hidden}`],
  [new RegExp(`([?&#;](?:${secretParameters})=)(?!\\*\\*\\*)[^\\s&;#"'<>]+`, 'gi'), `$1${hidden}`],
  [/\b(Bearer|Basic|SharedKey|SharedKeyLite)\s+[A-Za-z0-9\-._~+/:]{8,}=*/g, `$1 ${hidden}`],
  [/\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?/g, hidden],
  [/\bwhsec_[A-Za-z0-9+/=_-]+/g, hidden],
  // Tokens of GitHub and Slack.
  [/\b(?:gh[pousr]_|github_pat_|xox[abeoprs]-|xapp-)[A-Za-z0-9_-]{10,}/g, hidden],
  // A storage key: 64 bytes in base64.
  [/(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==/g, hidden],
  // A Functions key: 40 bytes in URL-safe base64 with the platform's mark.
  [/(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{44}AzFu[A-Za-z0-9_-]{6}==/g, hidden],
  // The path of a chat webhook is its password.
  [
    /(https:\/\/(?:hooks\.slack(?:-gov)?\.com|[\w.-]+\.webhook\.office\.com|[\w.-]+\.logic\.azure\.(?:com|us|cn)|[\w.-]+\.powerplatform\.com|outlook\.office(?:365)?\.com\/webhook|discord(?:app)?\.com|api\.telegram\.org|hooks\.zapier\.com|maker\.ifttt\.com|chat\.googleapis\.com)(?::\d+)?)\/[^\s"'<>]*/gi,
    `$1/${hidden}`,
  ],
  // User and password in a URL, or a token in their place.
  [/(\b[a-z][a-z0-9+.-]*:\/\/)(?!\*\*\*@)[^\s/@"'<>?#]+@/gi, `$1${hidden}@`],
];

export function redact(text: string): string {
  return rules.reduce((result, [pattern, replacement]) => result.replace(pattern, replacement), text);
}

/** A copy with every string redacted, and every member with the name of a secret. Errors and big integers become text. */
export function redactValue(value: unknown): unknown {
  if (typeof value === 'string') return redact(value);
  if (value instanceof Error) return redact(`${value.name}: ${value.message}`);
  if (Array.isArray(value)) return value.map(redactValue);
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? value.toString() : value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, isSecretName(key) ? hidden : redactValue(child)]),
  );
}

/** The host of a URL, without the path and query, which may be secret. */
export function hostOf(url: string): string {
  return URL.parse(url)?.host ?? 'not a URL';
}

const secretName = new RegExp(
  `^(?:${secretNames}|token|authorization|proxy-authorization|cookie2?|set-cookie2?)$`,
  'i',
);

function isSecretName(name: string): boolean {
  // `code` is a secret in a query and a plain word in our own data.
  return secretName.test(name) && name !== 'code';
}
