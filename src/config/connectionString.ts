/**
 * Normalizes the connection string of the storage account. The platform accepts names in any letter case, spaces around
 * them and missing parts; the SDK for JavaScript accepts none of that.
 */
const names = [
  'UseDevelopmentStorage',
  'DevelopmentStorageProxyUri',
  'DefaultEndpointsProtocol',
  'AccountName',
  'AccountKey',
  'EndpointSuffix',
  'BlobEndpoint',
  'QueueEndpoint',
  'SharedAccessSignature',
] as const;

type Name = (typeof names)[number];
type Parts = Readonly<Partial<Record<Name, string>>>;

/** A `fault` quotes no value of the text, because a key may be in the wrong place. */
export type NormalConnectionString = { readonly connectionString: string } | { readonly fault: string };

export function normalizeConnectionString(text: string, defaultSuffix: string): NormalConnectionString {
  const given = parseParts(text);
  const { required, kept } = formOf(given);
  const parts = withDefaults(given, defaultSuffix);
  const missing = required.filter((name) => parts[name] === undefined);
  const wrong = checks.filter(([name, isRight]) => given[name] !== undefined && !isRight(given[name]));
  if (missing.length + wrong.length === 0) return { connectionString: toText(parts, kept) };
  const faults = [
    ...(missing.length > 0 ? [`without ${missing.join(', ')}`] : []),
    ...wrong.map(([name, , what]) => `whose ${name} is ${what}`),
  ];
  return { fault: `a text ${faults.join(' and ')}` };
}

function parseParts(text: string): Parts {
  const parts: Partial<Record<Name, string>> = {};
  for (const part of text.split(';')) {
    const end = part.indexOf('=');
    const key = part.slice(0, Math.max(end, 0)).trim().toLowerCase();
    const name = names.find((candidate) => candidate.toLowerCase() === key);
    const value = part.slice(end + 1).trim();
    if (name && value !== '') parts[name] = value;
  }
  return parts;
}

interface Form {
  readonly required: readonly Name[];
  /** The parts that are passed on to the SDK. */
  readonly kept: readonly Name[];
}

const emulator: Form = { required: [], kept: ['UseDevelopmentStorage', 'DevelopmentStorageProxyUri'] };
const withSignature: Form = {
  required: ['BlobEndpoint', 'QueueEndpoint'],
  kept: ['BlobEndpoint', 'QueueEndpoint', 'SharedAccessSignature'],
};
const withKey: Form = {
  required: ['AccountName', 'AccountKey'],
  kept: ['DefaultEndpointsProtocol', 'AccountName', 'AccountKey', 'BlobEndpoint', 'QueueEndpoint'],
};

function formOf({ UseDevelopmentStorage, AccountKey, SharedAccessSignature }: Parts): Form {
  if (UseDevelopmentStorage !== undefined) return emulator;
  return SharedAccessSignature !== undefined && AccountKey === undefined ? withSignature : withKey;
}

function withDefaults(given: Parts, defaultSuffix: string): Parts {
  const { AccountName: account, EndpointSuffix: suffix = defaultSuffix } = given;
  const protocol = given.DefaultEndpointsProtocol?.toLowerCase() ?? 'https';
  return {
    ...(account !== undefined && {
      BlobEndpoint: `${protocol}://${account}.blob.${suffix}`,
      QueueEndpoint: `${protocol}://${account}.queue.${suffix}`,
    }),
    ...given,
    ...(given.UseDevelopmentStorage !== undefined && { UseDevelopmentStorage: 'true' }),
    DefaultEndpointsProtocol: protocol,
  };
}

function toText(parts: Parts, kept: readonly Name[]): string {
  return kept.flatMap((name) => (parts[name] === undefined ? [] : [`${name}=${parts[name]}`])).join(';');
}

const base64 = /^(?:[a-z\d+/]{4})*(?:[a-z\d+/]{2}==|[a-z\d+/]{3}=)?$/i;

const checks: readonly (readonly [name: Name, isRight: (value: string) => boolean, what: string])[] = [
  ['UseDevelopmentStorage', (value) => value.toLowerCase() === 'true', 'not true'],
  ['DevelopmentStorageProxyUri', isUrl, 'no http: or https: URL'],
  ['DefaultEndpointsProtocol', (value) => /^https?$/i.test(value), 'neither https nor http'],
  ['AccountName', (value) => /^[a-z\d-]+$/i.test(value), 'no name of an account'],
  ['AccountKey', (value) => base64.test(value), 'not base64'],
  ['EndpointSuffix', (value) => /^[a-z\d.-]+$/i.test(value), 'no domain'],
  ['BlobEndpoint', isUrl, 'no http: or https: URL'],
  ['QueueEndpoint', isUrl, 'no http: or https: URL'],
];

function isUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return (
    url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.password + url.search + url.hash === ''
  );
}
