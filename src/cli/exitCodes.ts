/** Scripts rely on these numbers. */
export const exitCodes = {
  ok: 0,
  /** The answer is no: `check`, `diff --exit-code`, `lookup`, `explain`, `targets validate`. */
  different: 1,
  /** A wrong option, argument or file. */
  usage: 2,
  /** The list of addresses cannot be read. */
  noSource: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A mistake in the call. The message names the option or argument, its value and what is accepted. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
