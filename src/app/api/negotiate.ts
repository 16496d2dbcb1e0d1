/** `Accept` and `Accept-Encoding` (RFC 9110, section 12.5). */

interface Weighted {
  readonly value: string;
  readonly quality: number;
}

const codings = ['br', 'gzip', 'identity'] as const;
export type Coding = (typeof codings)[number];

/** Returns what the client likes best of `offered` (media types without parameters); undefined if it accepts none. */
export function negotiateMediaType(accept: string | null, offered: readonly string[]): string | undefined {
  if (accept === null || accept.trim() === '') return offered[0];
  const ranges = parseWeighted(accept);
  return best(offered, (type) => qualityOfType(type, ranges));
}

/** Returns the coding that the client likes best; undefined if it accepts none, not even `identity`. */
export function negotiateCoding(acceptEncoding: string | null): Coding | undefined {
  if (acceptEncoding === null) return 'identity';
  const ranges = parseWeighted(acceptEncoding);
  const quality = (coding: string): number | undefined =>
    ranges.find((range) => range.value === coding || range.value === `x-${coding}`)?.quality;
  const any = quality('*');
  return best(codings, (coding) => quality(coding) ?? any ?? (coding === 'identity' ? 0.0001 : 0));
}

function best<T>(offered: readonly T[], qualityOf: (item: T) => number): T | undefined {
  let chosen: T | undefined;
  let chosenQuality = 0;
  for (const item of offered) {
    const quality = qualityOf(item);
    if (quality > chosenQuality) {
      chosen = item;
      chosenQuality = quality;
    }
  }
  return chosen;
}

/** The most specific range that matches decides: `text/html` before `text/*` before any type. */
function qualityOfType(type: string, ranges: readonly Weighted[]): number {
  const [family] = type.split('/');
  for (const wanted of [type, `${family}/*`, '*/*']) {
    const range = ranges.find((candidate) => candidate.value === wanted);
    if (range) return range.quality;
  }
  return 0;
}

function parseWeighted(header: string): Weighted[] {
  return header
    .slice(0, 2000)
    .split(',')
    .map((part) => {
      const [value = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      const quality = weight === undefined ? 1 : /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0;
      return { value, quality };
    })
    .filter(({ value }) => value !== '');
}
