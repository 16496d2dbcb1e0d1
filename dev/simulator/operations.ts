/** Long-running operations. There are no timers: `settle`, which every request calls first, ends those that are due. */
import type { ArmError } from './armError.ts';

export type OperationStatus = 'InProgress' | 'Succeeded' | 'Failed' | 'Canceled';

export interface Operation {
  readonly id: string;
  /** `PutSecurityRuleOperation`, as Azure names it in lock errors. */
  readonly name: string;
  readonly subscriptionId: string;
  /** The resource that it changes. */
  readonly resourceId: string;
  readonly statusUrl: string;
  /** Epoch. */
  readonly endsAt: number;
  /** The error with which it ends, unless it is canceled before. Undefined: it succeeds. */
  readonly failure: ArmError | undefined;
  /** Whether it locks the resource. False if it was accepted although another operation holds the lock. */
  readonly holdsLock: boolean;
  /** Returns the body that `Location` answers after a success. Undefined: no body. */
  readonly result?: () => unknown;
  /** Called once, after it has ended. */
  readonly onEnd: (status: OperationStatus, at: number) => void;
}

interface Entry {
  readonly operation: Operation;
  status: OperationStatus;
  error: ArmError | undefined;
}

export class Operations {
  readonly #entries = new Map<string, Entry>();
  readonly #running = new Set<Entry>();

  start(operation: Operation): void {
    const entry: Entry = { operation, status: 'InProgress', error: undefined };
    this.#entries.set(operation.id.toLowerCase(), entry);
    this.#running.add(entry);
  }

  get(id: string): Readonly<Entry> | undefined {
    return this.#entries.get(id.toLowerCase());
  }

  lockHolder(resourceId: string): Operation | undefined {
    return [...this.#running].find(
      (entry) => entry.operation.holdsLock && entry.operation.resourceId.toLowerCase() === resourceId.toLowerCase(),
    )?.operation;
  }

  settle(now: number): void {
    const due = [...this.#running].filter((entry) => entry.operation.endsAt <= now);
    due.sort((left, right) => left.operation.endsAt - right.operation.endsAt);
    for (const entry of due) {
      const { failure, endsAt } = entry.operation;
      const failed = failure?.code === 'CanceledAndSupersededDueToAnotherOperation' ? 'Canceled' : 'Failed';
      this.#end(entry, failure ? failed : 'Succeeded', failure, endsAt);
    }
  }

  cancel(id: string, error: ArmError, at: number): void {
    const entry = this.#entries.get(id.toLowerCase());
    if (entry?.status === 'InProgress') this.#end(entry, 'Canceled', error, at);
  }

  #end(entry: Entry, status: OperationStatus, error: ArmError | undefined, at: number): void {
    this.#running.delete(entry);
    entry.status = status;
    entry.error = error;
    entry.operation.onEnd(status, at);
  }
}
