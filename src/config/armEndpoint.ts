/** ARM_ENDPOINT. The app sends its tokens to this address, so it accepts only Azure's own and loopback addresses. */
import type { Cloud } from '../core/serviceTags/serviceTags.ts';
import { isInAzure, quote, readText, refuse, type Environment } from './environment.ts';
import { isLoopback, withSecretsHidden } from '../core/urls.ts';

const setting = 'ARM_ENDPOINT';

const armHosts: Readonly<Record<Cloud, string>> = {
  Public: 'management.azure.com',
  AzureGovernment: 'management.usgovcloudapi.net',
  China: 'management.chinacloudapi.cn',
};

export interface ArmEndpoint {
  readonly armEndpoint: string;
  readonly armIsLoopback: boolean;
}

/** Accepts the endpoint of any cloud if `knownCloud` is undefined (AZURE_CLOUD is invalid). Throws ConfigurationError. */
export function readArmEndpoint(env: Environment, knownCloud: Cloud | undefined): ArmEndpoint {
  const cloud = knownCloud ?? 'Public';
  const text = readText(env, setting);
  if (text === undefined) return { armEndpoint: `https://${armHosts[cloud]}`, armIsLoopback: false };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const shown = quote(withSecretsHidden(text));
  if (!url || !isBareOrigin(url)) return refuse(setting, shown, acceptedFor(cloud));

  if (isLoopback(url)) {
    if (isInAzure(env)) refuse(setting, `${shown}, a loopback address, inside Azure`, `https://${armHosts[cloud]}`);
    return { armEndpoint: url.origin, armIsLoopback: true };
  }
  checkAzureHost(url, knownCloud, shown);
  return { armEndpoint: url.origin, armIsLoopback: false };
}

function isBareOrigin(url: URL): boolean {
  const isHttp = url.protocol === 'https:' || url.protocol === 'http:';
  return isHttp && url.username + url.password + url.search + url.hash === '' && url.pathname === '/';
}

function checkAzureHost(url: URL, cloud: Cloud | undefined, shown: string): void {
  const owner = (Object.keys(armHosts) as Cloud[]).find((candidate) => isHostOf(url.host, armHosts[candidate]));
  if (owner === undefined || url.protocol !== 'https:') refuse(setting, shown, acceptedFor(cloud ?? 'Public'));
  if (cloud !== undefined && owner !== cloud)
    refuse(setting, `${shown}, which is of the cloud ${owner} while AZURE_CLOUD is ${cloud}`, acceptedFor(cloud));
}

/** True for `management.azure.com` and for that of a region, `westeurope.management.azure.com`. */
function isHostOf(host: string, armHost: string): boolean {
  return host === armHost || (host.endsWith(`.${armHost}`) && /^[a-z\d]+$/.test(host.slice(0, -armHost.length - 1)));
}

function acceptedFor(cloud: Cloud): string {
  return `https://${armHosts[cloud]}, https://<region>.${armHosts[cloud]}, or outside Azure http://127.0.0.1:<port>`;
}
