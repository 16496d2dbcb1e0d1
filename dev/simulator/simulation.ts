/** The state that all handlers share, and the types of their requests and answers. */
import type { Principal } from './access.ts';
import { AccessControl } from './access.ts';
import type { Fault } from './faults.ts';
import type { Nsg } from './nsg.ts';
import { Operations } from './operations.ts';
import type { Registry } from './registry.ts';
import { ServiceTagsReleases } from './serviceTagsReleases.ts';
import type { Settings } from './settings.ts';
import { VersionedMap } from './versions.ts';

export interface ArmRequest {
  readonly method: string;
  /** Without the query, in the caller's spelling. */
  readonly path: string;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
  readonly apiVersion: string;
  readonly principal: Principal | undefined;
  readonly fault: Fault | undefined;
}

export interface ArmResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export type Handler = (request: ArmRequest, simulation: Simulation) => ArmResponse;

export class Simulation {
  settings: Settings;
  baseUrl = '';
  readonly nsgs = new VersionedMap<Nsg>();
  readonly registries = new VersionedMap<Registry>();
  readonly operations = new Operations();
  readonly access = new AccessControl();
  readonly serviceTags = new ServiceTagsReleases();
  #lastId = 0;
  #lockAnswers = 0;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  now(): number {
    return this.settings.now().getTime();
  }

  /** Returns the same ids in every run, so that two runs of a script can be compared. */
  newGuid(): string {
    this.#lastId += 1;
    return `5a5a5a5a-0000-4000-8000-${this.#lastId.toString(16).padStart(12, '0')}`;
  }

  newEtag(): string {
    return `W/"${this.newGuid()}"`;
  }

  nextLockAnswer() {
    const { nsgLock } = this.settings;
    if (typeof nsgLock === 'string') return nsgLock;
    this.#lockAnswers += 1;
    return nsgLock[(this.#lockAnswers - 1) % nsgLock.length] ?? 'retryableError';
  }

  /** Returns what a GET shows: the present state, or an older one because of readLagInMs or a fault. */
  read<T>(map: VersionedMap<T>, id: string, request?: ArmRequest): T | undefined {
    if (request?.fault?.kind === 'staleRead') return map.getPrevious(id);
    return map.getAsOf(id, this.now() - this.settings.readLagInMs);
  }
}
