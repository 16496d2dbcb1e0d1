/** How long `Retry-After` asks to wait: it holds seconds or an HTTP date. Undefined where neither can be read. */
export function parseRetryAfter(header: string | null | undefined, now: Date): number | undefined {
  if (header === null || header === undefined) return undefined;
  const waitInMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now.getTime();
  return Number.isNaN(waitInMs) ? undefined : Math.max(0, waitInMs);
}
