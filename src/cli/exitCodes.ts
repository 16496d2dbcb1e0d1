/** What scripts may rely on. */
export const exitCodes = {
  ok: 0,
  /** `check`, `diff --exit-code`, `lookup`, `targets validate`: the answer is no. */
  different: 1,
  /** A wrong option, argument or file. */
  usage: 2,
  /** The list of addresses cannot be read. */
  noSource: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A mistake of the caller: the message names the option or argument, its value and what is accepted. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
