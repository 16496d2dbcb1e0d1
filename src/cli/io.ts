/** What a command has of its surroundings. */
export interface Io {
  readonly isTerminal: boolean;
  /** The folder that relative paths start from. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  now(): Date;
  /** All of stdin, for `-`. */
  readInput(): string;
  /** The answer. */
  print(text: string): void;
  /** What is said beside the answer: warnings and hints. */
  note(text: string): void;
}
