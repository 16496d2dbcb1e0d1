/** Resource id (in any letter case) → value and its earlier versions, which late reads and late effects need. */

interface Version<T> {
  readonly at: number;
  readonly value: T | undefined;
}

export class VersionedMap<T> {
  readonly #histories = new Map<string, Version<T>[]>();

  get(id: string): T | undefined {
    return this.#histories.get(id.toLowerCase())?.at(-1)?.value;
  }

  /** Returns the value at `time`, or the first value if `time` is earlier. */
  getAsOf(id: string, time: number): T | undefined {
    const history = this.#histories.get(id.toLowerCase()) ?? [];
    return (history.findLast((version) => version.at <= time) ?? history[0])?.value;
  }

  /** Returns the value before the last change, however long ago that was. */
  getPrevious(id: string): T | undefined {
    const history = this.#histories.get(id.toLowerCase()) ?? [];
    return (history.at(-2) ?? history.at(-1))?.value;
  }

  set(id: string, value: T | undefined, at: number): void {
    const history = this.#histories.get(id.toLowerCase()) ?? [];
    this.#histories.set(id.toLowerCase(), [...history.slice(-maxHistory), { at, value }]);
  }

  values(): T[] {
    return [...this.#histories.values()].flatMap((history) => history.at(-1)?.value ?? []);
  }
}

const maxHistory = 200;
