import type { NetworkManagementClient } from '@azure/arm-network';
import type { ServiceTagsSource } from '../../app/ports.ts';
import type { Config } from '../../config.ts';
import type { SourceSetting } from '../../config/lists.ts';
import { discoveryApiSource } from './discoveryApi.ts';
import { downloadSource } from './download.ts';
import { fileSource } from './file.ts';
import { urlSource } from './url.ts';

/** The Azure clients that sources need. */
export interface SourceClients {
  networkClient(subscriptionId: string): Promise<NetworkManagementClient>;
}

/** The settings that sources need. */
export type SourcesConfig = Pick<Config, 'sources' | 'cloud' | 'serviceTagsSubscriptionId' | 'serviceTagsLocation'>;

/** Returns every configured source, in the order of configuration. None connects before its first fetch. */
export function buildSources(config: SourcesConfig, arm: SourceClients): readonly ServiceTagsSource[] {
  return config.sources.map((setting) => buildSource(setting, config, arm));
}

function buildSource(setting: SourceSetting, config: SourcesConfig, arm: SourceClients): ServiceTagsSource {
  switch (setting.kind) {
    case 'file':
      return fileSource(setting.name, setting.path, config.cloud);
    case 'url':
      return urlSource(setting.name, setting.url, config.cloud);
    case 'download':
      return downloadSource(config.cloud);
    case 'api':
      return discoveryApiSource({
        client: (subscriptionId) => arm.networkClient(subscriptionId),
        subscriptionId: config.serviceTagsSubscriptionId,
        location: config.serviceTagsLocation,
        cloud: config.cloud,
      });
  }
}
