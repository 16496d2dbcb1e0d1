export const hourInMs = 60 * 60 * 1000;
export const dayInMs = 24 * hourInMs;

/** The day in UTC, `YYYY-MM-DD`. */
export function toDay(time: Date | number): string {
  return new Date(time).toISOString().slice(0, 10);
}
