/** The wait that `Retry-After` asks for, in ms. The header is seconds or an HTTP date; undefined if it is neither. */
export function parseRetryAfter(header: string | null | undefined, now: Date): number | undefined {
  if (header === null || header === undefined) return undefined;
  const waitInMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now.getTime();
  return Number.isNaN(waitInMs) ? undefined : Math.max(0, waitInMs);
}
