import type { Cloud } from '../../core/serviceTags/serviceTags.ts';

interface CloudSettings {
  readonly authorityHost: string;
  readonly scope: string;
}

/** The SDKs would ask for a token of the public cloud whatever their endpoint is. */
export const cloudSettings: Readonly<Record<Cloud, CloudSettings>> = {
  Public: {
    authorityHost: 'https://login.microsoftonline.com',
    scope: 'https://management.azure.com/.default',
  },
  AzureGovernment: {
    authorityHost: 'https://login.microsoftonline.us',
    scope: 'https://management.usgovcloudapi.net/.default',
  },
  China: {
    authorityHost: 'https://login.chinacloudapi.cn',
    scope: 'https://management.chinacloudapi.cn/.default',
  },
};
