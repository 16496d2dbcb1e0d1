/** What a test or a local run may turn; every default is the quick and quiet choice. */
import type { AuthSettings } from './access.ts';
import type { Provider } from './apiVersions.ts';
import { appIdentity } from './appIdentity.ts';
import type { ChaosSettings } from './chaos.ts';
import type { ThrottlingSettings } from './throttling.ts';

/** How Microsoft.Network meets a second write to a network security group while one is running. */
export type LockAnswer =
  /** 429 RetryableError. */
  | 'retryableError'
  /** 409 AnotherOperationInProgress. */
  | 'conflict'
  /** Accepted; the operation then ends as Failed with AnotherOperationInProgress and nothing is changed. */
  | 'failLater'
  /** Accepted; the running operation ends as Canceled and its change is lost. */
  | 'supersede';

export interface Settings {
  readonly now: () => Date;
  /** How long a write to a network security group stays `Updating`. */
  readonly nsgOperationInMs: number;
  /** A list is taken in turn, one answer a clash. */
  readonly nsgLock: LockAnswer | readonly LockAnswer[];
  /** `Retry-After` of the 429 that means a lock; undefined: none is sent. */
  readonly nsgLockRetryAfterInSeconds: number | undefined;
  /** False: `If-Match` is taken and ignored. */
  readonly honourIfMatch: boolean;
  readonly registryOperationInMs: number;
  /** How long after a write a registry's rules begin to admit and refuse. */
  readonly registryEffectInMs: number;
  /** What a second PATCH meets while one is running. */
  readonly registryConcurrentUpdate: 'conflict' | 'lastWriteWins';
  readonly registryPatchStatus: 200 | 201 | 202;
  readonly maxIpRules: number;
  /** `Retry-After` of operations that are still running. */
  readonly retryAfterInSeconds: number;
  /** How every `Retry-After` is written. */
  readonly retryAfterAs: 'seconds' | 'date';
  /** By which a write tells where its operation can be followed. Registries have no `Location`: there it is as `none`. */
  readonly operationHeaders: 'all' | 'location' | 'none';
  /** True: writes that were accepted, and results of operations, are answered without a body. */
  readonly emptyAnswers: boolean;
  /** True: what has no letter case in rules of a network security group is shown in capitals, whoever wrote it how. */
  readonly showsCapitals: boolean;
  /** GETs of resources answer with the state of this long ago. */
  readonly readLagInMs: number;
  /** Entries a page of lists that page; undefined: one page. */
  readonly pageSize: number | undefined;
  /** How late a location serves a service tags document, by location in lower case. */
  readonly serviceTagsLagInMs: Readonly<Record<string, number>>;
  readonly throttling: ThrottlingSettings | undefined;
  /** The default: who sends no token is the app, with the roles of `infra/`. Undefined: everybody may do everything. */
  readonly auth: AuthSettings | undefined;
  readonly chaos: ChaosSettings | undefined;
  /** The api-versions of providers that have not all of them. */
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

/** Waiting times of the order that people report of Azure. */
export const azureTimings = {
  nsgOperationInMs: 3_000,
  nsgLockRetryAfterInSeconds: 10,
  registryOperationInMs: 10_000,
  registryEffectInMs: 180_000,
  retryAfterInSeconds: 10,
  readLagInMs: 500,
} as const satisfies Partial<Settings>;
