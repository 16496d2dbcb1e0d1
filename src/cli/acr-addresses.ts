/** `acr-addresses`: the process around `run`. */
import { readFileSync, writeSync } from 'node:fs';
import { run } from './run.ts';

/** At once, so that a pipe has it all before the process ends. */
function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Whoever reads has seen enough (`| head`).
      if (code === 'EPIPE') process.exit();
      if (code !== 'EAGAIN') throw error;
    }
  }
}

process.exitCode = await run(process.argv.slice(2), {
  isTerminal: process.stdout.isTTY,
  folder: process.cwd(),
  env: process.env,
  now: () => new Date(),
  readInput: () => readFileSync(process.stdin.fd, 'utf8'),
  print: (text) => write(process.stdout.fd, text),
  note: (text) => write(process.stderr.fd, text),
});
