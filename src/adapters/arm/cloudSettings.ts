import type { Cloud } from '../../core/serviceTags/serviceTags.ts';

interface CloudSettings {
  readonly authorityHost: string;
  readonly scope: string;
}

/** Sign-in address and token scope per cloud. Without them the SDKs use those of the public cloud for every endpoint. */
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
