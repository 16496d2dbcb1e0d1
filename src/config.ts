/** The one reader of process.env: app settings of docs/contract.md, section 1. */
import { ConfigurationError } from './core/errors.ts';
import { clouds, type Cloud } from './core/serviceTags.ts';

export type SourceSetting =
  | { readonly kind: 'download' | 'api'; readonly name: string }
  | { readonly kind: 'url'; readonly name: string; readonly url: string }
  | { readonly kind: 'file'; readonly name: string; readonly path: string };

export type TargetsSetting =
  | { readonly kind: 'file'; readonly path: string; readonly isDefault: boolean }
  | { readonly kind: 'blob'; readonly container: string; readonly name: string }
  | { readonly kind: 'json'; readonly json: string };

export type StorageSetting =
  | { readonly kind: 'connectionString'; readonly connectionString: string }
  | {
      readonly kind: 'identity';
      readonly blobServiceUri: string;
      readonly queueServiceUri: string;
      readonly clientId?: string;
    };

export interface Config {
  readonly storage: StorageSetting;
  readonly cloud: Cloud;
  /** Without a trailing slash. */
  readonly armEndpoint: string;
  /** True for a loopback stand-in: no credential is asked for or sent. */
  readonly armIsLoopback: boolean;
  readonly sources: readonly SourceSetting[];
  readonly serviceTagsSubscriptionId?: string;
  readonly serviceTagsLocation: string;
  readonly targets: TargetsSetting;
  readonly pullSchedule: string;
  readonly reconcileSchedule: string;
  readonly updatesPaused: boolean;
  readonly notificationWebhooks: readonly string[];
  /** Name of the Function App, where it runs in Azure. */
  readonly siteName?: string;
}

export { ConfigurationError, clouds };
