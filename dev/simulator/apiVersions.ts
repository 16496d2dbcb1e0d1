/** The api-versions that each provider has published, as far as known and needed here. */
import { armErrors } from './armError.ts';

export type Provider = 'Microsoft.Network' | 'Microsoft.ContainerRegistry' | 'Microsoft.ResourceGraph';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

const published: Readonly<Record<Provider, readonly string[]>> = {
  'Microsoft.Network': words(`
    2017-10-01 2018-01-01 2018-02-01 2018-04-01 2018-06-01 2018-07-01 2018-08-01 2018-10-01 2018-11-01 2018-12-01
    2019-02-01 2019-04-01 2019-06-01 2019-07-01 2019-08-01 2019-09-01 2019-11-01 2019-12-01
    2020-01-01 2020-03-01 2020-04-01 2020-05-01 2020-06-01 2020-07-01 2020-08-01 2020-11-01
    2021-01-01 2021-02-01 2021-03-01 2021-05-01 2021-06-01 2021-08-01
    2022-01-01 2022-05-01 2022-07-01 2022-09-01 2022-11-01
    2023-02-01 2023-04-01 2023-05-01 2023-06-01 2023-09-01 2023-11-01
    2024-01-01 2024-03-01 2024-05-01 2024-07-01 2024-10-01
    2025-01-01 2025-03-01 2025-05-01 2025-07-01 2026-01-01`),
  'Microsoft.ContainerRegistry': words(`
    2017-10-01 2019-05-01 2019-12-01-preview 2020-11-01-preview 2021-06-01-preview 2021-08-01-preview 2021-09-01
    2021-12-01-preview 2022-02-01-preview 2022-12-01 2023-01-01-preview 2023-06-01-preview 2023-07-01
    2023-08-01-preview 2023-11-01-preview 2024-11-01-preview 2025-03-01-preview 2025-04-01 2025-05-01-preview
    2025-06-01-preview 2025-11-01 2026-01-01-preview`),
  'Microsoft.ResourceGraph': words('2019-04-01 2020-04-01-preview 2021-03-01 2021-06-01-preview 2022-10-01 2024-04-01'),
};

/** Returns the api-version of a request. `only` limits a provider to some versions, as in a cloud that is behind. */
export function requireApiVersion(
  query: URLSearchParams,
  provider: Provider,
  type: string,
  only: Readonly<Partial<Record<Provider, readonly string[]>>> = {},
): string {
  const version = query.get('api-version');
  if (!version) throw armErrors.missingApiVersion();
  const known = only[provider] ?? published[provider];
  if (!known.includes(version.toLowerCase())) throw armErrors.unknownApiVersion(type, version, known);
  return version.toLowerCase();
}
