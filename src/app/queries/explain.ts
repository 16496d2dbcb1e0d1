/** Explains the addresses in a text: which tags contain them, which targets let them in, what to do next. */
import { explainAddress, type AddressExplanation } from '../../core/explain/explainAddress.ts';
import { listedPeriods } from '../../core/explain/listedPeriods.ts';
import { findAddresses, findDay, findSituation, maxExplained, type Situation } from '../../core/explain/readText.ts';
import { RequestError } from '../../core/errors.ts';
import { overlapsOf } from '../../core/explain/overlaps.ts';
import type { Queries } from '../queries.ts';
import type { SnapshotView } from './currentSnapshot.ts';
import { lookupAddress } from './lookup.ts';
import { readTargetFacts } from './overview/targetFacts.ts';
import { readReleases } from './releases.ts';

export interface Explanation {
  readonly snapshot: string;
  /** Day of the line, `YYYY-MM-DD`; null if the line has none. */
  readonly day: string | null;
  readonly situation: Situation;
  readonly addresses: readonly AddressExplanation[];
}

export interface ExplainedView {
  readonly view: SnapshotView;
  readonly explanation: Explanation;
}

/** Throws RequestError 400 if the text has no address. */
export async function explainText(queries: Queries, text: string): Promise<ExplainedView> {
  const addresses = findAddresses(text);
  if (addresses.length === 0) {
    throw new RequestError(
      400,
      'no-address',
      `text: there is no IP address in it; accepted: an address, a CIDR, or a line that has up to ${maxExplained} of them`,
      { parameter: 'text' },
    );
  }
  const [view, targets, releases] = await Promise.all([
    queries.current.get(),
    readTargetFacts(queries).catch(() => undefined),
    readReleases(queries),
  ]);
  const { snapshot } = view;
  const day = findDay(text, queries.services.clock.now());
  const situation = findSituation(text);
  const explained = addresses.map((address) =>
    explainAddress({
      address,
      situation,
      day,
      matches: lookupAddress(snapshot, address).matches,
      overlaps: overlapsOf(snapshot.document, address),
      periods: listedPeriods(releases, address),
      targets,
    }),
  );
  return { view, explanation: { snapshot: snapshot.id, day: day ?? null, situation, addresses: explained } };
}
