/** The Service Tag Discovery API. */
import { armErrors } from './armError.ts';
import { takePage, toPage } from './paging.ts';
import { isInApi, toApiEntry, type ServiceTagDocument } from './serviceTagsReleases.ts';
import type { ArmRequest, Handler, Simulation } from './simulation.ts';

/** The location chooses which release is returned. It does not filter the list. */
export const listServiceTags: Handler = (request, simulation) => {
  const document = findDocument(request, simulation);
  const entries = request.fault?.kind === 'emptyValues' ? [] : document.values.filter(isInApi);
  const { value, nextLink } = takePage(entries, request, simulation);
  const name = document.cloud.toLowerCase();
  return {
    status: 200,
    body: {
      name,
      id: `/subscriptions/${request.params.subscriptionId ?? ''}/providers/Microsoft.Network/serviceTags/${name}`,
      type: 'Microsoft.Network/serviceTags',
      changeNumber: String(document.changeNumber),
      cloud: document.cloud,
      values: value.map((entry) => toApiEntry(entry)),
      ...(nextLink === undefined ? {} : { nextLink }),
    },
  };
};

export const listServiceTagDetails: Handler = (request, simulation) => {
  const document = findDocument(request, simulation);
  const asked = request.query.get('tagName')?.toLowerCase();
  const withPrefixes = request.query.get('noAddressPrefixes') !== 'true';
  const entries = document.values
    .filter(isInApi)
    .filter((entry) => asked === undefined || entry.name.toLowerCase() === asked)
    .map((entry) => toApiEntry(entry, withPrefixes));
  return { status: 200, body: toPage(entries, request, simulation) };
};

function findDocument(request: ArmRequest, simulation: Simulation): ServiceTagDocument {
  const location = request.params.location ?? '';
  const lagInMs = simulation.settings.serviceTagsLagInMs[location.toLowerCase()] ?? 0;
  const document = simulation.serviceTags.find(location, simulation.now(), lagInMs);
  if (!document) throw armErrors.notBuilt(`service tags in '${location}' before setServiceTags was called`);
  return document;
}
