import { distance } from 'fastest-levenshtein';
import { compareText } from './words.ts';

/** The candidates that look most like a name, the closest first: for "did you mean" in error messages. */
export function nearestNames(name: string, candidates: Iterable<string>, max = 3): string[] {
  const wanted = name.toLowerCase();
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, edits: distance(wanted, candidate.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits || compareText(a.candidate, b.candidate))
    .slice(0, max)
    .map(({ candidate }) => candidate);
}

/** The candidate that a name was most likely meant to be; undefined if none is similar. */
export function similarName(name: string, candidates: Iterable<string>): string | undefined {
  const [near] = nearestNames(name, candidates, 1);
  if (near === undefined) return undefined;
  const [short, long] = [name.toLowerCase(), near.toLowerCase()].sort((a, b) => a.length - b.length);
  const isPart = short !== undefined && short.length > 3 && long?.includes(short) === true;
  return isPart || distance(name.toLowerCase(), near.toLowerCase()) <= Math.ceil(name.length / 3) ? near : undefined;
}
