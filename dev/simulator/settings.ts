/** The simulator's settings. The defaults are fast and without faults. */
import type { AuthSettings } from './access.ts';
import type { Provider } from './apiVersions.ts';
import { appIdentity } from './appIdentity.ts';
import type { ChaosSettings } from './chaos.ts';
import type { ThrottlingSettings } from './throttling.ts';

/** How Microsoft.Network answers a second write to a network security group while one is running. */
export type LockAnswer =
  /** 429 RetryableError. */
  | 'retryableError'
  /** 409 AnotherOperationInProgress. */
  | 'conflict'
  /** Accepts it; its operation then fails with AnotherOperationInProgress and changes nothing. */
  | 'failLater'
  /** Accepts it; the running operation is canceled and its change is lost. */
  | 'supersede';

export interface Settings {
  readonly now: () => Date;
  /** How long a write to a network security group stays `Updating`. */
  readonly nsgOperationInMs: number;
  /** A list is used in turn, one answer per clash. */
  readonly nsgLock: LockAnswer | readonly LockAnswer[];
  /** `Retry-After` of the 429 that means a lock. Undefined: the header is not sent. */
  readonly nsgLockRetryAfterInSeconds: number | undefined;
  /** False: `If-Match` and `If-None-Match` are ignored. */
  readonly honourIfMatch: boolean;
  readonly registryOperationInMs: number;
  /** How long after a write a registry's new rules take effect. */
  readonly registryEffectInMs: number;
  /** How a second PATCH is answered while one is running. */
  readonly registryConcurrentUpdate: 'conflict' | 'lastWriteWins';
  readonly registryPatchStatus: 200 | 201 | 202;
  readonly maxIpRules: number;
  /** `Retry-After` of operations that are still running. */
  readonly retryAfterInSeconds: number;
  /** Format of every `Retry-After`. */
  readonly retryAfterAs: 'seconds' | 'date';
  /**
   * The headers by which a client follows a write. Registries never send `Location`, so `location` is like `none`
   * there.
   */
  readonly operationHeaders: 'all' | 'location' | 'none';
  /** True: accepted writes and results of operations are answered without a body. */
  readonly emptyAnswers: boolean;
  /** True: fields of security rules that ignore letter case are sent in capitals. */
  readonly showsCapitals: boolean;
  /** GETs of resources answer with the state of this long ago. */
  readonly readLagInMs: number;
  /** Entries per page of a list. Undefined: one page. */
  readonly pageSize: number | undefined;
  /** Location in lower case → how much later it serves a service tags document. */
  readonly serviceTagsLagInMs: Readonly<Record<string, number>>;
  readonly throttling: ThrottlingSettings | undefined;
  /**
   * Default: a caller without a token is the app, with the roles of `infra/`. Undefined: everybody may do everything.
   */
  readonly auth: AuthSettings | undefined;
  readonly chaos: ChaosSettings | undefined;
  /** Limits providers to these api-versions. */
  readonly apiVersions: Readonly<Partial<Record<Provider, readonly string[]>>>;
}

export const defaultSettings: Settings = {
  now: () => new Date(),
  nsgOperationInMs: 0,
  nsgLock: 'retryableError',
  nsgLockRetryAfterInSeconds: undefined,
  honourIfMatch: true,
  registryOperationInMs: 0,
  registryEffectInMs: 0,
  registryConcurrentUpdate: 'conflict',
  registryPatchStatus: 201,
  maxIpRules: 200, // what Microsoft has published since January 2026
  retryAfterInSeconds: 0,
  retryAfterAs: 'seconds',
  operationHeaders: 'all',
  emptyAnswers: false,
  showsCapitals: false,
  readLagInMs: 0,
  pageSize: undefined,
  serviceTagsLagInMs: {},
  throttling: undefined,
  auth: appIdentity(),
  chaos: undefined,
  apiVersions: {},
};
