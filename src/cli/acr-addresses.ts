/** Entry file of `acr-addresses`: connects `run` with the process. */
import { fs } from './node.ts';
import { run } from './run.ts';

/** Writes synchronously, so that a pipe gets everything before the process ends. */
function write(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += fs.writeSync(fd, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // The reader has closed the pipe, as `| head` does.
      if (code === 'EPIPE') process.exit();
      if (code !== 'EAGAIN') throw error;
    }
  }
}

/** Loads `node:tty` only for a device: it takes longer than the rest of the start, and files and pipes do not need it. */
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
