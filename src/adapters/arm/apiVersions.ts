/**
 * Chooses the api-version of each request. A cloud may not support the SDK's version yet; its error then lists the
 * versions that it supports.
 */
import type { PipelineRequest } from '@azure/core-rest-pipeline';
import type { Logger } from '../../app/ports.ts';
import type { Reason } from '../../core/reasons.ts';
import type { ArmError } from './armError.ts';

/**
 * The last api-version that shows a registry's virtual network rules (service endpoints). Newer ones hide these rules,
 * and a write with a newer one could drop them.
 */
export const revealingApiVersion = '2021-08-01-preview';

/** Provider or resource type in lower case (`microsoft.containerregistry/registries`) → `2023-07-01`. */
export type FixedApiVersions = ReadonlyMap<string, string>;

interface Replacement {
  readonly type: string;
  readonly asked: string;
  readonly used: string;
}

/** One per process, shared by all clients, so that a version that Azure names once is used for all later requests. */
export class ApiVersions {
  readonly #fixed: FixedApiVersions;
  readonly #logger: Pick<Logger, 'warn'> | undefined;
  /** Resource type in lower case → the version that Azure supports instead. */
  readonly #learned = new Map<string, Replacement>();

  constructor(fixed: FixedApiVersions = new Map(), logger?: Pick<Logger, 'warn'>) {
    this.#fixed = fixed;
    this.#logger = logger;
  }

  /** Sets the request's api-version to the configured one, or to one that Azure has named before. */
  apply(request: PipelineRequest): void {
    const url = new URL(request.url);
    const type = typeOf(url);
    if (type === undefined || isExact(url)) return;
    const version = this.#fixedFor(type) ?? this.#learned.get(type.toLowerCase())?.used;
    if (version === undefined || !url.searchParams.has('api-version')) return;
    url.searchParams.set('api-version', version);
    request.url = url.href;
  }

  /** Remembers the newest version that the error names. Returns true if the request is worth another try with it. */
  learn(request: PipelineRequest, { message }: ArmError): boolean {
    const url = new URL(request.url);
    const type = typeOf(url);
    const asked = url.searchParams.get('api-version');
    if (type === undefined || asked === null || isExact(url) || this.#fixedFor(type) !== undefined) return false;
    const used = newestOf(message);
    if (used === undefined || used.toLowerCase() === asked.toLowerCase()) return false;
    const first = this.#learned.get(type.toLowerCase())?.asked ?? asked;
    this.#learned.set(type.toLowerCase(), { type, asked: first, used });
    this.#logger?.warn('this cloud does not have the api-version', { type, asked: first, used });
    return true;
  }

  /** Notes for people: the types of one provider for which the app uses another version than the SDK's. */
  notes(provider: string): Reason[] {
    return [...this.#learned.values()]
      .filter(({ type }) => type.toLowerCase().startsWith(`${provider.toLowerCase()}/`))
      .map(({ type, asked, used }) => ({
        code: 'apiVersion',
        message: `Azure does not have the api-version ${asked} of ${type} here, so that the app uses ${used}, the newest that it has. ARM_API_VERSIONS=${type}=${used} makes that the app's choice.`,
      }));
  }

  #fixedFor(type: string): string | undefined {
    const parts = type.toLowerCase().split('/');
    for (let length = parts.length; length > 0; length -= 1) {
      const version = this.#fixed.get(parts.slice(0, length).join('/'));
      if (version !== undefined) return version;
    }
    return undefined;
  }
}

/** True for the request that needs exactly this version. */
function isExact(url: URL): boolean {
  return url.searchParams.get('api-version') === revealingApiVersion;
}

/** Path of an NSG rule → `Microsoft.Network/networkSecurityGroups/securityRules`. */
function typeOf({ pathname }: URL): string | undefined {
  const [provider, ...rest] = /.*\/providers\/(.+)$/i.exec(pathname)?.[1]?.split('/') ?? [];
  if (provider === undefined || rest.length === 0) return undefined;
  return [provider, ...rest.filter((_, index) => index % 2 === 0)].join('/');
}

/**
 * `The supported api-versions are '2019-05-01, 2021-08-01-preview, 2023-07-01'.` → `2023-07-01`. If two have the same
 * date, the stable version is preferred over the preview.
 */
function newestOf(message: string): string | undefined {
  const list = /supported (?:api[- ]?)?versions are '([^']+)'/i.exec(message)?.[1] ?? '';
  const versions = list.split(',').map((version) => version.trim());
  const known = versions.filter((version) => /^\d{4}-\d{2}-\d{2}(-[\w.]+)?$/.test(version));
  return known.sort((a, b) => compare(b.slice(0, 10), a.slice(0, 10)) || a.length - b.length)[0];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
