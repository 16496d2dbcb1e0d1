/** `acr-addresses`: the process around `run`. */
import { fs } from './node.ts';
import { run } from './run.ts';

/** At once, so that a pipe has it all before the process ends. */
function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += fs.writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // Whoever reads has seen enough (`| head`).
      if (code === 'EPIPE') process.exit();
      if (code !== 'EAGAIN') throw error;
    }
  }
}

/** `process.stdout` and `node:tty` cost more than the rest of the start; a file or a pipe is told apart without them. */
function isTerminal(fd: number): boolean {
  return fs.fstatSync(fd).isCharacterDevice() && process.getBuiltinModule('node:tty').isatty(fd);
}

const [stdin, stdout, stderr] = [0, 1, 2] as const;

void run(process.argv.slice(2), {
  get isTerminal() {
    return isTerminal(stdout);
  },
  folder: process.cwd(),
  env: process.env,
  now: () => new Date(),
  readInput: () => fs.readFileSync(stdin, 'utf8'),
  print: (text) => write(stdout, text),
  note: (text) => write(stderr, text),
}).then((code) => {
  process.exitCode = code;
});
