/** ARM_API_VERSIONS: for a cloud that does not support the SDK's versions, or to stay with a tested version. */
import { quote, readList, refuse, type Environment } from './environment.ts';

const setting = 'ARM_API_VERSIONS';
const accepted =
  'a comma list of <provider or resource type>=<api-version>, such as Microsoft.ContainerRegistry/registries=2023-07-01; the app asks Microsoft.Network, Microsoft.ContainerRegistry and Microsoft.ResourceGraph';
const pattern =
  /^(Microsoft\.(?:Network|ContainerRegistry|ResourceGraph)(?:\/\w+)*)\s*=\s*(\d{4}-\d{2}-\d{2}(?:-preview)?)$/i;

/** Provider or resource type in lower case → api-version. Throws ConfigurationError. */
export function readArmApiVersions(env: Environment): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  for (const entry of readList(env, setting, accepted) ?? []) {
    const [, type, version] = pattern.exec(entry) ?? [];
    if (type === undefined || version === undefined) return refuse(setting, quote(entry), accepted);
    if (versions.has(type.toLowerCase())) return refuse(setting, `${quote(type)} twice`, 'each type once');
    versions.set(type.toLowerCase(), version.toLowerCase());
  }
  return versions;
}
