/** What a route of the API is: the schemas that check its requests and describe it, and its handler. */
import type * as z from 'zod';
import type { Queries } from '../queries.ts';
import type { SnapshotView } from '../queries/currentSnapshot.ts';
import type { TargetActions } from '../targetActions.ts';

/** What the handlers work with; `composition.ts` builds it. */
export interface ApiApp {
  readonly queries: Queries;
  /** Loads the actions with the first request that needs them, because they need Azure and everything that writes. */
  readonly loadActions: () => Promise<TargetActions>;
}

export interface RouteInput<Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The media type that was negotiated, one of `produces`. */
  readonly mediaType: string;
  /** Name of the caller for the ledger, see `callerOf`; empty for a GET, which writes no record. */
  readonly by: string;
  /** Absolute URL of the request, without keys. */
  url(): string;
}

export interface Answer {
  readonly status?: number;
  /** With its charset. */
  readonly contentType: string;
  /** Called only if the cache does not have the answer. */
  readonly render: () => string | Uint8Array | Promise<string | Uint8Array>;
  /** The snapshot that the answer is made from. `x-snapshot-id` names it, and the cache keeps the answer as long as it. */
  readonly view?: SnapshotView;
  /** Made from more than the snapshot, so the time of the snapshot is not sent as `Last-Modified`. */
  readonly isUndated?: boolean;
  /** Cache key among the answers of the snapshot, or of the deployment if there is no `view`. Without it: not cached. */
  readonly key?: string;
  readonly cacheControl: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ResponseDescription {
  readonly description: string;
  /** Schema by media type. */
  readonly content: Readonly<Record<string, z.ZodType | JsonSchema>>;
}

/** A schema without zod, which takes time to load: for routes that often serve the first request of a process. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Headers that only some routes send. */
export type AnswerHeader = 'x-snapshot-id' | 'x-stale' | 'x-quarantined' | 'x-withheld';

/** Path and access of a route. The rest is loaded with its first request. */
export interface RouteEntry {
  /** GET serves HEAD too. */
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As registered, below `/api/`. */
  readonly path: string;
  readonly auth: 'function' | 'anonymous';
  readonly load: () => Promise<Route>;
}

/** A loaded route with the name of its function. */
export interface Endpoint extends Route, Omit<RouteEntry, 'load'> {
  readonly name: string;
}

export interface Route {
  /** The paths to document, if one route serves several. */
  readonly documentedPaths?: Readonly<Record<string, z.ZodObject>>;
  readonly summary: string;
  readonly description?: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  /** Query parameters that may be given several times. */
  readonly repeatable?: readonly string[];
  /** Ignores unknown query parameters. All other routes refuse them with 400. */
  readonly ignoresUnknown?: true;
  readonly body?: { readonly schema: z.ZodType; readonly maxBytes: number; readonly example?: unknown };
  readonly responses: Readonly<Record<number, ResponseDescription>>;
  /** Headers that a successful answer may have, besides `ETag`. */
  readonly answerHeaders?: readonly AnswerHeader[];
  /** Needs nothing but the deployed files: the app is not loaded, and `handle` gets undefined instead of it. */
  readonly isStatic?: true;
  /** Media types that `Accept` may choose from; the first is the default. Without it `Accept` is ignored. */
  readonly produces?: readonly string[];
  handle(input: RouteInput, app: ApiApp): Promise<Answer>;
  /** The answer while the app's settings are wrong. Default: 503. */
  whenMisconfigured?(faults: readonly string[]): Answer;
}

type OutputOf<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

interface TypedRoute<
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  B extends z.ZodType,
> extends Omit<Route, 'params' | 'query' | 'body' | 'handle'> {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: { readonly schema: B; readonly maxBytes: number; readonly example?: unknown };
  handle(input: RouteInput<OutputOf<P>, OutputOf<Q>, z.output<B>>, app: ApiApp): Promise<Answer>;
}

/** Types the input of `handle` by the route's own schemas. */
export function defineRoute<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType = z.ZodUndefined,
>(route: TypedRoute<P, Q, B>): Route {
  return route as unknown as Route;
}

export const jsonType = 'application/json; charset=utf-8';
export const textType = 'text/plain; charset=utf-8';

export const cacheControls = {
  /** For the current snapshot: the app looks for a newer one every 30 seconds. */
  current: 'private, max-age=30, stale-if-error=86400',
  /** For what is named by an id and never changes. */
  immutable: 'private, max-age=31536000, immutable',
  /** The client asks each time; a 304 is cheap. */
  live: 'private, no-cache',
  none: 'no-store',
} as const;

/** Headers of answers that are made from a snapshot. */
export const snapshotHeaders = ['x-snapshot-id', 'x-stale'] as const satisfies readonly AnswerHeader[];

/** Names the snapshot of an answer that is made from other data too. No header if there is no snapshot. */
export function namingSnapshot(id: string | undefined): Pick<Answer, 'headers'> {
  return id ? { headers: { 'x-snapshot-id': id } } : {};
}

export function jsonAnswer(value: unknown, rest: Partial<Answer> = {}): Answer {
  return { contentType: jsonType, render: () => JSON.stringify(value), cacheControl: cacheControls.live, ...rest };
}

/** For an answer that is made from its snapshot alone, and cached with it. */
export function snapshotAnswer(
  view: SnapshotView,
  key: string,
  makeValue: () => unknown,
  rest: Partial<Answer> = {},
): Answer {
  return {
    contentType: jsonType,
    render: async () => JSON.stringify(await makeValue()),
    view,
    key,
    cacheControl: cacheControls.current,
    ...rest,
  };
}
