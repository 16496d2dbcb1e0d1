/** What a command needs of its process. Tests pass their own. */
export interface Io {
  /** Whether `print` writes to a terminal. */
  readonly isTerminal: boolean;
  /** Relative paths start from this folder. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  now(): Date;
  /** Reads all of stdin, for the argument `-`. */
  readInput(): string;
  /** Writes the answer to stdout. */
  print(text: string): void;
  /** Writes warnings and hints to stderr. */
  note(text: string): void;
}
