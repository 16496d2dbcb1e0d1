/**
 * Begins to count; what it returns tells this thread's processor time since then, in milliseconds, whatever else the
 * machine does. A kernel may count in ticks of several milliseconds: measure work that takes many of them.
 */
export function startCpuTime(): () => number {
  const before = process.threadCpuUsage();
  return () => {
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
}
