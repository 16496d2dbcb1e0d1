/** Values by resource id (compared without case), each with its past: eventual reads and late effects look back. */

interface Version<T> {
  readonly at: number;
  readonly value: T | undefined;
}

export class VersionedMap<T> {
  readonly #histories = new Map<string, Version<T>[]>();

  get(id: string): T | undefined {
    return this.#histories.get(id.toLowerCase())?.at(-1)?.value;
  }

  /** As it stood at `time`; what was first there when `time` is before all of it. */
  getAsOf(id: string, time: number): T | undefined {
    const history = this.#histories.get(id.toLowerCase()) ?? [];
    return (history.findLast((version) => version.at <= time) ?? history[0])?.value;
  }

  /** As it stood before the last change, however long ago that was. */
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
