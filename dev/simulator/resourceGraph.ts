/**
 * Azure Resource Graph over the simulator's resources. Leaves out rows that the caller may not read, without an error.
 */
import { isAllowed } from './access.ts';
import { ArmError, armErrors } from './armError.ts';
import { isObject, isStringArray } from './json.ts';
import { readQuery, type ResourceRow } from './kql.ts';
import type { ArmRequest, Handler, Simulation } from './simulation.ts';

const defaultTop = 1000;

export const queryResources: Handler = (request, simulation) => {
  const { query, subscriptions, options } = parseBody(request.body);
  const run = readQuery(query);
  if (!run) throw armErrors.notBuilt(`the Resource Graph query "${query}"`);
  const rows = run(
    visibleRows(request, simulation).filter(
      (row) => !subscriptions || subscriptions.includes(row.subscriptionId.toLowerCase()),
    ),
  );
  const start = options.skipToken === undefined ? options.skip : readSkipToken(options.skipToken);
  const data = rows.slice(start, start + options.top);
  const next = start + options.top;
  return {
    status: 200,
    body: {
      totalRecords: rows.length,
      count: data.length,
      data,
      facets: [],
      resultTruncated: 'false',
      ...(next < rows.length ? { $skipToken: writeSkipToken(next) } : {}),
    },
  };
};

function visibleRows(request: ArmRequest, simulation: Simulation): ResourceRow[] {
  const nsgs = simulation.nsgs.values().map((nsg) => ({ ...nsg, type: 'Microsoft.Network/networkSecurityGroups' }));
  const registries = simulation.registries
    .values()
    .map((registry) => ({ ...registry, type: 'Microsoft.ContainerRegistry/registries' }));
  return [...nsgs, ...registries]
    .filter((resource) => isAllowed(request.principal, `${resource.type}/read`, resource.id))
    .map(({ id, name, type, location, resourceGroup, subscriptionId, tags }) => ({
      id,
      name,
      type: type.toLowerCase(),
      location,
      resourceGroup: resourceGroup.toLowerCase(),
      subscriptionId,
      tags,
    }));
}

function parseBody(body: unknown) {
  if (!isObject(body) || typeof body.query !== 'string') throw badRequest("'query' is required.");
  const { subscriptions, options = {} } = body;
  if (subscriptions !== undefined && !isStringArray(subscriptions))
    throw badRequest("'subscriptions' is a list of ids.");
  if (!isObject(options)) throw badRequest("'options' is an object.");
  const { $top: top = defaultTop, $skip: skip = 0, $skipToken: skipToken, resultFormat = 'objectArray' } = options;
  if (resultFormat !== 'objectArray')
    throw armErrors.notBuilt(`Resource Graph's result format '${String(resultFormat)}'`);
  if (typeof top !== 'number' || top < 1 || top > defaultTop) throw badRequest("'$top' is 1 to 1000.");
  if (typeof skip !== 'number' || skip < 0) throw badRequest("'$skip' is 0 or more.");
  return {
    query: body.query,
    subscriptions: subscriptions?.map((id) => id.toLowerCase()),
    options: { top, skip, skipToken: typeof skipToken === 'string' ? skipToken : undefined },
  };
}

function writeSkipToken(start: number): string {
  return Buffer.from(JSON.stringify({ start })).toString('base64url');
}

function readSkipToken(token: string): number {
  try {
    const { start } = JSON.parse(Buffer.from(token, 'base64url').toString()) as { start?: unknown };
    if (typeof start === 'number') return start;
  } catch {
    // Not a token of this list: refused below.
  }
  throw badRequest("'$skipToken' is invalid.");
}

function badRequest(reason: string): ArmError {
  return new ArmError(400, 'BadRequest', 'Please provide below info when asking for support.', {
    details: [{ code: 'InvalidQuery', message: reason }],
  });
}
